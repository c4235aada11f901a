// The whole report, of a small kernel that is known down to the last word; and what is left of it
// where the kernel lacks something.
#include "filter/kernel/report/crash_report.h"

#include <doctest/doctest.h>

#include <random>

#include "tests/fixtures/report_core.h"

namespace kdump {
namespace {

constexpr int64_t kBudgetMs = 20'000;

CrashReport report_of(const ReportCore& core) {
  const auto vmcore = core.open();
  return make_crash_report(*vmcore, real_sys(), kBudgetMs);
}

// "task:panic+0x30/0x100 …"
std::string as_text(const Trace& trace, const FrameNames& names) {
  std::string out;
  for (const Frame& frame : trace.frames) {
    const FrameName name = names.of(frame);
    char line[128];
    snprintf(line, sizeof line, "%s+%#llx/%#llx%s%s ", name.function,
             static_cast<unsigned long long>(name.offset),
             static_cast<unsigned long long>(name.size_bytes), *name.module ? "@" : "",
             name.module);
    out += line;
  }
  return out + "(" + trace.end + ")";
}

bool misses(const CrashReport& report, const char* what) {
  for (const std::string& missing : report.missing)
    if (missing.starts_with(what)) return true;
  return false;
}

}  // namespace

TEST_CASE("every format of ORC leads from the crash to user mode, over __crash_kexec") {
  for (const auto format : {ReportCore::OrcFormat::of_6_1, ReportCore::OrcFormat::of_6_3,
                            ReportCore::OrcFormat::of_6_12, ReportCore::OrcFormat::of_7_3}) {
    CAPTURE(static_cast<int>(format));
    const CrashReport report = report_of(ReportCore(format));
    for (const std::string& missing : report.missing) MESSAGE(missing);
    CHECK(report.missing.empty());
    REQUIRE(report.panicked());
    CHECK(as_text(report.panicked()->trace, report.names) ==
          "__crash_kexec+0x20/0x100 panic+0x30/0x100 sysrq_handle_crash+0x20/0x100 "
          "mod_write+0x18/0x40@mod entry_SYSCALL_64+0x40/0x100 (user mode)");
    CHECK(report.panicked()->task->comm == "crasher");
    REQUIRE(report.cpus.size() == 2);
    CHECK(as_text(report.cpus[1].trace, report.names) ==
          "default_idle+0x10/0x100 common_startup_64+0x10/0x100 (end of stack)");
    CHECK(report.signature.title == "panic in sysrq_handle_crash");
  }
}

TEST_CASE("tasks are counted, and a blocked one has its stack and the owner of its lock") {
  const CrashReport report = report_of(ReportCore());
  CHECK(report.tasks.total == 5);
  REQUIRE(report.tasks.blocked.size() == 2);
  const BlockedTask& waiter = report.tasks.blocked[0];
  CHECK(waiter.task.comm == "waiter");
  CHECK(waiter.task.state == 'D');
  REQUIRE(waiter.wait);
  CHECK(std::string(waiter.wait->kind) == "mutex");
  REQUIRE(waiter.owner);
  CHECK(waiter.owner->pid == 20);
  CHECK(as_text(waiter.trace, report.names) ==
        "__schedule+0x10/0x100 __mutex_lock.constprop.0+0x20/0x100 ret_from_fork+0x8/0xf400 "
        "(end of stack)");
  // The holder sleeps otherwise; its stack is there because it holds the lock.
  CHECK(report.tasks.blocked[1].is_owner);
  CHECK(report.tasks.blocked[1].task.comm == "holder");
  REQUIRE(report.parents.size() == 1);
  CHECK(report.parents[0].comm == "swapper/0");
}

TEST_CASE("modules have their build-id, flags, version and memory") {
  const CrashReport report = report_of(ReportCore());
  REQUIRE(report.modules.size() == 1);
  const KernelModule& module = report.modules[0];
  CHECK(module.name == "mod");
  CHECK(module.version == "1.2");
  CHECK(module.taints == "OE");
  CHECK(module.build_id == "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3");
  CHECK(module.size_bytes == 0x1000);
  CHECK(report.taint_letters == "OE");
  CHECK(report.command_line == "quiet splash");
  CHECK(report.hardware == "QEMU Q35");
  CHECK(report.memory.rows[0].kib == 4 * 3072u);
}

TEST_CASE("without BTF the stacks are unwound all the same, and what is missing is named") {
  // The format of ORC is known by its hash alone then, which this kernel does not have.
  const CrashReport report = report_of(ReportCore(ReportCore::OrcFormat::of_6_12, false));
  CHECK(misses(report, "types"));
  CHECK(misses(report, "stacks"));
  CHECK(misses(report, "tasks"));
  CHECK(misses(report, "modules"));
  // The log gives the same signature as the stack.
  CHECK(report.source == CrashReport::Source::log);
  const CrashReport whole = report_of(ReportCore());
  CHECK(whole.source == CrashReport::Source::stack);
  CHECK(report.signature.id == whole.signature.id);
  CHECK(report.signature.title == whole.signature.title);
}

TEST_CASE("without time the log alone is left") {
  const ReportCore core;
  const auto vmcore = core.open();
  const CrashReport report = make_crash_report(*vmcore, real_sys(), 0);
  CHECK(misses(report, "time"));
  CHECK(report.source == CrashReport::Source::log);
  CHECK(report.signature.title == "panic in sysrq_handle_crash");
}

TEST_CASE("damaged stacks, tasks, modules and tables end in bounded reports") {
  constexpr uint64_t kSeed = 20261201;
  CAPTURE(kSeed);
  std::mt19937_64 random(kSeed);
  const ReportCore::OrcFormat formats[] = {ReportCore::OrcFormat::of_6_1,
                                           ReportCore::OrcFormat::of_7_3};
  for (int round = 0; round < 60; ++round) {
    ReportCore core(formats[round % 2]);
    const ReportCore::Range ranges[] = {core.stacks(), core.tasks(), core.modules(), core.orc(),
                                        core.btf()};
    const ReportCore::Range& range = ranges[random() % std::size(ranges)];
    for (int change = 0; change < 1 + round; ++change) {
      const uint64_t at = range.paddr + random() % (range.size_bytes / 8) * 8;
      const uint64_t old = core.core().image().get<uint64_t>(at);
      const uint64_t values[] = {0, ~0ull, old ^ 1ull << random() % 64, random(),
                                 core.core().tables().direct_vaddr(at)};
      core.core().image().put(at, values[random() % std::size(values)]);
    }
    core.core().rewrite();
    const CrashReport report = report_of(core);
    for (const CpuTrace& cpu : report.cpus) CHECK(cpu.trace.frames.size() <= Trace::kMaxFrames);
    CHECK(report.modules.size() <= ModuleList::kMaxModules);
    CHECK(report.tasks.total <= TaskReader::kMaxTasks);
    CHECK_FALSE(report.signature.title.empty());  // the log is sound
  }
}

}  // namespace kdump
