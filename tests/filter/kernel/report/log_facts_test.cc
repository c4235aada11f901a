// What the log says of a crash: the trace that counts, in each way that kernels print one.
#include "filter/kernel/report/log_facts.h"

#include <doctest/doctest.h>

namespace kdump {
namespace {

LogFacts facts_of(std::string_view log, size_t step = 7) {
  LogReader reader;
  for (size_t at = 0; at < log.size(); at += step) {
    const std::string_view part = log.substr(at, step);
    CHECK(reader.write_at(at, {reinterpret_cast<const uint8_t*>(part.data()), part.size()}));
  }
  return reader.take();
}

std::string joined(const std::vector<NamedFrame>& frames) {
  std::string out;
  for (const NamedFrame& frame : frames)
    out += frame.function + (frame.module.empty() ? "" : "@" + frame.module) + " ";
  return out;
}

constexpr std::string_view kOops =
    "[    1.000000] Linux version 6.1.0\n"
    "[    2.000000] Call Trace:\n[    2.000000]  old+0x1/0x2\n"
    "[   26.900000] BUG: kernel NULL pointer dereference, address: 0000000000000008\n"
    "[   26.900000] #PF: supervisor read access in kernel mode\n"
    "[   26.900000][  T174] Oops: 0000 [#1] PREEMPT SMP PTI\n"
    "[   26.900000] CPU: 1 PID: 174 Comm: find Tainted: G           OE\n"
    "[   26.900000] RIP: 0010:kitest_deref+0x5/0x10 [kitest]\n"
    "[   26.900000] Call Trace:\n[   26.900000]  <IRQ>\n"
    "[   26.900000]  ? __die_body.cold+0x1a/0x1f\n"
    "[   26.900000]  kitest_level2+0xa/0x20 [kitest]\n[   26.900000]  </IRQ>\n"
    "[   26.900000]  <TASK>\n[   26.900000]  asm_sysvec_apic_timer_interrupt+0x16/0x20\n"
    "[   26.900000] RIP: 0010:smp_call_function_many_cond+0xf1/0x330\n"
    "[   26.900000] Code: 90 90 66 0f 1f 00 0f 1f 44 00 00 48 8b 05 30 c6 e1 01 f6 c4 02 75\n"
    "[   26.900000] RSP: 0018:ffffd29a00013c60 EFLAGS: 00000206\n"
    "[   26.900000]  do_syscall_64+0x5d/0xb0\n[   26.900000] RIP: 0033:0x7f1234567890\n"
    "[   26.900000]  </TASK>\n[   26.900000] Modules linked in: kitest(OE)\n"
    "[   26.900000] CR2: 0000000000000008\n";

}  // namespace

TEST_CASE("an oops: from the faulting instruction on, reliable frames only") {
  const LogFacts facts = facts_of(kOops);
  CHECK(facts.reason == "BUG: kernel NULL pointer dereference, address: 0000000000000008");
  CHECK(joined(facts.frames) ==
        "kitest_deref@kitest kitest_level2@kitest asm_sysvec_apic_timer_interrupt "
        "smp_call_function_many_cond do_syscall_64 ");
  CHECK(facts.event.starts_with("BUG: kernel NULL pointer"));
  CHECK(facts.text.starts_with("BUG: kernel NULL pointer"));
  CHECK(facts.text.find("CR2") != std::string::npos);
  CHECK(facts.text.find(" old+0x1") == std::string::npos);
}

TEST_CASE("arm64 has other words") {
  const LogFacts facts = facts_of(
      "[    9.0] Unable to handle kernel NULL pointer dereference at virtual address 08\n"
      "[    9.0] Internal error: Oops: 0000000096000004 [#1] SMP\n"
      "[    9.0] pc : kitest_deref+0x8/0x20 [kitest]\n[    9.0] lr : kitest+0x1/0x2\n"
      "[    9.0] Call trace:\n[    9.0]  kitest_deref+0x8/0x20 [kitest] (P)\n"
      "[    9.0]  kthread+0x10/0x20\n[    9.0] Code: d503233f\n");
  CHECK(facts.event.starts_with("Unable to handle kernel NULL"));
  CHECK(joined(facts.frames) == "kitest_deref@kitest kthread ");
}

TEST_CASE("a hung task is found by its number") {
  const LogFacts facts = facts_of(
      "[  240.0] INFO: task my task:2:177 blocked for more than 120 seconds.\n"
      "[  240.0] task:my task:2 state:D stack:0 pid:177\n[  240.0] Call Trace:\n"
      "[  240.0]  <TASK>\n[  240.0]  __schedule+0x34d/0x9e0\n"
      "[  240.0]  wants_lock+0x11/0x30 [kitest]\n[  240.0]  </TASK>\n"
      "[  240.1] Kernel panic - not syncing: hung_task: blocked tasks\n"
      "[  240.1] Call Trace:\n[  240.1]  panic+0x1/0x2\n[  240.1]  watchdog+0x1/0x2\n");
  CHECK(facts.hung_pid == 177);
  CHECK(joined(facts.hung_frames) == "__schedule wants_lock@kitest ");
  CHECK(joined(facts.frames) == "panic watchdog ");
  CHECK(facts.text.starts_with("INFO: task"));
}

TEST_CASE("a long log keeps its end, a hostile one stays printable") {
  std::string log;
  for (int i = 0; i < 20'000; ++i) log += "[    1.0] line " + std::to_string(i) + "\x01\n";
  log += kOops;
  const LogFacts facts = facts_of(log, 5000);
  CHECK(facts.frames.size() == 5);
  for (const char c : facts.text) CHECK((c == '\n' || (c >= ' ' && c <= '~')));
  CHECK(facts_of(std::string(300'000, '\n') + std::string(kOops), 5000).frames.size() == 5);
  CHECK(facts_of("").frames.empty());
  CHECK(facts_of("Call Trace:\n").frames.empty());
  CHECK(facts_of("Call Trace:\n +0x1/0x2\n a b+0x1/0x2\n x/0x1+0x2\n").frames.empty());
}

}  // namespace kdump
