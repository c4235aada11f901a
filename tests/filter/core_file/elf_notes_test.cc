// PT_NOTEs that are padded, malformed, unnamed, many or hostile: each costs its own notes at most,
// and the dump gets all the others in a form that every reader walks.
#include "filter/core_file/elf_notes.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "filter/base/file.h"
#include "filter/core_file/elf_core.h"
#include "filter/core_file/vmcoreinfo.h"

namespace kdump {
namespace {

void append(std::string& out, const void* bytes, size_t size) {
  out.append(static_cast<const char*>(bytes), size);
}

void pad(std::string& out, size_t alignment) {
  out.append((alignment - out.size() % alignment) % alignment, '\0');
}

std::string note(const std::string& name, uint32_t type, const std::string& desc,
                 size_t alignment = 4) {
  const uint32_t name_bytes = name.empty() ? 0 : static_cast<uint32_t>(name.size() + 1);
  const Elf64_Nhdr header{name_bytes, static_cast<uint32_t>(desc.size()), type};
  std::string out;
  append(out, &header, sizeof header);
  out.append(name.c_str(), name_bytes);
  pad(out, alignment);
  out += desc;
  pad(out, alignment);
  return out;
}

std::string cpu(char id) { return note("CORE", NT_PRSTATUS, std::string(336, id)); }
std::string vmcoreinfo(const std::string& text = "OSRELEASE=6.1\n") {
  return note("VMCOREINFO", 0, text);
}

// An ELF core of one page of memory and these PT_NOTEs.
class NotesCore {
 public:
  explicit NotesCore(const std::vector<std::string>& segments, uint64_t alignment = 4) {
    std::vector<Elf64_Phdr> table{{.p_type = PT_LOAD,
                                   .p_flags = 0,
                                   .p_offset = 0,
                                   .p_vaddr = 0xffff'8880'0000'0000,
                                   .p_paddr = 0,
                                   .p_filesz = 64,
                                   .p_memsz = 64,
                                   .p_align = 0}};
    std::string blobs;
    const size_t begin = sizeof(Elf64_Ehdr) + (1 + segments.size()) * sizeof(Elf64_Phdr);
    for (const std::string& segment : segments) {
      Elf64_Phdr entry{};
      entry.p_type = PT_NOTE;
      entry.p_offset = begin + blobs.size();
      entry.p_filesz = entry.p_memsz = segment.size();
      entry.p_align = alignment;
      table.push_back(entry);
      blobs += segment;
    }
    Elf64_Ehdr header{};
    memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_type = ET_CORE;
    header.e_machine = EM_X86_64;
    header.e_phoff = sizeof header;
    header.e_phentsize = sizeof(Elf64_Phdr);
    header.e_phnum = static_cast<uint16_t>(table.size());
    std::string content;
    append(content, &header, sizeof header);
    append(content, table.data(), table.size() * sizeof(Elf64_Phdr));
    content += blobs;
    fd_ = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    REQUIRE(fd_ >= 0);
    REQUIRE(write(fd_, content.data(), content.size()) == static_cast<ssize_t>(content.size()));
    const auto file =
        File::open(real_sys(), ("/proc/self/fd/" + std::to_string(fd_)).c_str(), O_RDONLY);
    REQUIRE(file);
    auto opened = ElfCore::read(*file, warnings);
    REQUIRE(opened);
    core = *std::move(opened);
    REQUIRE(core.segments().size() == 1);
    info = Vmcoreinfo::find(core);
    core.notes().each([&](const Note& found) {
      cpus += found.name == "CORE" && found.type == NT_PRSTATUS && found.desc.size() == 336;
      uint8_t byte = 0;
      const auto at = static_cast<off_t>(found.desc_file_offset);
      if (!found.desc.empty()) {
        CHECK(pread(fd_, &byte, 1, at) == 1);
        CHECK(byte == found.desc[0]);
      }
      return true;
    });
  }
  ~NotesCore() { close(fd_); }
  NotesCore(const NotesCore&) = delete;

  // Walks the notes as the readers of a dump do: they stop at the first one without a name.
  std::string dumped() const {
    std::string names;
    const Bytes all = core.notes().bytes();
    for (size_t at = 0; at + sizeof(Elf64_Nhdr) <= all.size();) {
      const auto header = load<Elf64_Nhdr>(all.data() + at);
      const auto aligned = [](size_t size) { return (size + 3) / 4 * 4; };
      const size_t end = at + sizeof header + aligned(header.n_namesz) + aligned(header.n_descsz);
      if (header.n_namesz == 0 || end > all.size()) return names + "broken ";
      names += std::string(reinterpret_cast<const char*>(all.data() + at + sizeof header)) + " ";
      at = end;
    }
    return names;
  }

  ElfCore core;
  Vmcoreinfo info;
  int cpus = 0;
  std::vector<std::string> warnings;

 private:
  int fd_ = -1;
};

std::string words(uint32_t a, uint32_t b, uint32_t c) {
  std::string out;
  for (const uint32_t word : {a, b, c}) append(out, &word, sizeof word);
  return out;
}

}  // namespace

TEST_CASE("what is malformed in one PT_NOTE costs neither VMCOREINFO nor registers elsewhere") {
  const std::string zeros(64, '\0');
  struct Row {
    std::string what;
    std::vector<std::string> segments;
    int cpus;
    bool is_reported;
  };
  const Row rows[] = {
      {"one each", {cpu('a'), cpu('b'), vmcoreinfo()}, 2, false},
      {"VMCOREINFO first", {vmcoreinfo(), cpu('a') + cpu('b')}, 2, false},
      {"padding behind each", {cpu('a') + zeros, cpu('b') + zeros, vmcoreinfo() + zeros}, 2, false},
      {"padding between", {cpu('a') + zeros + cpu('b') + zeros + vmcoreinfo()}, 2, false},
      {"an offline CPU's zeros", {std::string(356, '\0'), cpu('b'), vmcoreinfo()}, 1, false},
      {"two bytes too many", {cpu('a') + cpu('b') + std::string(2, '\0'), vmcoreinfo()}, 2, false},
      {"an unaligned size", {cpu('a') + "xyz", cpu('b'), vmcoreinfo()}, 2, true},
      {"an unnamed note", {cpu('a') + note("", 7, "01234567") + cpu('b') + vmcoreinfo()}, 2, true},
      {"an unnamed note alone",
       {note("", 7, "01234567"), cpu('a'), cpu('b') + vmcoreinfo()},
       2,
       true},
      {"a hostile n_descsz",
       {cpu('a') + words(5, 0xffff'fff0, 1), cpu('b'), vmcoreinfo()},
       2,
       true},
      {"a hostile n_namesz",
       {cpu('a') + words(0xffff'ffff, 8, 1), cpu('b'), vmcoreinfo()},
       2,
       true},
      {"both", {words(~0u, ~0u, ~0u) + cpu('x'), cpu('a') + cpu('b') + vmcoreinfo()}, 2, true},
      {"an empty VMCOREINFO first",
       {cpu('a') + cpu('b') + vmcoreinfo("") + vmcoreinfo()},
       2,
       false},
      {"Xen's", {note("VMCOREINFO_XEN", 0, "A=1\n") + cpu('a'), cpu('b') + vmcoreinfo()}, 2, false},
      {"an empty PT_NOTE", {"", cpu('a'), "", cpu('b') + vmcoreinfo(), ""}, 2, false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    const NotesCore notes(row.segments);
    CHECK(notes.info.value("OSRELEASE") == "6.1");
    CHECK(notes.cpus == row.cpus);
    CHECK(notes.warnings.empty() == !row.is_reported);
    const std::string dumped = notes.dumped();
    CAPTURE(dumped);
    CHECK(dumped.find("broken") == std::string::npos);
    CHECK(dumped.find("VMCOREINFO ") != std::string::npos);
    CHECK(notes.core.missing_bytes() == 0);
  }
}

TEST_CASE("notes that are aligned to 8 are found, and those of p_align 8 that are not") {
  for (const size_t alignment : {4, 8}) {
    CAPTURE(alignment);
    // Name and description end at odd multiples of 4.
    const std::string odd = note("A234567", 1, "1234", alignment);
    const NotesCore notes({odd + note("VMCOREINFO", 0, "OSRELEASE=6.1\n", alignment) + odd +
                           note("CORE", NT_PRSTATUS, std::string(336, 'r'), alignment)},
                          8);
    CHECK(notes.info.value("OSRELEASE") == "6.1");
    CHECK(notes.cpus == 1);
    CHECK(notes.warnings.empty());
    CHECK(notes.dumped() == "A234567 VMCOREINFO A234567 CORE ");
  }
}

TEST_CASE("VMCOREINFO is found among hundreds of PT_NOTEs, whatever the others take") {
  SUBCASE("small ones") {
    std::vector<std::string> segments(600, cpu('a') + std::string(40, '\0'));
    segments.push_back(vmcoreinfo());
    const NotesCore notes(segments);
    CHECK(notes.cpus == 600);
    CHECK(!notes.info.empty());
    CHECK(notes.warnings.empty());
  }
  SUBCASE("malformed ones") {
    std::vector<std::string> segments(600, words(9, ~0u, 1));
    segments.push_back(cpu('a') + vmcoreinfo());
    const NotesCore notes(segments);
    CHECK(notes.cpus == 1);
    CHECK(!notes.info.empty());
    CHECK(notes.warnings.size() == 1);
  }
  SUBCASE("more than is kept") {
    const std::string large = note("LARGE", 1, std::string(3u << 20, 'x'));
    const NotesCore notes({large, large, std::string(5u << 20, '\0'), cpu('a'), vmcoreinfo()});
    CHECK(notes.cpus == 1);
    CHECK(!notes.info.empty());
    CHECK(notes.warnings.size() == 1);
    CHECK(notes.core.notes().bytes().size() <= kMaxNotesBytes);
  }
  SUBCASE("more registers than are kept") {
    std::vector<std::string> segments(2, std::string());
    for (std::string& segment : segments)
      for (int i = 0; i < 7000; ++i) segment += cpu('a');
    segments.push_back(vmcoreinfo(std::string(3000, 'x')));
    const NotesCore notes(segments);
    CHECK(notes.cpus > 11'000);
    CHECK(!notes.info.empty());
    CHECK(notes.warnings.size() == 1);
  }
}

}  // namespace kdump
