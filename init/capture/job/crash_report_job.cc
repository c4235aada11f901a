#include "init/capture/job/crash_report_job.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "filter/base/owned.h"
#include "filter/core_file/fault_guard.h"
#include "init/capture/child.h"
#include "init/capture/integrity/dump_integrity.h"
#include "init/capture/report/crash_json.h"
#include "init/capture/report/crash_text.h"
#include "targets/crash_files.h"

namespace kdump {
namespace {

// Of all of it; within the first part memory may be read, then functions are named.
constexpr int64_t kBudgetMs = 2000, kReadingMs = 1200;
constexpr int64_t kKillMs = 1000;
// 64 blocked tasks and some hundred CPUs have less.
constexpr size_t kMaxBytes = 2u << 20;

struct PipeTraits {
  using Handle = int;
  static constexpr Handle kNone = -1;
  static void release(Handle fd) { ::close(fd); }
};
using PipeEnd = Owned<PipeTraits>;

// What the child sends: the sizes of three texts, then these.
struct Sizes {
  uint32_t head, text, json;
};

struct Texts {
  std::string head;  // lines for the console
  std::string text, json;
};

void write_all(int fd, std::string_view data) {
  while (!data.empty()) {
    const ssize_t written = ::write(fd, data.data(), data.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    data.remove_prefix(static_cast<size_t>(written));
  }
}

// In the child.
void make_report(Vmcore& vmcore, int fd) {
  install_fault_guard();
  const CrashReport report = make_crash_report(vmcore, real_sys(), kReadingMs);
  std::string head;
  for (const std::string& line : crash_report_head(report)) head += line + "\n";
  const std::string text = crash_report_as_text(report, vmcore.system());
  const std::string json = crash_report_as_json(report, vmcore.system());
  const Sizes sizes{static_cast<uint32_t>(head.size()), static_cast<uint32_t>(text.size()),
                    static_cast<uint32_t>(json.size())};
  write_all(fd, {reinterpret_cast<const char*>(&sizes), sizeof sizes});
  for (const std::string_view part :
       {std::string_view(head), std::string_view(text), std::string_view(json)})
    write_all(fd, part);
}

// Until the other side closes, or that time (CLOCK_MONOTONIC).
Result<std::string> read_all(int fd, int64_t until_ms) {
  std::string data;
  std::array<char, 16 * 1024> buffer;
  for (;;) {
    const int64_t left_ms = until_ms - real_sys().monotonic_ms();
    if (left_ms <= 0)
      return fail(Kind::timeout, "it was not made within %d s", static_cast<int>(kBudgetMs / 1000));
    pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
    if (::poll(&ready, 1, static_cast<int>(left_ms)) <= 0) continue;
    const ssize_t size = ::read(fd, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return fail_errno(errno, "reading what the child sends");
    if (size == 0) return data;
    data.append(buffer.data(), static_cast<size_t>(size));
    if (data.size() > kMaxBytes)
      return fail(Kind::unsupported, "it is longer than %zu MiB", kMaxBytes >> 20);
  }
}

Result<Texts> take_apart(std::string_view data) {
  Sizes sizes{};
  if (data.size() < sizeof sizes) return fail(Kind::io, "its child ended without one");
  memcpy(&sizes, data.data(), sizeof sizes);
  data.remove_prefix(sizeof sizes);
  if (data.size() != uint64_t{sizes.head} + sizes.text + sizes.json)
    return fail(Kind::io, "its child ended early");
  return Texts{std::string(data.substr(0, sizes.head)),
               std::string(data.substr(sizes.head, sizes.text)),
               std::string(data.substr(sizes.head + sizes.text))};
}

Result<Texts> run_child(Vmcore& vmcore) {
  const int64_t until_ms = real_sys().monotonic_ms() + kBudgetMs;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno(errno, "a pipe");
  const PipeEnd from(ends[0]);
  PipeEnd to(ends[1]);
  const BlockedSignals blocked;
  Child child = TRY(Child::start([&] { make_report(vmcore, to.get()); }));
  to = {};  // so that reading ends with the child
  const auto data = read_all(from.get(), until_ms);
  if (!data) {
    child.kill(kKillMs);
    return std::unexpected(data.error());
  }
  if (child.wait(real_sys().monotonic_ms() + kKillMs) != Child::Event::ended) child.kill(kKillMs);
  if (!child.exited_with_success()) return std::unexpected(child.end());
  return take_apart(*data);
}

}  // namespace

Result<> save_crash_report(Vmcore& vmcore, Target& target, Manifest& manifest,
                           JobProgress& progress, Console& console) {
  const int64_t began_ms = real_sys().monotonic_ms();
  progress.tick();
  (void)vmcore.symbols();  // before the child, so that the dump has them too
  const Texts texts = TRY(run_child(vmcore));
  for (std::string_view head = texts.head; !head.empty();) {
    const size_t end = head.find('\n');
    console.say("%.*s", static_cast<int>(end), head.data());
    head.remove_prefix(end + 1);
  }
  progress.tick();
  TRY(save_text(target, kCrashTextName, texts.text, manifest));
  TRY(save_text(target, kCrashJsonName, texts.json, manifest));
  console.say("%s and %s saved, in %.1f s", kCrashTextName, kCrashJsonName,
              static_cast<double>(real_sys().monotonic_ms() - began_ms) / 1000);
  return {};
}

}  // namespace kdump
