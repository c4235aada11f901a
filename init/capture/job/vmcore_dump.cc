// See vmcore_dump.h.
#include "init/capture/job/vmcore_dump.h"

#include <algorithm>
#include <cinttypes>

#include "filter/base/text.h"
#include "filter/dump/kdump_layout.h"
#include "filter/kernel/mappings.h"
#include "init/capture/report/human_size.h"

namespace kdump {
namespace {

DumpHeader make_header(const Vmcore& vmcore) {
  const CrashedSystem& system = vmcore.system();
  DumpHeader header;
  static_cast<Utsname&>(header) = system;
  header.crash_time_s = system.crash_time_s;
  header.cpus = system.cpus;
  header.phys_base = system.phys_base;
  header.notes = vmcore.elf().notes().bytes();
  header.vmcoreinfo = vmcore.info().bytes();
  header.elf_machine = vmcore.elf().machine();
  header.is_incomplete = vmcore.source().is_incomplete;
  return header;
}

// Each further thread needs a stack and a workspace. All of them together get half of the available
// memory, so that threads cost no dump.
uint32_t threads_within(uint64_t available_bytes, uint32_t wanted) {
  constexpr uint64_t kThreadBytes = 2 << 20;
  if (available_bytes == 0) return wanted;
  return static_cast<uint32_t>(std::min<uint64_t>(wanted, 1 + available_bytes / 2 / kThreadBytes));
}

}  // namespace

uint64_t buffer_bytes(uint64_t available_bytes) {
  constexpr uint64_t kLeast = 256 << 10, kMost = 4 << 20;  // as DumpOptions::memory_bytes
  return available_bytes == 0 ? kMost : std::clamp(available_bytes / 8, kLeast, kMost);
}

VmcoreDump::VmcoreDump(Vmcore& vmcore, const Settings& settings, uint64_t available_bytes)
    : vmcore_(vmcore),
      settings_(settings),
      memory_bytes_(buffer_bytes(available_bytes)),
      threads_(threads_within(available_bytes, settings.threads)),
      format_(settings.format),
      header_(make_header(vmcore)) {
  for (const LoadSegment& load : find_mappings(vmcore))
    segments_.push_back({load.paddr, load.size_bytes, load.vaddr});
  header_.segments = segments_;
}

Result<> VmcoreDump::make_plan(Progress& progress) {
  // The level that is most likely to be written spares the classification of its pages.
  plan_ = TRY(kdump::make_plan(vmcore_, progress, &pages_at(settings_.levels.front())));
  header_.ram_pages = plan_.ram_pages();
  choose_format();
  return {};
}

// Memory may lie anywhere below 2^52, where the bitmaps of kdump-compressed would take 256 GiB:
// holes on a file system, but readers hold them in memory and raw devices have no holes. The
// program headers of ELF grow with the memory alone.
void VmcoreDump::choose_format() {
  if (format_ != Format::kdump) return;
  const uint64_t end_pfn = vmcore_.end_pfn().value;
  const uint64_t bitmaps = kdump_bitmap_bytes(end_pfn, vmcore_.page_size());
  const uint64_t memory = plan_.ram_pages() * vmcore_.page_size();
  if (bitmaps <= memory) return;
  format_ = Format::elf;
  plan_.warnings.push_back(text("memory reaches up to page frame %#" PRIx64
                                ": the bitmaps of format kdump would take %s, more than the %s of"
                                " memory, so the dump is ELF",
                                end_pfn, human_size(bitmaps).c_str(), human_size(memory).c_str()));
}

Result<uint64_t> VmcoreDump::most_bytes(uint32_t level) {
  return max_dump_bytes(pages_at(level), header_, options(level));
}

Result<uint64_t> VmcoreDump::estimate_bytes(uint32_t level) {
  if (const auto known = estimates_.find(level); known != estimates_.end()) return known->second;
  const uint64_t bytes = TRY(estimate_dump_bytes(pages_at(level), header_, options(level)));
  return estimates_[level] = bytes;
}

void VmcoreDump::set_format(Format format) {
  format_ = format;
  estimates_.clear();
}

Result<uint64_t> VmcoreDump::table_bytes() {
  const KdumpLayout layout = TRY(KdumpLayout::make(vmcore_.end_pfn().value, vmcore_.page_size(),
                                                   header_, options(settings_.levels.back())));
  return layout.descriptors - layout.gap_bytes;
}

Result<DumpResult> VmcoreDump::write(uint32_t level, uint64_t max_bytes, Sink& sink,
                                     Progress& progress) {
  DumpOptions limited = options(level);
  limited.max_bytes = max_bytes;
  // Where the space may not suffice, automatic compression has no choice.
  if (limited.compression.kind == Compression::Kind::automatic &&
      TRY(most_bytes(level)) > max_bytes)
    limited.compression = {.kind = Compression::Kind::zstd,
                           .level = limited.compression.zstd_level()};
  return write_dump(pages_at(level), header_, limited, sink, progress);
}

PageSelection& VmcoreDump::pages_at(uint32_t level) {
  if (!pages_ || pages_->level() != level) pages_.emplace(vmcore_, level, memory_bytes_);
  return *pages_;
}

DumpOptions VmcoreDump::options(uint32_t level) const {
  DumpOptions options;
  options.format = format_;
  options.compression = settings_.compression;
  options.level = level;
  options.threads = threads_;
  options.expected_pages = plan_.kept_pages(level);
  options.expected_segments = plan_.elf_segments[level];
  options.memory_bytes = memory_bytes_;
  options.no_sparse_files = no_sparse_files_;
  return options;
}

}  // namespace kdump
