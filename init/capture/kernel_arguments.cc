#include "init/capture/kernel_arguments.h"

#include "filter/base/kernel_tokens.h"
#include "init/capture/values.h"
#include "targets/schemes.h"
#include "targets/url/url.h"

namespace kdump {
namespace {

constexpr std::string_view kPrefix = "rd.kdump.";
constexpr std::string_view kTarget = "target", kFailure = "failure";
constexpr uint32_t kMaxSeconds = 86'400;
constexpr size_t kMaxFenceNodes = 64;  // pacemaker's clusters have at most 32
constexpr uint32_t kMaxKeep = 9999;
// What is quoted of a value in a warning.
constexpr size_t kMaxQuoted = 60;

// -- Names of actions.

struct FailureName {
  const char* name;
  FailureAction action;
};
constexpr FailureName kFailureNames[] = {{"shell", FailureAction::shell},
                                         {"reboot", FailureAction::reboot},
                                         {"halt", FailureAction::halt},
                                         {"poweroff", FailureAction::poweroff}};

struct FinalName {
  const char* name;
  FinalAction action;
};
constexpr FinalName kFinalNames[] = {{"reboot", FinalAction::reboot},
                                     {"halt", FinalAction::halt},
                                     {"poweroff", FinalAction::poweroff}};

struct VerifyName {
  const char* name;
  Verify action;
};
constexpr VerifyName kVerifyNames[] = {{"auto", Verify::automatic},
                                       {"all", Verify::all},
                                       {"sample", Verify::sample},
                                       {"none", Verify::none}};

// -- Arguments with one value: the last valid one counts.

template <class T>
Result<> assign(T& field, Result<T> parsed) {
  if (!parsed) return std::unexpected(parsed.error());
  field = std::move(*parsed);
  return {};
}

template <class T, size_t n>
Result<> assign_named(auto& field, const T (&names)[n], std::string_view value) {
  for (const T& row : names) {
    if (value != row.name) continue;
    field = row.action;
    return {};
  }
  std::string expected;
  for (const T& row : names) expected += std::string(expected.empty() ? "" : ", ") + row.name;
  return fail(Kind::refused, "expected one of %s", expected.c_str());
}

struct Argument {
  std::string_view name;
  const char* syntax;   // of the value
  const char* meaning;  // one line of README's table and of `kdump-init help arguments`
  Result<> (*set)(Settings&, std::string_view value);
  std::string (*in_force)(const Settings&);
};

constexpr const char kTargetSyntax[] = "URL";
constexpr const char kTargetMeaning[] =
    "where to save the dump; repeatable, tried in order until one has saved it";

std::string format_levels(const std::vector<uint32_t>& levels) {
  std::string text;
  for (const uint32_t level : levels) text += (text.empty() ? "" : ",") + std::to_string(level);
  return text;
}

std::string seconds(uint32_t value) { return std::to_string(value); }

// Addresses: mkinitramfs has looked names up while a resolver was there.
Result<std::vector<IpAddress>> parse_nodes(std::string_view value) {
  std::vector<IpAddress> nodes;
  for (;;) {
    const size_t comma = value.find(',');
    const auto node = IpAddress::parse(value.substr(0, comma));
    if (!node || nodes.size() == kMaxFenceNodes)
      return fail(Kind::refused, "expected at most %zu IP addresses with commas between",
                  kMaxFenceNodes);
    nodes.push_back(*node);
    if (comma == std::string_view::npos) return nodes;
    value.remove_prefix(comma + 1);
  }
}

std::string format_nodes(const std::vector<IpAddress>& nodes) {
  std::string text;
  for (const IpAddress& node : nodes) text += (text.empty() ? "" : ",") + node.text();
  return text.empty() ? "none" : text;
}

template <class T, size_t n>
std::string name_of(const T (&names)[n], auto action) {
  for (const T& row : names)
    if (row.action == action) return row.name;
  return "";
}

constexpr Argument kArguments[] = {
    {"level", "N[,M...]",
     "leave out 1 zero pages, 2 cache, 4 cache with private data, 8 user memory, 16 free "
     "memory (the sum); further levels are tried where the space does not suffice",
     [](Settings& s, std::string_view value) { return assign(s.levels, parse_levels(value)); },
     [](const Settings& s) { return format_levels(s.levels); }},
    {"format", "kdump|elf", "dump format",
     [](Settings& s, std::string_view value) { return assign(s.format, parse_format(value)); },
     [](const Settings& s) { return std::string(format_name(s.format)); }},
    {"compress", "zstd[:LEVEL]|none|auto", "page compression; auto follows the target's speed",
     [](Settings& s, std::string_view value) {
       return assign(s.compression, parse_compression(value));
     },
     [](const Settings& s) { return compression_name(s.compression); }},
    {kFailure, "shell|reboot|halt|poweroff",
     "the action after every target has failed; shell is the default of an image packed "
     "with one",
     [](Settings& s, std::string_view value) {
       return assign_named(s.failure, kFailureNames, value);
     },
     [](const Settings& s) { return name_of(kFailureNames, s.failure); }},
    {"final", "reboot|halt|poweroff", "the action after a dump was saved",
     [](Settings& s, std::string_view value) { return assign_named(s.final, kFinalNames, value); },
     [](const Settings& s) { return name_of(kFinalNames, s.final); }},
    {"verify", "auto|all|sample|none",
     "how much of the dump is read back: a sample before it is reported saved, then all of "
     "it; auto stops when that takes longer than writing",
     [](Settings& s, std::string_view value) {
       return assign_named(s.verify, kVerifyNames, value);
     },
     [](const Settings& s) { return name_of(kVerifyNames, s.verify); }},
    {"keep", "N",
     "keep N complete dumps of this host on a target and remove older ones; 0 keeps all",
     [](Settings& s, std::string_view value) {
       return assign(s.keep, parse_number(value, 0, kMaxKeep));
     },
     [](const Settings& s) { return std::to_string(s.keep); }},
    {"shell_timeout", "S", "seconds that the prompt for the shell waits before the reboot",
     [](Settings& s, std::string_view value) {
       return assign(s.shell_timeout_s, parse_seconds(value, 1, kMaxSeconds));
     },
     [](const Settings& s) { return seconds(s.shell_timeout_s); }},
    {"hook_timeout", "S", "seconds that one packed hook may run",
     [](Settings& s, std::string_view value) {
       return assign(s.hook_timeout_s, parse_seconds(value, 1, kMaxSeconds));
     },
     [](const Settings& s) { return seconds(s.hook_timeout_s); }},
    {"fence", "ADDRESS[,...]", "cluster nodes that get fence_kdump messages during the capture",
     [](Settings& s, std::string_view value) { return assign(s.fence_nodes, parse_nodes(value)); },
     [](const Settings& s) { return format_nodes(s.fence_nodes); }},
    {"fence_port", "PORT", "UDP port of these messages",
     [](Settings& s, std::string_view value) {
       return assign(s.fence_port, parse_number(value, 1, 65'535));
     },
     [](const Settings& s) { return std::to_string(s.fence_port); }},
    {"fence_interval", "S", "seconds between two of these messages",
     [](Settings& s, std::string_view value) {
       return assign(s.fence_interval_s, parse_seconds(value, 1, kMaxSeconds));
     },
     [](const Settings& s) { return seconds(s.fence_interval_s); }},
    {"timeout", "S", "deadline of one step in seconds, such as the wait for a device or a link",
     [](Settings& s, std::string_view value) {
       return assign(s.step_timeout_s, parse_seconds(value, 1, kMaxSeconds));
     },
     [](const Settings& s) { return seconds(s.step_timeout_s); }},
    {"stall", "S", "seconds without progress after which a target fails",
     [](Settings& s, std::string_view value) {
       return assign(s.stall_timeout_s, parse_seconds(value, 1, kMaxSeconds));
     },
     [](const Settings& s) { return seconds(s.stall_timeout_s); }},
    {"limit", "S",
     "seconds that one target may take; then its dump is closed, incomplete, and the next "
     "target is tried",
     [](Settings& s, std::string_view value) {
       return assign(s.limit_s, parse_seconds(value, 1, kMaxSeconds));
     },
     [](const Settings& s) {
       return s.limit_s == 0 ? "1 s for each MiB, 3600 to 86400" : seconds(s.limit_s);
     }},
    {"retry", "S",
     "seconds for which targets whose failure may pass are tried again after all have failed; 0 "
     "for never",
     [](Settings& s, std::string_view value) {
       return assign(s.retry_s, parse_seconds(value, 0, kMaxSeconds));
     },
     [](const Settings& s) { return seconds(s.retry_s); }},
};

// -- One text after the other.

class Parser {
 public:
  explicit Parser(bool shell_is_packed) : shell_is_packed_(shell_is_packed) {
    if (shell_is_packed_) result_.settings.failure = FailureAction::shell;
  }

  void read_packed(std::string_view text) {
    read(text);
    shell_is_forbidden_ = failure_is_given_ && result_.settings.failure != FailureAction::shell;
  }

  void read_command_line(std::string_view text) {
    const FailureAction packed = result_.settings.failure;
    read(text);
    if (shell_is_forbidden_ && result_.settings.failure == FailureAction::shell) {
      result_.settings.failure = packed;
      warn("rd.kdump.failure=shell: this image forbids a shell; using " +
           name_of(kFailureNames, packed));
    }
  }

  KernelArguments finish() {
    if (result_.settings.failure == FailureAction::shell && !shell_is_packed_) {
      result_.settings.failure = FailureAction::reboot;
      warn("rd.kdump.failure=shell: this image has no shell in it; using reboot");
    }
    if (unsaid_ > 0) result_.warnings.push_back(std::to_string(unsaid_) + " further bad arguments");
    return std::move(result_);
  }

 private:
  void read(std::string_view text);
  void add_target(std::string_view url, bool& is_first);
  void set(std::string_view name, const KernelToken& token);
  void warn(std::string text);

  bool shell_is_packed_;
  bool failure_is_given_ = false, shell_is_forbidden_ = false;
  KernelArguments result_;
  size_t unsaid_ = 0;
};

std::string quoted(const KernelToken& token) {
  return std::string(token.name.substr(0, kMaxQuoted)) + "=" +
         std::string(token.value.substr(0, kMaxQuoted));
}

void Parser::read(std::string_view text) {
  bool is_first_target = true;
  while (const auto token = next_kernel_token(text)) {
    if (!token->name.starts_with(kPrefix)) continue;
    const std::string_view name = token->name.substr(kPrefix.size());
    if (name == kTarget)
      add_target(token->value, is_first_target);
    else
      set(name, *token);
  }
}

// is_first: of this text. Its targets replace those of the text before.
void Parser::add_target(std::string_view url, bool& is_first) {
  std::vector<std::string>& targets = result_.settings.targets;
  const std::string target(url);
  if (const auto checked = check_target_url(target); !checked)
    return warn("rd.kdump.target=" + without_password(target).substr(0, kMaxQuoted) + ": " +
                checked.error().text + "; ignored");
  if (is_first) targets.clear();
  is_first = false;
  if (targets.size() == kMaxTargets)
    return warn("rd.kdump.target=" + target.substr(0, kMaxQuoted) + ": more than " +
                std::to_string(kMaxTargets) + " targets; ignored");
  targets.push_back(target);
}

void Parser::set(std::string_view name, const KernelToken& token) {
  for (const Argument& argument : kArguments) {
    if (argument.name != name) continue;
    if (const auto done = argument.set(result_.settings, token.value); !done)
      warn(quoted(token) + ": " + done.error().text + "; using " +
           argument.in_force(result_.settings));
    else if (name == kFailure)
      failure_is_given_ = true;
    return;
  }
  warn(quoted(token) + ": unknown argument; ignored");
}

void Parser::warn(std::string text) {
  if (result_.warnings.size() < kMaxWarnings)
    result_.warnings.push_back(std::move(text));
  else
    ++unsaid_;
}

}  // namespace

Result<> check_kernel_argument(std::string_view name, std::string_view value) {
  if (name == kTarget) return check_target_url(std::string(value));
  Settings settings;
  for (const Argument& argument : kArguments)
    if (argument.name == name) return argument.set(settings, value);
  return fail(Kind::refused, "unknown argument");
}

std::vector<ArgumentHelp> kernel_argument_help() {
  std::vector<ArgumentHelp> rows = {{kTarget, kTargetSyntax, kTargetMeaning, "none"}};
  const Settings defaults;
  for (const Argument& argument : kArguments)
    rows.push_back({argument.name, argument.syntax, argument.meaning, argument.in_force(defaults)});
  return rows;
}

std::string kernel_arguments_text() {
  std::string text =
      "Kernel arguments of the capture kernel select what to save and what to do afterwards. An\n"
      "unknown or invalid one is reported and its default used.\n";
  for (const ArgumentHelp& row : kernel_argument_help()) {
    text += "\n  " + std::string(kPrefix) + std::string(row.name) + "=" + row.syntax + "\n";
    std::string line = std::string(row.meaning) + " (default " + row.default_value + ")";
    constexpr size_t kColumns = 80, kIndent = 6;
    while (line.size() > kColumns - kIndent) {
      const size_t space = line.rfind(' ', kColumns - kIndent);
      text += std::string(kIndent, ' ') + line.substr(0, space) + "\n";
      line.erase(0, space + 1);
    }
    text += std::string(kIndent, ' ') + line + "\n";
  }
  return text;
}

KernelArguments parse_kernel_arguments(std::string_view packed, std::string_view command_line,
                                       bool shell_is_packed) {
  Parser parser(shell_is_packed);
  parser.read_packed(packed);
  parser.read_command_line(command_line);
  return parser.finish();
}

}  // namespace kdump
