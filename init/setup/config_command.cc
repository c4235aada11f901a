#include <cstdio>

#include "init/setup/config/read_configuration.h"
#include "init/setup/config/words.h"
#include "init/setup/setup_commands.h"
#include "init/setup/shell_output.h"

namespace kdump {
namespace {

constexpr char kUsage[] =
    R"(usage: kdump-init config [--kind KIND] [--root DIR] [--explain | --shell] [FILE]

Prints the capture kernel's arguments that FILE means, on one line; without FILE those of the file
that counts on this machine: /etc/kdump-init.conf if it names a target, else the first that is there
of /etc/kdump.conf, /etc/default/kdump-tools and /etc/sysconfig/kdump, with what
/etc/kdump-init.conf sets besides; without any the file system of /var/crash is the target. What is
not understood or not supported is refused by file and line on standard error.
Changes nothing, needs no root.

  --kind KIND   whose format FILE has, where its name does not show it: own, fedora, debian or suse
  --root DIR    the root directory of the machine that is meant (default: /)
  --explain     the meaning of each line, and the options of mkinitramfs, instead
  --shell       all of it as assignments for a shell, instead
  -h, --help    this text

Exit status: 0 all of it is understood; 1 something was refused, and the line is the meaning of the
rest; 2 wrong usage, or FILE cannot be read.
)";

struct Options {
  ConfigKind kind = ConfigKind::none;
  std::string root, file;
  enum class Form : uint8_t { line, explanation, shell } form = Form::line;
  bool help = false;
};

void print_error(const std::string& text) { fprintf(stderr, "config: %s\n", text.c_str()); }

// Fails: refused, with what is wrong.
Result<Options> parse_options(const SetupWords& words) {
  Options options;
  for (size_t i = 0; i < words.size(); ++i) {
    std::string word = words[i], value;
    bool has_value = false;
    if (const size_t equals = word.find('='); word.starts_with("--") && equals != word.npos) {
      value = word.substr(equals + 1);
      word.resize(equals);
      has_value = true;
    } else if (is_among(word, {"--kind", "--root"}) && i + 1 < words.size()) {
      value = words[++i];
      has_value = true;
    }
    if (is_among(word, {"--kind", "--root"}) && !has_value)
      return fail(Kind::refused, "%s needs a value; see --help", word.c_str());
    if (word == "--kind") {
      const auto kind = parse_kind(value);
      if (!kind)
        return fail(Kind::refused, "--kind %s: expected own, fedora, debian or suse",
                    value.c_str());
      options.kind = *kind;
    } else if (word == "--root") {
      options.root = value;
      while (options.root.ends_with('/')) options.root.pop_back();
    } else if (word == "--explain" && !has_value) {
      options.form = Options::Form::explanation;
    } else if (word == "--shell" && !has_value) {
      options.form = Options::Form::shell;
    } else if (is_among(word, {"-h", "--help"})) {
      options.help = true;
    } else if (word.starts_with('-') && word.size() > 1) {
      return fail(Kind::refused, "unknown option '%s'; see --help", words[i].c_str());
    } else if (!options.file.empty()) {
      return fail(Kind::refused, "unexpected argument '%s'; see --help", word.c_str());
    } else {
      options.file = words[i];
    }
  }
  if (options.kind != ConfigKind::none && options.file.empty() && !options.help)
    return fail(Kind::refused, "--kind needs a FILE; see --help");
  return options;
}

void print_row(const char* name, const std::string& text) {
  if (!text.empty()) printf("%-14s%s\n", name, text.c_str());
}

void print_explanation(const Configuration& config) {
  printf("%s, read as %s\n", config.file.empty() ? "no configuration" : config.file.c_str(),
         kind_word(config.kind));
  for (const Configuration::Explained& row : config.explained)
    printf("%5u  %-24s %s\n", row.line, row.directive.c_str(), row.result.c_str());
  for (const std::string& target : config.targets) print_row("target", target);
  print_row("arguments", joined(config.arguments));
  print_row("kernel", joined(config.kernel_arguments));
  print_row("mkinitramfs", joined(config.pack_options));
}

void print_line(const Configuration& config) {
  std::vector<std::string> all;
  for (const std::string& target : config.targets) all.push_back("rd.kdump.target=" + target);
  all.insert(all.end(), config.arguments.begin(), config.arguments.end());
  all.insert(all.end(), config.kernel_arguments.begin(), config.kernel_arguments.end());
  printf("%s\n", joined(all).c_str());
}

void print_assignments(const Configuration& config) {
  fputs((shell_assignment("config_file", config.file) +
         shell_assignment("config_kind", kind_word(config.kind)) +
         shell_assignment("config_force_rebuild", config.force_rebuild ? "yes" : "no") +
         shell_array("config_targets", config.targets) +
         shell_array("config_arguments", config.arguments) +
         shell_array("config_kernel_arguments", config.kernel_arguments) +
         shell_array("config_pack_options", config.pack_options) +
         shell_array("config_refused", config.refused) + shell_array("config_notes", config.notes))
            .c_str(),
        stdout);
}

}  // namespace

int config_command(const SetupWords& words) {
  const auto options = parse_options(words);
  if (!options) {
    print_error(options.error().text);
    return 2;
  }
  if (options->help) {
    fputs(kUsage, stdout);
    return 0;
  }
  const Machine machine(real_sys(), options->root);
  const auto config = options->file.empty()
                          ? Result<Configuration>(read_machine_configuration(machine))
                          : read_configuration_file(machine, options->file, options->kind);
  if (!config) {
    const bool is_read = config.error().kind == Kind::unsupported;
    print_error(options->file + (is_read ? ": " : ": cannot be read: ") + config.error().text);
    return 2;
  }
  switch (options->form) {
    case Options::Form::line:
      print_line(*config);
      break;
    case Options::Form::explanation:
      print_explanation(*config);
      break;
    case Options::Form::shell:
      print_assignments(*config);
      break;
  }
  // The script that reads the assignments reports these itself.
  if (options->form != Options::Form::shell) {
    for (const std::string& note : config->notes) print_error(note);
    for (const std::string& line : config->refused) print_error(line);
  }
  return fflush(stdout) == 0 && config->refused.empty() ? 0 : 1;
}

}  // namespace kdump
