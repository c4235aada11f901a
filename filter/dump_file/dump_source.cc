#include "filter/dump_file/dump_source.h"

#include <fcntl.h>

#include "filter/base/text.h"
#include "filter/dump_file/kdump_memory.h"

namespace kdump {
namespace {

// So many parts: makedumpfile's --split makes one a CPU.
constexpr size_t kMaxParts = 256;

struct MachineRow {
  const char* name;  // utsname.machine
  uint16_t elf_machine;
};
constexpr MachineRow kMachines[] = {{"x86_64", kMachineX86_64}, {"aarch64", kMachineAarch64}};

uint16_t elf_machine_of(const kdump_format::Header& header) {
  const std::string_view name(header.utsname.machine, strnlen(header.utsname.machine, kUtsField));
  for (const MachineRow& row : kMachines)
    if (name == row.name) return row.elf_machine;
  return 0;
}

Result<bool> begins_as_kdump(const DumpFile& file) {
  char head[sizeof kdump_format::kSignature] = {};
  const size_t got = TRY(file.read_some_at(0, {reinterpret_cast<uint8_t*>(head), sizeof head}));
  return got == sizeof head && memcmp(head, kdump_format::kSignature, sizeof head) == 0;
}

// "FILE", or, where there is no file of that name, "PART,PART,...".
Result<std::vector<DumpFile>> open_parts(Sys& sys, const std::string& path) {
  std::vector<DumpFile> files;
  auto whole = DumpFile::open(sys, path);
  const size_t comma = path.find(',');
  if (whole || comma == path.npos || whole.error().sys_errno != ENOENT) {
    if (!whole && whole.error().sys_errno == 0) return wrap(whole.error(), "%s", path.c_str());
    files.push_back(TRY(std::move(whole)));
    return files;
  }
  for (size_t at = 0; at <= path.size();) {
    if (files.size() == kMaxParts)
      return fail(Kind::refused, "more than %zu parts of a dump", kMaxParts);
    const size_t end = std::min(path.find(',', at), path.size());
    files.push_back(TRY(DumpFile::open(sys, path.substr(at, end - at))));
    at = end + 1;
  }
  return files;
}

// Version 3 has the text of VMCOREINFO alone.
ElfNotes read_notes(const DumpFile& file, const KdumpFile& layout) {
  constexpr uint64_t kMaxVmcoreinfo = kVmcoreinfoReserve / 2;
  ElfNotes notes;
  if (layout.sub.size_note != 0) {
    Elf64_Phdr place{};
    place.p_offset = layout.sub.offset_note;
    place.p_filesz = layout.sub.size_note;
    notes.add(file, file.end(), place);
  } else if (layout.sub.size_vmcoreinfo != 0 && layout.sub.size_vmcoreinfo <= kMaxVmcoreinfo) {
    std::vector<uint8_t> content(layout.sub.size_vmcoreinfo);
    if (file.read_at(layout.sub.offset_vmcoreinfo, content))
      notes.add_vmcoreinfo(content, layout.sub.offset_vmcoreinfo);
  }
  return notes;
}

Result<DumpSource> open_kdump(std::vector<DumpFile> files, std::vector<std::string>& warnings) {
  const bool is_flattened = files.front().is_flattened();
  auto memory = TRY(KdumpMemory::open(std::move(files)));
  const KdumpFile& layout = memory->first();
  DumpSource source;
  source.header = layout.header;
  source.page_size = layout.block_size;
  source.is_incomplete = memory->is_incomplete();
  source.form = text("kdump-compressed, %s%s", compression_name(layout.header.status),
                     is_flattened ? ", flattened" : "");
  source.ranges = memory->ranges();
  source.ram = memory->ram();

  ElfNotes notes = read_notes(memory->first_file(), layout);
  notes.warn(memory->path(), warnings);
  if (memory->missing_pages() != 0)
    warnings.push_back(text("%s is cut off: %" PRIu64 " of its pages have no descriptor",
                            memory->path(), memory->missing_pages()));
  source.core = ElfCore::of_pages(elf_machine_of(layout.header), std::move(notes), source.ram,
                                  memory->missing_pages() * source.page_size);
  source.bytes = std::move(memory);
  return source;
}

Result<DumpSource> open_elf(DumpFile file, std::vector<std::string>& warnings) {
  DumpSource source;
  source.core = TRY(ElfCore::read(file, warnings));
  source.is_incomplete = source.core.is_incomplete();
  source.form = file.is_flattened() ? "ELF, flattened" : "ELF";
  source.bytes = std::make_unique<DumpFile>(std::move(file));
  return source;
}

}  // namespace

Result<DumpSource> DumpSource::open(Sys& sys, const std::string& path,
                                    std::vector<std::string>& warnings) {
  std::vector<DumpFile> files = TRY(open_parts(sys, path));
  const bool is_kdump = TRY(begins_as_kdump(files.front()));
  if (!is_kdump && files.size() > 1)
    return fail(Kind::refused, "%s: only kdump-compressed dumps are split", path.c_str());
  DumpSource source = is_kdump ? TRY(open_kdump(std::move(files), warnings))
                               : TRY(open_elf(std::move(files.front()), warnings));
  source.path = path;
  if (source.is_incomplete)
    warnings.push_back(text("%s is marked incomplete: pages are missing", path.c_str()));
  return source;
}

PhysMemory DumpSource::memory(uint32_t size, PhysMemory::CopyBy copy_by) const {
  if (header) return PhysMemory(*bytes, ranges, ram, size);
  return PhysMemory(*bytes, core, size, copy_by);
}

}  // namespace kdump
