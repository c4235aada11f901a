#include "init/setup/config/translator.h"

#include <algorithm>

#include "filter/base/text.h"
#include "init/capture/kernel_arguments.h"
#include "init/setup/config/ssh_files.h"
#include "init/setup/config/words.h"
#include "net/cmdline/network_arguments.h"
#include "targets/schemes.h"
#include "targets/url/url.h"

namespace kdump {
namespace {

constexpr std::string_view kPrefix = "rd.kdump.";

// Names of nodes are resolved when the image is packed.
Result<> check_value(const std::string& key, const std::string& value) {
  if (key != "fence") return check_kernel_argument(key, value);
  if (value.empty() || value.find_first_of(" \t") != value.npos || value.starts_with(',') ||
      value.ends_with(',') || value.find(",,") != value.npos)
    return fail(Kind::refused, "expected names or addresses");
  return {};
}

bool is_capture_argument(const std::string& key) {
  const std::vector<ArgumentHelp> all = kernel_argument_help();
  return std::any_of(all.begin(), all.end(),
                     [&](const ArgumentHelp& row) { return row.name == key; });
}

// On one line, whatever a file's text or a name in it has.
std::string one_line(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = '?';
  return text;
}

bool contains(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

}  // namespace

bool is_network_argument(std::string_view word) {
  return is_among(word.substr(0, std::min(word.find('='), word.size())),
                  {"ip", "nameserver", "vlan", "bond", "bridge", "team", "ifname", "bootdev",
                   "rd.route", "rd.neednet", "rd.peerdns"}) &&
         word.find('=') != word.npos;
}

bool may_be_target(std::string_view value) { return value.find_first_of(":/@") != value.npos; }

Translator::Translator(const Machine& machine, ConfigKind kind, std::string file)
    : machine_(machine), file_(file) {
  result_.kind = kind;
  result_.file = std::move(file);
}

std::string Translator::here(const std::string& name) const {
  return file_ + (line_ ? ":" + std::to_string(line_) : "") + ": " + name + ": ";
}

void Translator::explain(const std::string& name, const std::string& result) {
  result_.explained.push_back({line_, name, printable(result)});
}

void Translator::refuse(const std::string& name, const std::string& reason) {
  result_.refused.push_back(one_line(here(name) + reason));
  explain(name, "refused: " + reason);
}

void Translator::note(const std::string& name, const std::string& text) {
  result_.notes.push_back(one_line(here(name) + text));
}

void Translator::refuse_target(const std::string& name, const std::string& reason) {
  result_.target_is_refused = true;
  refuse(name, reason);
}

void Translator::add_target(const std::string& name, const std::string& url) {
  if (const auto checked = check_target_url(url); !checked) {
    const std::string reason = checked.error().text, prefix = "target " + without_password(url);
    return refuse_target(name,
                         shown(url) + (reason.starts_with(prefix) ? reason.substr(prefix.size())
                                                                  : ": not a valid target"));
  }
  if (result_.targets.size() == kMaxTargets)
    return refuse_target(name,
                         shown(url) + ": more than " + std::to_string(kMaxTargets) + " targets");
  if (const auto checked = check_ssh_files(machine_, url); !checked)
    return refuse_target(name, checked.error().text);
  if (!contains(result_.targets, url)) result_.targets.push_back(url);
  explain(name, "rd.kdump.target=" + url);
}

void Translator::add_target(const std::string& name, const Place& place) {
  if (place.problem.empty())
    add_target(name, place.url);
  else
    refuse_target(name, place.problem);
}

void Translator::set_argument(const std::string& name, const std::string& key,
                              const std::string& value) {
  if (const auto checked = check_value(key, value); !checked) {
    const std::string reason = checked.error().text;
    // Most of the reasons quote the value.
    return refuse(name, reason.starts_with('\'') ? printable(reason)
                                                 : shown(value) + ": " + printable(reason));
  }
  const std::string prefix = std::string(kPrefix) + key + "=";
  std::erase_if(result_.arguments,
                [&](const std::string& each) { return each.starts_with(prefix); });
  result_.arguments.push_back(prefix + value);
  explain(name, prefix + value);
}

void Translator::add_network_argument(const std::string& name, const std::string& word) {
  const NetworkArguments parsed = parse_network_arguments("", word);
  if (!parsed.warnings.empty()) {
    std::string reason = parsed.warnings.front();
    if (reason.ends_with("; ignored")) reason.resize(reason.size() - 9);
    return refuse(name, printable(reason));
  }
  result_.arguments.push_back(word);
  explain(name, word);
}

void Translator::add_kernel_argument(const std::string& name, const std::string& word) {
  if (is_network_argument(word)) return add_network_argument(name, word);
  if (word.starts_with("rd.kdump.target="))
    return refuse(name, shown(word) + ": a target is named by its own line");
  if (word.starts_with(kPrefix)) {
    const size_t equals = std::min(word.find('='), word.size());
    const std::string key = word.substr(kPrefix.size(), equals - kPrefix.size());
    const std::string value = equals == word.size() ? "" : word.substr(equals + 1);
    if (!is_capture_argument(key)) return refuse(name, shown(word) + ": unknown argument");
    return set_argument(name, key, value);
  }
  result_.kernel_arguments.push_back(word);
  explain(name, shown(word));
}

void Translator::add_foreign_kernel_argument(const std::string& name, const std::string& word) {
  const auto begins = [&](std::initializer_list<std::string_view> prefixes) {
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [&](std::string_view prefix) { return word.starts_with(prefix); });
  };
  if (is_among(word, {"nr_cpus=1", "maxcpus=1", "reset_devices", "irqpoll", "cgroup_disable=memory",
                      "acpi_no_memhotplug", "numa=off", "transparent_hugepage=never", "panic=10"}))
    return explain(name, word + ": always set");
  if (begins({"nr_cpus=", "maxcpus="}))
    return explain(name, word + ": one CPU; more need more reserved memory");
  if (begins({kPrefix, "rd.neednet=", "rd.route=", "rd.peerdns="}))
    return add_kernel_argument(name, word);
  if (begins({"rd.", "systemd.", "udev.", "root=", "rootflags=", "rootfstype=", "init=", "resume=",
              "net_delay=", "initramfs_options=", "crashkernel="}) ||
      is_among(word, {"ro", "rw", "quiet", "splash"}))
    return explain(name, word + ": means nothing to kdump-init");
  add_kernel_argument(name, word);
}

void Translator::pack_option(const std::string& name, const std::vector<std::string>& words) {
  result_.pack_options.insert(result_.pack_options.end(), words.begin(), words.end());
  explain(name, "mkinitramfs " + joined(words));
}

void Translator::pack_shell(const std::string& name) {
  if (!contains(result_.pack_options, "--shell")) result_.pack_options.push_back("--shell");
  explain(name, "mkinitramfs --shell");
}

void Translator::pack_hook(const std::string& name, const std::string& which,
                           const std::string& file) {
  if (machine_.is_executable_file(file))
    pack_option(name, {"--" + which, file});
  else
    refuse(name, shown(file) + ": is no executable file");
}

void Translator::set_fence_nodes(const std::string& name, const std::string& nodes) {
  std::string words = nodes;
  std::replace(words.begin(), words.end(), ',', ' ');
  set_argument(name, "fence", joined(split_words(words), ","));
}

void Translator::set_fence_arguments(const std::string& name, const std::string& options) {
  const std::vector<std::string> words = split_words(options);
  for (size_t i = 0; i < words.size();) {
    std::string option = words[i++], value;
    if (option == "-v" || option == "--verbose") {
      explain(name, option + ": the capture's log has it");
      continue;
    }
    if (const size_t equals = option.find('='); option.starts_with("--") && equals != option.npos) {
      value = option.substr(equals + 1);
      option.resize(equals);
    } else if (i < words.size()) {
      value = words[i++];
    } else {
      return refuse(name, shown(option) + " has no value");
    }
    set_fence_option(name, option, value);
  }
}

void Translator::set_fence_option(const std::string& name, const std::string& option,
                                  const std::string& value) {
  if (is_among(option, {"-p", "--ipport"})) return set_argument(name, "fence_port", value);
  if (is_among(option, {"-i", "--interval"})) return set_argument(name, "fence_interval", value);
  if (is_among(option, {"-f", "--family"})) {
    if (value == "auto") return explain(name, "-f auto: always set");
    return refuse(name, "-f " + shown(value) + ": the family follows from each node's address");
  }
  if (is_among(option, {"-c", "--count"})) {
    if (value == "0") return explain(name, "-c 0: always set");
    return refuse(name, "-c " + shown(value) + ": messages are sent until the capture ends");
  }
  refuse(name, shown(option) + ": fence_kdump_send has no such option");
}

}  // namespace kdump
