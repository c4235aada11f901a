#include "tests/fuzz/patched_core.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "filter/kernel/cpu_states.h"
#include "filter/kernel/printk_log.h"
#include "init/capture/job/vmcore_dump.h"
#include "tests/fixtures/odd_values.h"
#include "tests/fuzz/fuzzer.h"

namespace kdump {
namespace {

struct Silent final : Progress {
  void update(Phase, uint64_t, uint64_t, uint64_t) override {}
};

// Discards its input; the limit is above the size of any fixture.
struct Bounded final : Sink {
  Result<> write_at(uint64_t, Bytes data) override {
    constexpr uint64_t kMaxBytes = 256u << 20;
    written += data.size();
    promised(written < kMaxBytes, "a dump of a small core is not endless");
    return {};
  }
  uint64_t written = 0;
};

void write_dump_of(Vmcore& vmcore, Format format) {
  Settings settings;
  settings.format = format;
  Silent progress;
  Bounded nowhere;
  VmcoreDump dump(vmcore, settings, 256 << 10);
  if (!dump.make_plan(progress)) return;
  const auto written = dump.write(kMaxLevel, UINT64_MAX, nowhere, progress);
  promised(!written || written->complete, "a dump that has room is complete");
}

}  // namespace

PatchedCore::PatchedCore(const std::string& path, std::vector<Region> regions)
    : path_(path), regions_(std::move(regions)) {
  for (const Region& region : regions_) region_bytes_ += region.size_bytes;
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  struct stat status {};
  promised(fd >= 0 && ::fstat(fd, &status) == 0, "the core can be written to");
  void* const mapped = ::mmap(nullptr, static_cast<size_t>(status.st_size), PROT_READ | PROT_WRITE,
                              MAP_SHARED, fd, 0);
  promised(mapped != MAP_FAILED, "the core can be mapped");
  ::close(fd);
  file_ = static_cast<uint8_t*>(mapped);
}

uint64_t PatchedCore::place(uint64_t at) const {
  at %= region_bytes_;
  for (const Region& region : regions_) {
    if (at < region.size_bytes) return region.begin + at;
    at -= region.size_bytes;
  }
  return regions_.front().begin;
}

void PatchedCore::write(uint64_t offset, Bytes bytes) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    before_.emplace(offset + i, file_[offset + i]);
    file_[offset + i] = bytes[i];
  }
}

void PatchedCore::patch(Bytes input) {
  constexpr int kMaxPatches = 64;
  Pieces pieces(input);
  for (int i = 0; i < kMaxPatches && !pieces.at_end(); ++i) {
    const uint8_t how = pieces.byte();
    const uint64_t at = place(pieces.number<uint32_t>()), word = at & ~7ull;
    uint64_t value = pieces.number<uint64_t>(), old = 0;
    memcpy(&old, file_ + word, sizeof old);
    switch (how % 6) {
      case 0:
        write(at, bytes_of(static_cast<uint8_t>(value)));
        continue;
      case 1:
        break;
      case 2:
        value = kOddValues[value % std::size(kOddValues)];
        break;
      case 3:
        value += old;
        break;
      case 4:
        value ^= old;
        break;
      default:  // another word's value
        memcpy(&value, file_ + (place(value) & ~7ull), sizeof value);
    }
    write(word, bytes_of(value));
  }
}

void PatchedCore::put(Bytes text) {
  const Region& region = regions_.front();
  write(region.begin, text.first(std::min<uint64_t>(text.size(), region.size_bytes)));
}

void PatchedCore::restore() {
  for (const auto& [offset, byte] : before_) file_[offset] = byte;
  before_.clear();
}

void use_core(const std::string& path) {
  const auto opened = Vmcore::open(real_sys(), path.c_str());
  if (!opened) return promised(opened.error().text[0] != '\0', "an error says what it is");
  Vmcore& vmcore = **opened;
  Bounded nowhere;
  if (const auto log = write_kernel_log(vmcore, nowhere); log)
    promised(log->bytes == nowhere.written, "the log's length is what was written");
  (void)find_cpu_states(vmcore);
  // A core that claims much memory is scanned as long as it claims: not what is looked for here.
  if (vmcore.end_pfn().value > kWindowPages) return;
  write_dump_of(vmcore, Format::kdump);
  write_dump_of(vmcore, Format::elf);
}

PatchedCore::Region memory_region(const TextCore& core, uint64_t paddr, uint64_t size_bytes) {
  return {core.file_offset(paddr), size_bytes};
}

}  // namespace kdump
