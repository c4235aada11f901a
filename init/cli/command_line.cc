// See command_line.h. Options are rows of a table: what each is called, whom it belongs to and
// what it sets. The help texts are in command_help.cc.
#include "init/cli/command_line.h"

#include <cstring>
#include <string_view>

#include "init/capture/values.h"
#include "targets/schemes.h"

namespace kdump {
namespace {

constexpr uint32_t kMaxThreads = 64;  // the capture kernel has one or two; a big host some dozens

constexpr unsigned bit(Verb verb) { return 1u << static_cast<unsigned>(verb); }
constexpr unsigned kEveryVerb = ~0u;

struct Option {
  const char* name;
  char letter;  // 0: none
  unsigned verbs;
  bool takes_value;
  Result<> (*apply)(CommandLine& line, std::string_view value);
};

constexpr Option kOptions[] = {
    {"help", 'h', kEveryVerb, false,
     [](CommandLine& line, std::string_view) -> Result<> {
       line.help = true;
       return {};
     }},
    {"level", 'd', bit(Verb::dump), true,
     [](CommandLine& line, std::string_view value) -> Result<> {
       line.settings.levels = TRY(parse_levels(value));
       return {};
     }},
    {"format", 0, bit(Verb::dump), true,
     [](CommandLine& line, std::string_view value) -> Result<> {
       line.settings.format = TRY(parse_format(value));
       return {};
     }},
    {"compress", 0, bit(Verb::dump), true,
     [](CommandLine& line, std::string_view value) -> Result<> {
       line.settings.compression = TRY(parse_compression(value));
       return {};
     }},
    {"threads", 0, bit(Verb::dump), true,
     [](CommandLine& line, std::string_view value) -> Result<> {
       line.settings.threads = TRY(parse_number(value, 1, kMaxThreads));
       return {};
     }},
    {"output", 'o', bit(Verb::dump), true,
     [](CommandLine& line, std::string_view value) -> Result<> {
       line.output = value;
       return {};
     }},
    {"report", 0, bit(Verb::dump), true,
     [](CommandLine& line, std::string_view value) -> Result<> {
       line.report_path = value;
       return {};
     }},
    {"flatten", 0, bit(Verb::dump), false,
     [](CommandLine& line, std::string_view) -> Result<> {
       line.flatten = true;
       return {};
     }},
    {"dry-run", 0, bit(Verb::dump), false,
     [](CommandLine& line, std::string_view) -> Result<> {
       line.dry_run = true;
       return {};
     }},
    {"json", 0, bit(Verb::info) | bit(Verb::report) | bit(Verb::list), false,
     [](CommandLine& line, std::string_view) -> Result<> {
       line.json = true;
       return {};
     }},
    {"lines", 0, bit(Verb::list), false,
     [](CommandLine& line, std::string_view) -> Result<> {
       line.as_lines = true;
       return {};
     }},
};

// "-d31" and "-d 31", "--level=31" and "--level 31".
struct OptionText {
  const Option* option = nullptr;
  const char* value = nullptr;  // nullptr: none attached
};

Result<OptionText> find_option(const char* argument, Verb verb) {
  OptionText found;
  if (argument[1] == '-') {
    const char* const name = argument + 2;
    const char* const equals = strchr(name, '=');
    const std::string_view wanted(name, equals ? equals - name : strlen(name));
    for (const Option& option : kOptions)
      if (wanted == option.name) found = {&option, equals ? equals + 1 : nullptr};
  } else {
    for (const Option& option : kOptions)
      if (option.letter && argument[1] == option.letter)
        found = {&option, argument[2] ? argument + 2 : nullptr};
  }
  if (!found.option || !(found.option->verbs & bit(verb)))
    return fail(Kind::refused, "unknown option '%s'", argument);
  if (found.value && !found.option->takes_value)
    return fail(Kind::refused, "'%s': --%s takes no value", argument, found.option->name);
  return found;
}

Result<Verb> parse_verb(const char* word) {
  if (!strcmp(word, "dump")) return Verb::dump;
  if (!strcmp(word, "dmesg")) return Verb::dmesg;
  if (!strcmp(word, "info")) return Verb::info;
  if (!strcmp(word, "report")) return Verb::report;
  if (!strcmp(word, "check")) return Verb::check;
  if (!strcmp(word, "verify")) return Verb::verify;
  if (!strcmp(word, "list")) return Verb::list;
  if (!strcmp(word, "arguments")) return Verb::arguments;
  return fail(Kind::refused, "unknown command '%s'", word);
}

Result<> check_dump(const CommandLine& line) {
  const auto& targets = line.settings.targets;
  for (const std::string& target : targets)
    if (auto good = check_target_url(target); !good) return good;
  if (!line.output.empty() && !targets.empty())
    return fail(Kind::refused, "'%s': -o FILE excludes targets", targets.front().c_str());
  if (targets.empty() && line.output.empty() && !line.dry_run)
    return fail(Kind::refused, "no TARGET and no -o FILE: nowhere to save the dump");
  const auto kind = line.settings.compression.kind;
  if (line.settings.format == Format::elf && kind == Compression::Kind::zstd)
    return fail(Kind::refused, "--format elf: an ELF core holds pages as they are, no zstd");
  return {};
}

// What must hold of a line as a whole.
Result<> check(const CommandLine& line) {
  if (line.help || line.verb == Verb::version) return {};
  if (line.verb == Verb::general) return fail(Kind::refused, "no command");
  if (line.verb == Verb::check && line.kernel_arguments.empty())
    return fail(Kind::refused, "no KERNEL-ARGUMENT, such as rd.kdump.target=URL");
  if (line.verb == Verb::check) return {};
  if (line.verb == Verb::list) {
    for (const std::string& target : line.settings.targets)
      if (auto good = check_target_url(target); !good) return good;
    return {};
  }
  if (line.verb == Verb::arguments) {
    if (!line.settings.vmcore.empty())
      return fail(Kind::refused, "unexpected argument '%s'", line.settings.vmcore.c_str());
    return {};
  }
  if (line.verb == Verb::verify && line.settings.vmcore.empty())
    return fail(Kind::refused, "no DUMP: a file that was saved, or the directory of its crash");
  if (line.verb == Verb::verify && line.settings.vmcore.find("://") != std::string::npos)
    return fail(Kind::refused, "'%s...': verify reads a local file, device or directory, not a URL",
                line.settings.vmcore.substr(0, line.settings.vmcore.find("://") + 3).c_str());
  if (line.settings.vmcore.empty())
    return fail(Kind::refused, "no VMCORE: the ELF core of a crashed kernel, such as /proc/vmcore");
  if (line.verb == Verb::dump) return check_dump(line);
  if (!line.settings.targets.empty())
    return fail(Kind::refused, "'%s': one %s is enough", line.settings.targets.front().c_str(),
                line.verb == Verb::verify ? "DUMP" : "VMCORE");
  return {};
}

}  // namespace

Result<CommandLine> parse_command_line(std::span<const char* const> arguments) {
  CommandLine line;
  line.settings.vmcore.clear();
  bool options_ended = false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const char* const argument = arguments[i];
    const bool is_option = !options_ended && argument[0] == '-' && argument[1];
    if (is_option && !strcmp(argument, "--")) {
      options_ended = true;
    } else if (is_option && line.verb == Verb::general && !strcmp(argument, "--version")) {
      line.verb = Verb::version;
    } else if (is_option) {
      auto [option, value] = TRY(find_option(argument, line.verb));
      if (option->takes_value && !value) {
        if (i + 1 == arguments.size())
          return fail(Kind::refused, "'%s': a value is missing", argument);
        value = arguments[++i];
      }
      if (option->takes_value && !*value)
        return fail(Kind::refused, "'%s': the value is empty", argument);
      if (auto applied = option->apply(line, value ? value : ""); !applied)
        return wrap(applied.error(), "--%s", option->name);
    } else if (line.verb == Verb::general && !line.help && !strcmp(argument, "help")) {
      line.help = true;
    } else if (line.verb == Verb::general) {
      line.verb = TRY(parse_verb(argument));
    } else if (line.verb == Verb::version) {
      return fail(Kind::refused, "'%s': --version stands alone", argument);
    } else if (line.verb == Verb::check) {
      line.kernel_arguments += std::string(line.kernel_arguments.empty() ? "" : " ") + argument;
    } else if (line.settings.vmcore.empty() && line.verb != Verb::list) {
      line.settings.vmcore = argument;
    } else {
      line.settings.targets.push_back(argument);
    }
  }
  if (auto good = check(line); !good) return std::unexpected(good.error());
  return line;
}

}  // namespace kdump
