#include "tests/bench/giant_memory.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "filter/base/text.h"
#include "filter/kernel/memory/address_space.h"
#include "filter/kernel/memory/mem_map.h"

namespace kdump {
namespace {

constexpr uint64_t kPage = 4096, k2M = 2 << 20, kGib = 1 << 30, kTable = 512;
constexpr uint64_t kMaxBytes = 64ull << 40;  // what MAX_PHYSMEM_BITS says with four levels
constexpr uint64_t kSectionBytes = 128 << 20;

// Virtual addresses, as Documentation/arch/x86/x86_64/mm.rst has them.
constexpr uint64_t kDirectMap = 0xffff'8880'0000'0000, kVmemmap = 0xffff'ea00'0000'0000,
                   kKernelMap = 0xffff'ffff'8000'0000;

// Where things lie in the giant's memory.
constexpr uint64_t kRoot = 0x1000, kKernelPud = 0x2000, kKernelPmd = 0x3000;
constexpr uint64_t kSectionRoots = 1 << 20, kSections = 16 << 20, kDirectPuds = 64 << 20,
                   kMapPuds = 80 << 20, kMapPmds = 96 << 20, kStructPages = kGib;

constexpr uint64_t kEntry = 0x63, kLeaf = 0xe3;  // present, written; and large
constexpr uint64_t kSectionFlags = 0x1f;

// In the file: headers, then memory. Mapped windows are aligned to this.
constexpr uint64_t kMemoryOffset = kMappedWindowBytes;

struct Giant {
  uint64_t bytes = 0;
  int file = -1, pages = -1;  // pages: the real struct pages
  struct stat identity {};
  uint64_t real_bytes = 0;  // of struct pages in `pages`
  uint64_t struct_size = 0, entry_size = 0, map_offset = 0;

  uint64_t map_bytes() const { return bytes / kPage * struct_size; }
  bool is_file(int fd) const {
    struct stat other {};
    return file >= 0 && fd >= 0 && fstat(fd, &other) == 0 && other.st_ino == identity.st_ino &&
           other.st_dev == identity.st_dev;
  }

  // The 64 bits at a physical address; struct pages are not asked for here.
  uint64_t word(uint64_t at) const {
    const auto table = [&](uint64_t begin, uint64_t count) { return at - begin < count * 8; };
    const auto index = [&](uint64_t begin) { return (at - begin) / 8; };
    const uint64_t gibs = bytes / kGib, map_gibs = (map_bytes() + kGib - 1) / kGib;
    if (table(kRoot, kTable)) return root_entry(index(kRoot), gibs, map_gibs);
    if (at == kKernelPud + 510 * 8) return kKernelPmd | kEntry;
    if (at == kKernelPmd) return kLeaf;  // the first 2 MiB
    if (table(kDirectPuds, gibs)) return index(kDirectPuds) * kGib | kLeaf;
    if (table(kMapPuds, map_gibs)) return (kMapPmds + index(kMapPuds) * kPage) | kEntry;
    if (table(kMapPmds, map_bytes() / k2M)) return (kStructPages + index(kMapPmds) * k2M) | kLeaf;
    const uint64_t per_root = kPage / entry_size, sections = bytes / kSectionBytes;
    if (table(kSectionRoots, sections / per_root))
      return kDirectMap + kSections + index(kSectionRoots) * kPage;
    if (at >= kSections && at < kSections + sections * entry_size &&
        (at - kSections) % entry_size == map_offset)
      return kVmemmap | kSectionFlags;
    return 0;
  }

  static uint64_t root_entry(uint64_t i, uint64_t gibs, uint64_t map_gibs) {
    constexpr uint64_t kDirect = kDirectMap >> 39 & 511, kMap = kVmemmap >> 39 & 511;
    if (i >= kDirect && i - kDirect < (gibs + 511) / 512)
      return (kDirectPuds + (i - kDirect) * kPage) | kEntry;
    if (i >= kMap && i - kMap < (map_gibs + 511) / 512)
      return (kMapPuds + (i - kMap) * kPage) | kEntry;
    return i == 511 ? kKernelPud | kEntry : 0;
  }

  // One byte run that lies in one page.
  void read(uint64_t at, MutableBytes out) const {
    if (at >= kStructPages && at - kStructPages < map_bytes()) {
      const auto from = static_cast<off_t>((at - kStructPages) % real_bytes);
      syscall(SYS_pread64, pages, out.data(), out.size(), from);
      return;
    }
    for (size_t done = 0; done < out.size();) {
      const uint64_t value = word((at + done) & ~uint64_t{7}), into = (at + done) % 8;
      const size_t size = std::min<size_t>(8 - into, out.size() - done);
      memcpy(out.data() + done, reinterpret_cast<const uint8_t*>(&value) + into, size);
      done += size;
    }
  }
};
Giant giant;

int64_t give(int fd, void* out, size_t size, int64_t offset) {
  const auto at = static_cast<uint64_t>(offset);
  if (at < kMemoryOffset || !giant.is_file(fd)) return syscall(SYS_pread64, fd, out, size, offset);
  uint8_t* to = static_cast<uint8_t*>(out);
  for (size_t done = 0; done < size;) {
    const size_t part = std::min<size_t>(size - done, kPage - (at + done) % kPage);
    giant.read(at + done - kMemoryOffset, {to + done, part});
    done += part;
  }
  return static_cast<int64_t>(size);
}

void* map(void* where, size_t size, int protection, int flags, int fd, int64_t offset) {
  if (giant.is_file(fd)) {
    const uint64_t at = static_cast<uint64_t>(offset) - kMemoryOffset - kStructPages;
    if (at >= giant.map_bytes()) {
      errno = ENODEV;  // what is made word by word is read
      return MAP_FAILED;
    }
    fd = giant.pages;
    offset = static_cast<int64_t>(at % giant.real_bytes);
  }
  return reinterpret_cast<void*>(syscall(SYS_mmap, where, size, protection, flags, fd, offset));
}

// The longest stretch of memory in whole windows of struct pages, all of it RAM.
Result<std::pair<Pfn, Pfn>> find_stretch(Vmcore& real, uint32_t struct_size) {
  const uint64_t step = kMappedWindowBytes / struct_size;
  uint64_t begin = 0, best = 0, best_end = 0;
  for (uint64_t at = 0; at + step <= real.end_pfn().value; at += step) {
    for (uint64_t pfn = at; pfn < at + step; ++pfn) {
      const auto ram = real.memory().next_ram({pfn * kPage});
      if (!ram || ram->value != pfn * kPage) begin = at + step;
    }
    if (at + step - begin > best_end - best && begin <= at) best = begin, best_end = at + step;
  }
  if (best == best_end)
    return fail(Kind::unsupported, "%s has no %" PRIu64 " pages of RAM in a row", real.path(),
                step);
  return std::pair(Pfn{best}, Pfn{best_end});
}

// One page of each class that a quiet machine has not got, where nothing else is.
void add_rare_classes(MutableBytes pages, const PageLayout& layout) {
  uint8_t* const last = pages.data() + pages.size() - 4 * layout.size;
  memset(last, 0, 4 * layout.size);
  memcpy(last + layout.flags, &layout.hwpoison, sizeof layout.hwpoison);
  if (layout.type_offline != PageLayout::kNoType)
    memcpy(last + layout.size + layout.mapcount, &layout.type_offline, sizeof(uint32_t));
}

Result<> copy_struct_pages(Vmcore& real, const MemMap& map) {
  const PageLayout& layout = map.layout();
  const auto [begin, end] = TRY(find_stretch(real, layout.size));
  giant.real_bytes = (end.value - begin.value) * layout.size;
  giant.pages = memfd_create("struct pages", MFD_CLOEXEC);
  if (giant.pages < 0) return fail_errno(errno, "memfd_create");
  const auto section = real.mem_map()->section_struct_pages(begin);
  if (!section) return fail(Kind::corrupt, "no struct pages at page frame %#" PRIx64, begin.value);
  std::vector<uint8_t> window(kMappedWindowBytes);
  for (uint64_t done = 0; done < giant.real_bytes; done += window.size()) {
    TRY(real.address_space().read({section->value + done}, window));
    add_rare_classes(window, layout);
    if (write(giant.pages, window.data(), window.size()) != static_cast<ssize_t>(window.size()))
      return fail_errno(errno, "write struct pages");
  }
  return {};
}

// The real one's, but for where things lie.
std::string make_vmcoreinfo(const Vmcoreinfo& real) {
  const std::string_view from(reinterpret_cast<const char*>(real.bytes().data()),
                              real.bytes().size());
  std::string out;
  for (size_t at = 0; at < from.size();) {
    const std::string_view line = from.substr(at, from.find('\n', at) - at);
    at += line.size() + 1;
    if (!line.starts_with("SYMBOL(") && line.find("phys_base") == line.npos)
      out.append(line).append("\n");
  }
  return out + text("NUMBER(phys_base)=0\nSYMBOL(init_top_pgt)=%" PRIx64
                    "\nSYMBOL(mem_section)=%" PRIx64 "\n",
                    kKernelMap + kRoot, kDirectMap + kSectionRoots);
}

Result<> write_headers(const std::string& vmcoreinfo) {
  constexpr char kName[] = "VMCOREINFO\0";  // padded to 12 bytes
  Elf64_Ehdr header{};
  memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_type = ET_CORE;
  header.e_machine = EM_X86_64;
  header.e_phoff = sizeof header;
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = 2;
  Elf64_Nhdr note{};
  note.n_namesz = sizeof "VMCOREINFO";
  note.n_descsz = static_cast<uint32_t>(vmcoreinfo.size());
  Elf64_Phdr segments[2]{};
  segments[0].p_type = PT_NOTE;
  segments[0].p_offset = sizeof header + sizeof segments;
  segments[0].p_filesz = segments[0].p_memsz = sizeof note + sizeof kName + vmcoreinfo.size();
  segments[1].p_type = PT_LOAD;
  segments[1].p_offset = kMemoryOffset;
  segments[1].p_vaddr = kDirectMap;
  segments[1].p_filesz = segments[1].p_memsz = giant.bytes;
  std::string file;
  for (const Bytes part : {bytes_of(header), bytes_of(segments), bytes_of(note), bytes_of(kName)})
    file.append(reinterpret_cast<const char*>(part.data()), part.size());
  file += vmcoreinfo;
  if (pwrite(giant.file, file.data(), file.size(), 0) != static_cast<ssize_t>(file.size()))
    return fail_errno(errno, "write headers");
  return {};
}

}  // namespace

Result<> GiantMemory::create(Vmcore& real, uint64_t bytes) {
  const MemMap* map = real.mem_map();
  if (!map || real.elf().machine() != kMachineX86_64 || real.page_size() != kPage)
    return fail(Kind::unsupported, "%s has no struct pages of x86_64", real.path());
  if (bytes == 0 || bytes > kMaxBytes || bytes % kGib != 0)
    return fail(Kind::refused, "%" PRIu64 " bytes of memory cannot be", bytes);
  giant.struct_size = map->layout().size;
  giant.entry_size = real.info().size("mem_section").value_or(0);
  giant.map_offset = real.info().offset("mem_section.section_mem_map").value_or(0);
  giant.bytes = bytes;
  TRY(copy_struct_pages(real, *map));
  giant.file = memfd_create("giant", MFD_CLOEXEC);
  if (giant.file < 0 || ftruncate(giant.file, static_cast<off_t>(kMemoryOffset + bytes)) != 0)
    return fail_errno(errno, "make a file of %" PRIu64 " bytes", kMemoryOffset + bytes);
  TRY(write_headers(make_vmcoreinfo(real.info())));
  if (fstat(giant.file, &giant.identity) != 0) return fail_errno(errno, "fstat");
  return {};
}

std::string GiantMemory::path() { return text("/proc/self/fd/%d", giant.file); }

}  // namespace kdump

// The linker puts these in the place of the C library's (--wrap); names with 64 are glibc's.
extern "C" {
void* __wrap_mmap(void* where, size_t size, int protection, int flags, int fd, int64_t offset) {
  return kdump::map(where, size, protection, flags, fd, offset);
}
void* __wrap_mmap64(void* where, size_t size, int protection, int flags, int fd, int64_t offset) {
  return kdump::map(where, size, protection, flags, fd, offset);
}
int64_t __wrap_pread(int fd, void* out, size_t size, int64_t offset) {
  return kdump::give(fd, out, size, offset);
}
int64_t __wrap_pread64(int fd, void* out, size_t size, int64_t offset) {
  return kdump::give(fd, out, size, offset);
}
}
