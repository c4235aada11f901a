// Signatures: the same crash has the same one, and a shell can confirm it.
#include "filter/kernel/report/signature.h"

#include <doctest/doctest.h>

#include "filter/crypto/sha1.h"

namespace kdump {
namespace {

std::vector<NamedFrame> frames(std::initializer_list<const char*> names) {
  std::vector<NamedFrame> out;
  for (const char* name : names) out.push_back({name, {}});
  return out;
}

std::string joined(const Signature& signature) {
  std::string out;
  for (const NamedFrame& frame : signature.frames) out += frame.function + " ";
  return out;
}

}  // namespace

TEST_CASE("SHA-1 has the digests of FIPS 180-4 and of sha1sum") {
  CHECK(sha1_of("abc") == "a9993e364706816aba3e25717850c26c9cd0d89d");
  CHECK(sha1_of("") == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  CHECK(sha1_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
  CHECK(sha1_of(std::string(1'000'000, 'a')) == "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

TEST_CASE("one crash has one signature on different kernels, by stack and by log") {
  const auto of_6_1 =
      frames({"__crash_kexec", "panic", "sysrq_handle_crash", "__handle_sysrq",
              "write_sysrq_trigger", "proc_reg_write", "vfs_write", "ksys_write", "do_syscall_64"});
  const auto of_7_3 =
      frames({"__crash_kexec", "vpanic", "panic", "sysrq_handle_crash", "__handle_sysrq.cold",
              "write_sysrq_trigger", "proc_reg_write", "vfs_write", "ksys_write"});
  const auto of_log = frames({"dump_stack_lvl", "panic", "sysrq_handle_crash", "__handle_sysrq",
                              "write_sysrq_trigger", "proc_reg_write", "vfs_write", "ksys_write"});
  const std::string reason = "sysrq triggered crash";
  const Signature one = make_signature(of_6_1, reason, "Kernel panic - not syncing: " + reason);
  CHECK(one.title == "panic in sysrq_handle_crash");
  CHECK(one.short_id() == "1-372d401c81f4c55c");
  CHECK(make_signature(of_7_3, reason, "").id == one.id);
  CHECK(make_signature(of_log, reason, "").id == one.id);
}

TEST_CASE("what was interrupted is left out, but for lockups it is all that counts") {
  const auto oops = frames({"kitest_deref", "tick", "asm_sysvec_apic_timer_interrupt", "munmap"});
  const Signature fault = make_signature(oops, "BUG: kernel NULL pointer dereference",
                                         "BUG: kernel NULL pointer dereference, address: 8");
  CHECK(joined(fault) == "kitest_deref tick ");
  CHECK(fault.title == "page fault in kitest_deref");
  const auto lockup = frames({"__crash_kexec", "panic", "watchdog_timer_fn",
                              "asm_sysvec_apic_timer_interrupt", "spin_inner", "soft", "kthread"});
  const Signature soft = make_signature(lockup, "softlockup: hung tasks", "");
  CHECK(joined(soft) == "spin_inner soft kthread ");
  CHECK(soft.title == "soft lockup in spin_inner");
}

TEST_CASE("a hung task is named by what waits, not by how") {
  const auto stack = frames({"__schedule", "schedule", "schedule_preempt_disabled",
                             "__mutex_lock.constprop.0", "wants_lock", "waiter"});
  CHECK(is_hung_task("hung_task: blocked tasks"));
  CHECK(joined(make_signature(stack, "hung_task: blocked tasks", "")) == "wants_lock waiter ");
}

TEST_CASE("without frames the reason counts, whatever numbers are in it") {
  const Signature one = make_signature({}, "Fatal machine check on CPU 12, bank 0xfe3", "");
  CHECK(one.frames.empty());
  CHECK(one.id == make_signature({}, "Fatal machine check on CPU 7, bank 0x1", "").id);
  CHECK(one.id == sha1_of("Fatal machine check on CPU N, bank N\n"));
  CHECK(make_signature({}, "", "").short_id().empty());
}

TEST_CASE("modules stand in the title, not in the signature") {
  std::vector<NamedFrame> with = frames({"deref"});
  const std::string without = make_signature(with, "", "").id;
  with[0].module = "mod";
  const Signature signature = make_signature(with, "", "kernel BUG at mod.c:3!");
  CHECK(signature.id == without);
  CHECK(signature.title == "BUG in deref [mod]");
}

}  // namespace kdump
