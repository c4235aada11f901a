// How long the counting pass takes over the memory of a machine, and what it needs: of a real
// vmcore, or of a giant whose struct pages are a real one's (giant_memory.h). See
// tests/bench/giant.
#include <sys/resource.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "filter/pages/plan.h"
#include "init/capture/memory_use.h"
#include "tests/bench/giant_memory.h"

namespace kdump {
namespace {

class Sampled final : public Progress {
 public:
  void update(Phase, uint64_t, uint64_t, uint64_t) override {
    memory_.sample(real_sys().monotonic_ms());
  }
  uint64_t peak_bytes() const { return memory_.peak_bytes(); }

 private:
  MemoryUse memory_{real_sys()};
};

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

Result<> measure(const char* path, uint64_t tib) {
  auto vmcore = TRY(Vmcore::open(real_sys(), path));
  if (tib != 0) {
    TRY(GiantMemory::create(*vmcore, tib << 40));
    vmcore = TRY(Vmcore::open(real_sys(), GiantMemory::path().c_str()));
  }
  if (!vmcore->mem_map())
    return fail(Kind::corrupt, "%s: %s", path,
                vmcore->warnings().empty() ? "no struct pages" : vmcore->warnings().back().c_str());
  Sampled progress;
  const double cpu_before = cpu_seconds();
  const int64_t before_ms = real_sys().monotonic_ms();
  const Plan plan = TRY(make_plan(*vmcore, progress));
  const double cpu = cpu_seconds() - cpu_before;
  const double wall = static_cast<double>(real_sys().monotonic_ms() - before_ms) / 1000;

  const double size_tib =
      static_cast<double>(plan.ram_pages()) * vmcore->page_size() / static_cast<double>(1ull << 40);
  printf("%.3f TiB: %.4f s, %.4f s of CPU (%.2f a TiB, %.1f ns a page), peak %.1f MiB\n", size_tib,
         wall, cpu, cpu / size_tib, cpu * 1e9 / static_cast<double>(plan.ram_pages()),
         static_cast<double>(progress.peak_bytes()) / (1 << 20));
  for (unsigned i = 0; i < kPageClasses; ++i)
    printf("  %-14s %" PRIu64 "\n", page_class_name(static_cast<PageClass>(i)),
           plan.pages_by_class[i]);
  for (const std::string& warning : plan.warnings) printf("  warning: %s\n", warning.c_str());
  return {};
}

}  // namespace
}  // namespace kdump

int main(int count, char** arguments) {
  uint64_t tib = 0;
  const char* number = count == 3 ? arguments[2] : "";
  if (count != 3 || std::from_chars(number, number + strlen(number), tib).ec != std::errc{}) {
    fputs("usage: giant VMCORE TIB    (0: the vmcore itself)\n", stderr);
    return 2;
  }
  const auto measured = kdump::measure(arguments[1], tib);
  if (measured) return 0;
  fprintf(stderr, "giant: %s\n", measured.error().text);
  return 1;
}
