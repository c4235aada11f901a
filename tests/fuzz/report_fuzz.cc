// What the crash report reads of a crashed kernel, hostile: its types, unwind tables, tasks,
// modules and stacks, each overwritten in a sound kernel.
#include "filter/kernel/report/crash_report.h"
#include "init/capture/report/crash_json.h"
#include "init/capture/report/crash_text.h"
#include "tests/fixtures/report_core.h"
#include "tests/fuzz/fuzzer.h"
#include "tests/fuzz/patched_core.h"

namespace kdump {
namespace {

// A report that takes longer is one that a capture would not wait for.
constexpr int64_t kBudgetMs = 2000;

void use_report(const std::string& path) {
  const auto vmcore = Vmcore::open(real_sys(), path.c_str(), MemMapUse::unwanted);
  promised(vmcore.has_value(), "the core is sound outside of its memory");
  const CrashReport report = make_crash_report(**vmcore, real_sys(), kBudgetMs);
  promised(report.tasks.total <= TaskReader::kMaxTasks, "tasks are bounded");
  promised(report.modules.size() <= ModuleList::kMaxModules, "modules are bounded");
  size_t frames = 0;
  for (const CpuTrace& cpu : report.cpus) {
    promised(cpu.trace.frames.size() <= Trace::kMaxFrames, "a stack is bounded");
    promised(cpu.trace.end[0] != '\0', "a stack's end has a reason");
    frames += cpu.trace.frames.size();
  }
  for (const BlockedTask& blocked : report.tasks.blocked) frames += blocked.trace.frames.size();
  promised(frames <= CrashReport::kMaxFrames + Trace::kMaxFrames, "all stacks are bounded");
  for (const char c : crash_report_as_text(report, (*vmcore)->system()))
    promised(c == '\n' || (c >= ' ' && c <= '~'), "the report is printable");
  (void)crash_report_as_json(report, (*vmcore)->system());
}

// One kernel a format of ORC; for all the runs of a fuzzer.
template <auto kRange>
void fuzz_range(Bytes input) {
  using Format = ReportCore::OrcFormat;
  static std::vector<std::unique_ptr<ReportCore>> kernels;
  const auto made_of = [](Format format) {
    ReportCore* const kernel = kernels.emplace_back(std::make_unique<ReportCore>(format)).get();
    const ReportCore::Range range = (kernel->*kRange)();
    return new PatchedCore(kernel->path(),
                           {memory_region(kernel->core(), range.paddr, range.size_bytes)});
  };
  static PatchedCore* const cores[] = {made_of(Format::of_6_1), made_of(Format::of_6_12),
                                       made_of(Format::of_7_3)};
  if (input.empty()) return;
  PatchedCore& core = *cores[input[0] % std::size(cores)];
  core.patch(input.subspan(1));
  use_report(core.path());
  core.restore();
}

}  // namespace

void fuzz_btf(Bytes input) { fuzz_range<&ReportCore::btf>(input); }
void fuzz_orc(Bytes input) { fuzz_range<&ReportCore::orc>(input); }
void fuzz_tasks(Bytes input) { fuzz_range<&ReportCore::tasks>(input); }
void fuzz_modules(Bytes input) { fuzz_range<&ReportCore::modules>(input); }
void fuzz_stacks(Bytes input) { fuzz_range<&ReportCore::stacks>(input); }

}  // namespace kdump
