#include "filter/kernel/report/log_facts.h"

#include <algorithm>
#include <charconv>
#include <span>

#include "filter/base/text.h"
#include "filter/base/text_list.h"

namespace kdump {
namespace {

using Lines = std::span<const std::string_view>;

constexpr size_t kMaxFrames = 64, kMaxLines = 4096;
// One crash begins with several lines, such as "BUG: …" and "Oops: …", not far from each other.
constexpr size_t kHeadLines = 8;

constexpr std::string_view kPanic = "Kernel panic - not syncing: ";
constexpr std::string_view kEvents =
    "BUG: |kernel BUG at |Oops: |Oops - |general protection fault|double fault|"
    "Internal error: |Unable to handle kernel |watchdog: BUG: |NMI watchdog: |"
    "watchdog: Watchdog detected hard LOCKUP|rcu: INFO: |INFO: task |invalid opcode: |"
    "Insufficient stack space|traps: PANIC: |PANIC: |stack segment: |divide error: ";
// Panics that follow a report of their own.
constexpr std::string_view kAfterReport =
    "softlockup|Hard LOCKUP|hung_task|RCU Stall|Fatal exception|Oops";

// Behind "[   12.345678] " and, with CONFIG_PRINTK_CALLER, "[  T123] ".
std::string_view without_prefix(std::string_view line) {
  for (int i = 0; i < 2 && line.starts_with('['); ++i) {
    const size_t end = line.find("] ");
    if (end == std::string_view::npos || end > 24) break;
    line.remove_prefix(end + 2);
  }
  return line;
}

bool is_panic(std::string_view line) { return line.starts_with(kPanic); }

bool is_event(std::string_view line) { return is_panic(line) || begins_as_listed(line, kEvents); }

bool is_trace_begin(std::string_view line) {
  return line.starts_with("Call Trace:") || line.starts_with("Call trace:");
}

// "name+0x1a/0x20 [module …]"; "? name…" is no reliable frame.
std::optional<NamedFrame> parse_frame(std::string_view line) {
  const size_t plus = line.find("+0x"), slash = line.find("/0x");
  if (plus == 0 || slash == std::string_view::npos || plus > slash) return std::nullopt;
  NamedFrame frame{.function = printable(line.substr(0, plus)), .module = {}};
  if (frame.function.find(' ') != std::string::npos) return std::nullopt;
  const size_t bracket = line.find(" [");
  if (bracket != std::string_view::npos) {
    const std::string_view module = line.substr(bracket + 2);
    frame.module = printable(module.substr(0, module.find_first_of(" ]")));
  }
  return frame;
}

// x86's trace lacks the instruction that was interrupted, arm64's begins with it. Of the kernel:
// user code has another segment.
std::optional<NamedFrame> parse_instruction_pointer(std::string_view line) {
  constexpr std::string_view kMark = "RIP: 0010:";
  return line.starts_with(kMark) ? parse_frame(line.substr(kMark.size())) : std::nullopt;
}

// The frames of the trace that begins at `begin`. Registers, with the code at the instruction
// pointer, stand in the middle of it where something was interrupted.
std::vector<NamedFrame> frames_of(Lines lines, size_t begin) {
  std::vector<NamedFrame> frames;
  for (size_t i = begin + 1; i < lines.size() && frames.size() < kMaxFrames; ++i) {
    const std::string_view line = lines[i];
    if (line.starts_with(" </TASK>") || line.starts_with("Modules linked in") ||
        line.starts_with("---[ ") || is_event(line) || is_trace_begin(line))
      break;
    auto frame =
        line.starts_with(' ') ? parse_frame(line.substr(1)) : parse_instruction_pointer(line);
    if (frame) frames.push_back(*std::move(frame));
  }
  return frames;
}

// The last kMaxLines of them: a hostile log may hold nothing but line ends.
std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> lines;
  if (text.ends_with('\n')) text.remove_suffix(1);
  while (!text.empty() && lines.size() < kMaxLines) {
    const size_t end = text.rfind('\n');
    const size_t begin = end == std::string_view::npos ? 0 : end + 1;
    lines.push_back(without_prefix(text.substr(begin)));
    text = text.substr(0, begin == 0 ? 0 : end);
  }
  std::ranges::reverse(lines);
  return lines;
}

// The last line before `end` for which is_one says so.
template <class Is>
std::optional<size_t> last_before(Lines lines, size_t end, Is is_one) {
  for (size_t i = end; i > 0; --i)
    if (is_one(lines[i - 1])) return i - 1;
  return std::nullopt;
}

// Where the report of the crash begins whose last line of events is `event`.
size_t begin_of_report(Lines lines, size_t event) {
  if (is_panic(lines[event])) {
    if (!begins_as_listed(lines[event].substr(kPanic.size()), kAfterReport)) return event;
    event = last_before(lines, event, [](std::string_view line) {
              return is_event(line) && !is_panic(line);
            }).value_or(event);
  }
  for (;;) {
    const size_t first = event - std::min(event, kHeadLines);
    const auto before = last_before(lines.subspan(first), event - first, is_event);
    if (!before) return event;
    event = first + *before;
  }
}

void find_hung_task(Lines lines, LogFacts& facts) {
  constexpr std::string_view kBegin = "INFO: task ", kEnd = " blocked ";
  const auto at = last_before(lines, lines.size(), [&](std::string_view line) {
    return line.starts_with(kBegin) && line.find(kEnd) != std::string_view::npos;
  });
  if (!at) return;
  const std::string_view name = lines[*at].substr(0, lines[*at].find(kEnd));
  const size_t colon = name.rfind(':');
  int32_t pid = 0;
  if (colon == std::string_view::npos) return;
  const char* const end = name.data() + name.size();
  if (std::from_chars(name.data() + colon + 1, end, pid).ptr != end) return;
  facts.hung_pid = pid;
  for (size_t i = *at; i < lines.size(); ++i)
    if (is_trace_begin(lines[i])) {
      facts.hung_frames = frames_of(lines, i);
      return;
    }
}

std::string cut_text(Lines lines) {
  std::string text;
  for (const std::string_view line : lines) {
    if (text.size() + line.size() + 1 > LogFacts::kMaxTextBytes) break;
    text += printable(line) + '\n';
  }
  return text;
}

}  // namespace

Result<> LogReader::write_at(uint64_t offset, Bytes data) {
  TRY(reason_.write_at(offset, data));
  // Half of it is thrown away at a time, so that bytes are moved rarely.
  const Bytes last = data.last(std::min(data.size(), kMaxTailBytes));
  if (tail_.size() + last.size() > 2 * kMaxTailBytes)
    tail_.erase(0, tail_.size() - (kMaxTailBytes - std::min(last.size(), kMaxTailBytes)));
  tail_.append(last.begin(), last.end());
  return {};
}

LogFacts LogReader::take() {
  LogFacts facts;
  facts.reason = printable(reason_.take());
  const std::vector<std::string_view> all = split(tail_);
  const Lines lines(all);
  const auto trace = last_before(lines, lines.size(), is_trace_begin);
  const auto event = last_before(lines, trace.value_or(lines.size()), is_event);
  find_hung_task(lines, facts);
  const size_t begin = event ? begin_of_report(lines, *event) : trace.value_or(lines.size());
  facts.text = cut_text(lines.subspan(begin));
  if (event) facts.event = printable(lines[begin]);
  if (!trace) return facts;
  for (size_t i = event.value_or(*trace); i < *trace; ++i)
    if (auto frame = parse_instruction_pointer(lines[i])) facts.frames = {*std::move(frame)};
  for (NamedFrame& frame : frames_of(lines, *trace)) facts.frames.push_back(std::move(frame));
  return facts;
}

}  // namespace kdump
