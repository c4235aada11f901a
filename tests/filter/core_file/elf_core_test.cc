// Opening a vmcore: headers, notes, segments that overlap, lie or end early; bytes that are
// hostile.
#include <doctest/doctest.h>
#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

#include <random>

#include "filter/kernel/printk_log.h"
#include "filter/pages/plan.h"
#include "tests/fixtures/text_core.h"

namespace kdump {
namespace {

struct Silent final : Progress {
  void update(Phase, uint64_t, uint64_t, uint64_t) override {}
};
struct Nowhere final : Sink {
  Result<> write_at(uint64_t, Bytes) override { return {}; }
};

const char* const kSmall =
    "kernel x86_64-6.1\nram 0 2M\ndata 1M\npage 16 free order=2\npage 32 anon\n"
    "log 1.5 one\nlog 2.5 two\n";

void patch(const std::string& path, uint64_t offset, Bytes bytes) {
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  REQUIRE(fd >= 0);
  REQUIRE(pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset)) ==
          static_cast<ssize_t>(bytes.size()));
  close(fd);
}

template <class T>
void patch_value(const std::string& path, uint64_t offset, T value) {
  patch(path, offset, bytes_of(value));
}

// Runs everything that reads a vmcore; what it finds does not matter, only that it ends.
void use_all_of(const std::string& path) {
  const auto opened = Vmcore::open(real_sys(), path.c_str());
  if (!opened) {
    CHECK(opened.error().text[0] != '\0');
    return;
  }
  Vmcore& vmcore = **opened;
  Silent progress;
  Nowhere nowhere;
  (void)write_kernel_log(vmcore, nowhere);
  // A core that claims much memory is scanned as long as it claims: not what is tested here.
  if (vmcore.end_pfn().value > 4 * kWindowPages) return;
  PageSelection selection(vmcore, kMaxLevel);
  CHECK(make_plan(vmcore, progress, &selection));
  std::vector<uint8_t> page(vmcore.page_size()), readable(1);
  for (uint64_t pfn = 0; pfn < 64; ++pfn) selection.read_pages({pfn}, page, readable);
}

std::string why_not(const std::string& path) {
  const auto opened = Vmcore::open(real_sys(), path.c_str());
  return opened ? "it opened" : opened.error().text;
}

constexpr uint64_t kProgramHeaders = sizeof(Elf64_Ehdr) + sizeof(Elf64_Shdr);  // see CoreImage

}  // namespace

TEST_CASE("a file that is no core is refused with the reason, the file and the offset") {
  TextCore core(kSmall);
  const std::string& path = core.path();
  const auto says = [&](const char* part) {
    const std::string text = why_not(path);
    CAPTURE(text);
    CHECK(text.find(part) != std::string::npos);
    CHECK(text.find(path) != std::string::npos);
    core.rewrite();
  };
  patch_value(path, 0, uint32_t{0x12345678});
  says("is no dump: at offset 0 it begins neither as ELF nor as kdump");
  patch_value(path, EI_CLASS, uint8_t{ELFCLASS32});
  says("is not a 64-bit ELF file: class 1 at offset 4");
  patch_value(path, EI_DATA, uint8_t{ELFDATA2MSB});
  says("is not little-endian");
  patch_value(path, offsetof(Elf64_Ehdr, e_type), uint16_t{ET_EXEC});
  says("is not a core file");
  patch_value(path, offsetof(Elf64_Ehdr, e_phentsize), uint16_t{32});
  says("invalid size of program headers '32'");
  patch_value(path, kProgramHeaders + sizeof(Elf64_Phdr), uint32_t{PT_NULL});
  says("holds no memory: no PT_LOAD");
  REQUIRE(truncate(path.c_str(), 3) == 0);
  says("is no dump");
  REQUIRE(truncate(path.c_str(), 40) == 0);
  says("the ELF header ends at offset 40");
  REQUIRE(truncate(path.c_str(), kProgramHeaders + 60) == 0);
  says("is truncated: 2 program headers at offset 0x80 need 112 bytes");
  CHECK(why_not("/nonexistent/vmcore").find("/nonexistent/vmcore") != std::string::npos);
}

TEST_CASE("a core cut at any byte of its headers is refused or opened, never worse") {
  TextCore core(kSmall);
  const uint64_t data = core.file_offset(0);
  for (uint64_t size = 0; size < data; size += size < 1024 ? 1 : 61) {
    core.rewrite();
    REQUIRE(truncate(core.path().c_str(), static_cast<off_t>(size)) == 0);
    CAPTURE(size);
    use_all_of(core.path());
  }
}

TEST_CASE("bytes flipped anywhere in headers, notes and tables end in an error or a dump") {
  TextCore core(kSmall);
  const unsigned seed = std::random_device{}();
  MESSAGE("seed ", seed);
  std::mt19937 random(seed);
  const uint64_t headers = core.file_offset(0), tables = core.file_offset(1u << 20);
  for (int round = 0; round < 300; ++round) {
    core.rewrite();
    for (int flips = 0; flips < 8; ++flips) {
      // Half into the headers and notes, half into page tables, sections, struct pages and log.
      const uint64_t at = flips % 2 ? random() % headers : tables + random() % (1u << 20);
      patch_value(core.path(), at, static_cast<uint8_t>(random()));
    }
    CAPTURE(round);
    use_all_of(core.path());
  }
}

TEST_CASE("a PT_LOAD beyond the end of file costs its pages, not the dump") {
  TextCore core(kSmall);
  REQUIRE(truncate(core.path().c_str(),
                   static_cast<off_t>(core.file_offset(0) + (1u << 20) + 5000)) == 0);
  const auto vmcore = core.open();
  CHECK(vmcore->end_pfn().value == 256 + 2);
  CHECK(vmcore->memory().ram_pages() == 258);
  REQUIRE(!vmcore->warnings().empty());
  CHECK(vmcore->warnings()[0].find("1 PT_LOAD segments are truncated") != std::string::npos);
  std::vector<uint8_t> pages(2 * 4096), readable(2);
  CHECK(vmcore->memory().read_pages({257}, pages, readable) == 1);
  CHECK(readable == std::vector<uint8_t>{1, 0});
}

TEST_CASE("a core whose data is missing altogether still opens") {
  TextCore core(kSmall);
  REQUIRE(truncate(core.path().c_str(), static_cast<off_t>(core.file_offset(0))) == 0);
  const auto vmcore = core.open();
  CHECK(vmcore->end_pfn().value == 0);
  Silent progress;
  const auto plan = make_plan(*vmcore, progress);
  REQUIRE(plan);
  CHECK(plan->ram_pages() == 0);
}

TEST_CASE("a PT_LOAD out of range is left out there, and counted as missing") {
  TextCore core(std::string(kSmall) + "load 0x300000 0x4000 0x4000 0xffff888000300000\n");
  const uint64_t second = kProgramHeaders + 2 * sizeof(Elf64_Phdr);
  uint64_t pages = 512, missing = 0x4000;
  SUBCASE("it wraps") {
    patch_value(core.path(), second + offsetof(Elf64_Phdr, p_paddr), ~uint64_t{0} - 0xfff);
  }
  SUBCASE("it begins out of range") {
    patch_value(core.path(), second + offsetof(Elf64_Phdr, p_paddr), kMaxPaddr);
  }
  SUBCASE("it ends out of range: what lies below it is kept") {
    patch_value(core.path(), second + offsetof(Elf64_Phdr, p_paddr), kMaxPaddr - 0x1000);
    pages += 1;
    missing -= 0x1000;
  }
  SUBCASE("it is longer than memory can be: what the file has is kept") {
    patch_value(core.path(), second + offsetof(Elf64_Phdr, p_memsz), ~uint64_t{0});
    pages += 4;
    missing = ~uint64_t{0} - 0x4000;
  }
  const auto vmcore = core.open();
  REQUIRE(!vmcore->warnings().empty());
  CHECK(vmcore->warnings()[0].find("above 2^52") != std::string::npos);
  CHECK(vmcore->memory().ram_pages() == pages);
  CHECK(vmcore->elf().missing_bytes() == missing);
}

TEST_CASE("a p_memsz below p_filesz costs no page that the file has for no other segment") {
  // The text is mapped twice: in the file it lies between the two segments of RAM.
  TextCore core(
      "kernel x86_64-6.1\nram 0 2M\ndata 1M\n"
      "load 0x100000 0x10000 0x10000 0xffffffff81000000\n"
      "load 0x400000 0x8000 0x8000 0xffff888000400000\n");
  const uint64_t content = 0x1122334455667788;
  core.image().put(0x407000, content);
  core.rewrite();
  const auto header = [&](int which) {
    return kProgramHeaders + (1 + static_cast<uint64_t>(which)) * sizeof(Elf64_Phdr);
  };
  const auto is_whole = [&] {
    const auto vmcore = core.open();
    CAPTURE(vmcore->warnings()[0]);
    CHECK(vmcore->warnings()[0].find("p_filesz above p_memsz") != std::string::npos);
    CHECK(vmcore->memory().ram_pages() == 512 + 8);
    CHECK(vmcore->elf().missing_bytes() == 0);
    CHECK(*vmcore->memory().read<uint64_t>({0x407000}) == content);
    core.rewrite();
  };
  for (const uint64_t memory : {uint64_t{0}, uint64_t{1}, uint64_t{0x1000}})
    for (int which = 0; which < 3; ++which) {
      CAPTURE(memory);
      CAPTURE(which);
      patch_value(core.path(), header(which) + offsetof(Elf64_Phdr, p_memsz), memory);
      is_whole();
    }
  for (int which = 0; which < 3; ++which)
    patch_value(core.path(), header(which) + offsetof(Elf64_Phdr, p_memsz), uint64_t{0});
  is_whole();

  // The text shares its bytes with the RAM, as in a dump in format ELF.
  patch_value(core.path(), header(0) + offsetof(Elf64_Phdr, p_memsz), uint64_t{0});
  patch_value(core.path(), header(1) + offsetof(Elf64_Phdr, p_offset),
              core.file_offset(0) + 0x100000);
  is_whole();

  // A p_filesz that is wrong instead: what belongs to others is not taken for this segment's.
  patch_value(core.path(), header(0) + offsetof(Elf64_Phdr, p_filesz), uint64_t{0x218000});
  const auto vmcore = core.open();
  CHECK(vmcore->memory().ram_pages() == 512 + 8);
  CHECK(vmcore->elf().missing_bytes() == 0x18000);
  CHECK(*vmcore->memory().read<uint64_t>({0x407000}) == content);
}

TEST_CASE("memory that the headers promise and the file lacks is counted, each byte once") {
  TextCore core(
      "kernel x86_64-6.1\nram 0 2M\ndata 1M\n"
      "load 0x100000 0x10000 0x10000 0xffffffff81000000\n"
      "load 0x400000 0x8000 0x8000 0xffff888000400000\n");
  CHECK(core.open()->elf().missing_bytes() == 0);
  const uint64_t ram = core.file_offset(0), last = core.file_offset(0x400000);
  const auto cut = [&](uint64_t size) {
    REQUIRE(truncate(core.path().c_str(), static_cast<off_t>(size)) == 0);
    return core.open()->elf().missing_bytes();
  };
  CHECK(cut(last + 0x8000) == 0);
  CHECK(cut(last + 0x7fff) == 1);
  CHECK(cut(last) == 0x8000);
  CHECK(cut(ram + 0x200000) == 0x8000);  // the text is in RAM as well
  CHECK(cut(ram + 0x100000) == 0x100000 + 0x8000);
  CHECK(cut(ram + 0x10fff0) == 0xf0010 + 0x8000);

  const TextCore holes(
      "kernel x86_64-6.1\nram 0 2M\ndata 1M\n"
      "load 0x300000 0x2000 0x8000 0xffff888000300000\n");
  CHECK(holes.open()->elf().missing_bytes() == 0x6000);
}

TEST_CASE("of more PT_LOADs than are kept the others are counted as missing") {
  constexpr uint32_t kMore = 5, kCount = kMaxSegments + kMore;
  TextCore core(std::string(kSmall) + "file many_headers");
  uint32_t count = kCount;
  uint64_t missing = kMore * 0x3000;
  SUBCASE("a few") {}
  SUBCASE("more than are read") {
    count = kMaxProgramHeaders + 7;
    missing += 7;
  }
  SUBCASE("more than the file has") {
    count = ~0u;
    missing += ~0u - kMaxProgramHeaders;
  }
  // A table far behind everything else, mostly a hole: PT_NULLs.
  const uint64_t table = 16u << 20;
  patch_value(core.path(), offsetof(Elf64_Ehdr, e_phoff), table);
  patch_value(core.path(), sizeof(Elf64_Ehdr) + offsetof(Elf64_Shdr, sh_info), count);
  std::vector<Elf64_Phdr> entries(kCount);
  for (uint32_t i = 0; i < kCount; ++i) {
    entries[i].p_type = PT_LOAD;
    entries[i].p_offset = core.file_offset(0);
    entries[i].p_paddr = uint64_t{i} * 0x10000;
    entries[i].p_filesz = entries[i].p_memsz = i < kMaxSegments ? 0x1000 : 0x3000;
  }
  patch(core.path(), table,
        {reinterpret_cast<const uint8_t*>(entries.data()), entries.size() * sizeof(Elf64_Phdr)});
  REQUIRE(
      truncate(core.path().c_str(), static_cast<off_t>(table + uint64_t{kMaxProgramHeaders + 7} *
                                                                   sizeof(Elf64_Phdr))) == 0);
  const auto vmcore = core.open();
  CHECK(vmcore->memory().ram_pages() == kMaxSegments);
  CHECK(vmcore->elf().missing_bytes() == missing);
  CHECK(vmcore->warnings()[0].find(count == kCount ? "beyond the first 131072"
                                                   : "only the first") != std::string::npos);
}

TEST_CASE("pages in two PT_LOADs are counted once, and holes in none") {
  // Text mapped twice, a segment that ends in a hole, one that begins and ends amid pages.
  TextCore core(
      "kernel x86_64-6.1\nram 0 2M\ndata 1M\n"
      "load 0x100000 0x10000 0x10000 0xffffffff81000000\n"
      "load 0x300000 0x2000 0x8000 0xffff888000300000\n"
      "load 0x400800 0x1000 0x1000 0xffff888000400800\n");
  const uint64_t content = 0x1122334455667788;
  core.image().put(0x400ff8, content);
  core.image().put(0x400000, content);  // before the segment begins
  core.rewrite();
  const auto vmcore = core.open();
  CHECK(vmcore->memory().ram_pages() == 512 + 2 + 2);
  auto ram = std::make_unique<PageBits>();
  vmcore->memory().mark_ram({0}, *ram);
  for (uint32_t pfn = 0; pfn < 2048; ++pfn) {
    CAPTURE(pfn);
    CHECK(test_bit(*ram, pfn) ==
          (pfn < 512 || pfn == 0x300 || pfn == 0x301 || pfn == 0x400 || pfn == 0x401));
  }
  // What lies outside the segment is not known: zeros.
  std::vector<uint8_t> page(4096), readable(1);
  REQUIRE(vmcore->memory().read_pages({0x400}, page, readable) == 0);
  CHECK(load<uint64_t>(page.data()) == 0);
  CHECK(load<uint64_t>(page.data() + 0xff8) == content);
}

TEST_CASE("data that is not aligned in the file, and headers counted elsewhere, are read alike") {
  for (const char* file : {"", "file skew=0x233", "file many_headers"}) {
    CAPTURE(file);
    const TextCore core(std::string(kSmall) + file);
    const auto vmcore = core.open();
    CHECK(vmcore->warnings().empty());
    Silent progress;
    const auto plan = make_plan(*vmcore, progress);
    REQUIRE(plan);
    CHECK(plan->pages_by_class[static_cast<size_t>(PageClass::free)] == 4);
    CHECK(plan->pages_by_class[static_cast<size_t>(PageClass::user)] == 1);
  }
}

TEST_CASE("the crashed system is identified by vmcoreinfo, notes and utsname, made printable") {
  TextCore core(std::string(kSmall) + "nodename ho\x01st/\xff\n");
  const auto vmcore = core.open();
  const CrashedSystem& system = vmcore->system();
  CHECK(std::string(system.sysname) == "Linux");
  CHECK(std::string(system.nodename) == "ho?st/?");
  CHECK(std::string(system.release) == "6.1.0-56-amd64");  // OSRELEASE, not utsname
  CHECK(std::string(system.machine) == "x86_64");
  CHECK(system.crash_time_s == 1700000000);
  CHECK(system.cpus == 2);
}

TEST_CASE("a kernel that does not say where its host name is has it at one of two places") {
  for (const char* offset : {"0", "4"}) {
    TextCore core(std::string(kSmall) + "OFFSET(uts_namespace.name)=" + offset +
                  "\nnodename old\n");
    core.keys().apply("-OFFSET(uts_namespace.name)");
    core.rewrite();
    CHECK(std::string(core.open()->system().nodename) == "old");
  }
}

}  // namespace kdump
