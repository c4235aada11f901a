#include <algorithm>

#include "filter/base/text.h"
#include "init/setup/config/assignments.h"
#include "init/setup/config/formats.h"
#include "init/setup/config/makedumpfile.h"
#include "init/setup/config/suse_target.h"
#include "init/setup/config/words.h"

namespace kdump {
namespace {

struct Default {
  std::string_view name, value;
};
// The values that the distribution's own file has; they show no choice.
constexpr Default kDefaults[] = {{"KDUMP_CRASHKERNEL", "auto"},
                                 {"KDUMP_CPUS", "32"},
                                 {"KDUMP_FREE_DISK_SIZE", "64"},
                                 {"KDUMP_NET_TIMEOUT", "30"},
                                 {"KDUMP_NETCONFIG", "auto"}};

// Settings that are understood and refused, or of no meaning here.
struct Fixed {
  std::string_view name;  // or the first letters of several, with * at the end
  bool is_refused;
  const char* why;
};
constexpr Fixed kFixed[] = {
    {"KDUMP_REQUIRED_PROGRAMS", true,
     "programs are packed only as KDUMP_PRESCRIPT and KDUMP_POSTSCRIPT"},
    {"KDUMP_COMMANDLINE", true,
     "the command line is made by scripts/load; what else it needs belongs in "
     "KDUMP_COMMANDLINE_APPEND"},
    {"KDUMP_HOST_KEY", true,
     "the server's key is always checked, against /root/.ssh/known_hosts; add it there"},
    {"KDUMP_TRANSFER", true,
     "nothing else transfers the dump; a program can run as KDUMP_POSTSCRIPT"},
    {"KDUMP_KERNELVER", true, "the running kernel captures; scripts/load takes another --kernel"},
    {"KEXEC_OPTIONS", true,
     "kexec needs none: kexec_file_load is used, or kexec_load where that is missing"},
    {"KDUMP_SMTP_*", true, "no mail is sent; the journal of the next boot names the dump"},
    {"KDUMP_NOTIFICATION_*", true, "no mail is sent; the journal of the next boot names the dump"},
    {"KDUMP_CPUS", false, "one CPU; more need more reserved memory"},
    {"KDUMP_CRASHKERNEL", false,
     "crashkernel= is left to the boot loader; kdump-init status shows whether it is enough"},
    {"KDUMP_UPDATE_BOOTLOADER", false,
     "crashkernel= is left to the boot loader; kdump-init status shows whether it is enough"},
    {"KDUMP_VERBOSE", false, "not needed"},
    {"KDUMP_FADUMP_SHELL", false, "not needed"},
    {"FADUMP_COMMANDLINE_APPEND", false, "not needed"},
    {"KDUMPTOOL_FLAGS", false, "not needed"},
    {"KDUMP_COPY_KERNEL", false, "not needed"},
};

const Fixed* find_fixed(std::string_view name) {
  for (const Fixed& row : kFixed)
    if (row.name.ends_with('*') ? name.starts_with(row.name.substr(0, row.name.size() - 1))
                                : name == row.name)
      return &row;
  return nullptr;
}

class Reader {
 public:
  Reader(const Assignments& file, Translator& into) : file_(file), into_(into) {}

  void read();

 private:
  void read_setting(const Assignments::Setting& setting);
  void read_flag(const std::string& name, const std::string& value);
  void read_unsupported(const std::string& name, const std::string& value);
  void read_format(const std::string& value);
  void read_level(const std::string& value);
  void read_keep(const std::string& value);
  void read_network(std::string value);
  void read_post(const std::string& value);
  void read_makedumpfile(const std::string& value);
  // Why no level of the file counts; "" where one does.
  std::string overrides_level() const;

  const Assignments& file_;
  Translator& into_;
};

void Reader::read_setting(const Assignments::Setting& setting) {
  const std::string &name = setting.name, &value = setting.value;
  if (name == "KDUMP_SAVEDIR") {
    for (const std::string& word : split_words(value)) add_suse_target(word, file_, into_);
  } else if (name == "KDUMP_DUMPLEVEL") {
    read_level(value);
  } else if (name == "KDUMP_DUMPFORMAT") {
    read_format(lower_case(value));
  } else if (name == "KDUMP_KEEP_OLD_DUMPS") {
    read_keep(value);
  } else if (name == "KDUMP_FREE_DISK_SIZE") {
    if (value == "0") return into_.explain(name, "the dump may fill the disk");
    into_.refuse(
        name,
        "no space is kept free; the dump is sized before it is written, and cut to what fits");
  } else if (is_among(name, {"KDUMP_IMMEDIATE_REBOOT", "KDUMP_CONTINUE_ON_ERROR"})) {
    read_flag(name, value);
  } else if (name == "KDUMP_NETCONFIG") {
    read_network(value);
  } else if (name == "KDUMP_NET_TIMEOUT") {
    if (value == "0") return into_.explain(name, "no ping is sent");
    into_.set_argument(name, "timeout", value);
  } else if (name == "KDUMP_PRESCRIPT") {
    into_.pack_hook(name, "pre", value);
  } else if (name == "KDUMP_POSTSCRIPT") {
    read_post(value);
  } else if (name == "KDUMP_COMMANDLINE_APPEND") {
    for (const std::string& word : split_words(value))
      into_.add_foreign_kernel_argument(name, word);
  } else if (name == "MAKEDUMPFILE_OPTIONS") {
    read_makedumpfile(value);
  } else if (name == "KDUMP_SSH_IDENTITY") {
    into_.explain(name, shown(value));
  } else if (is_among(name, {"KDUMP_FADUMP", "KDUMP_AUTO_RESIZE"})) {
    read_unsupported(name, value);
  } else if (const Fixed* const fixed = find_fixed(name)) {
    fixed->is_refused ? into_.refuse(name, fixed->why) : into_.explain(name, fixed->why);
  } else {
    file_.refuse_unknown(setting, "kdump(5)", into_);
  }
}

// A value that is neither yes nor no must not halt a machine.
void Reader::read_flag(const std::string& name, const std::string& value) {
  const auto flag = parse_boolean(value);
  if (!flag) return into_.refuse(name, shown(value) + ": expected yes or no; the default is yes");
  const bool no_retry = name == "KDUMP_IMMEDIATE_REBOOT";
  if (*flag) return into_.set_argument(name, no_retry ? "final" : "failure", "reboot");
  if (no_retry) {
    into_.set_argument(name, "final", "halt");
    return into_.note(name, "the machine halts after saving; there is no shell then");
  }
  into_.set_argument(name, "failure", "shell");
  into_.pack_shell(name);
}

void Reader::read_unsupported(const std::string& name, const std::string& value) {
  const auto flag = parse_boolean(value);
  if (!flag) return into_.refuse(name, shown(value) + ": expected yes or no; the default is no");
  const bool is_fadump = name == "KDUMP_FADUMP";
  if (!*flag) return into_.explain(name, is_fadump ? "kdump" : "the reservation stays as it is");
  into_.refuse(
      name, is_fadump
                ? "firmware-assisted dumps are ppc64's, which kdump-init does not know"
                : "the reservation stays as it is; kdump-init status shows whether it is enough");
}

void Reader::read_format(const std::string& value) {
  const char* const name = "KDUMP_DUMPFORMAT";
  if (is_among(value, {"compressed", "lzo", "snappy", "zstd"}))
    return into_.explain(name, "compressed with zstd, as well as the target's speed allows");
  if (value == "elf") return into_.set_argument(name, "format", "elf");
  if (value == "raw") {
    into_.set_argument(name, "format", "elf");
    return into_.set_argument(name, "level", "0");
  }
  if (value == "none")
    return into_.refuse(name,
                        "the log alone cannot be asked for; it is saved first, then the dump");
  into_.refuse(name, shown(value) + ": expected compressed, lzo, snappy, zstd, ELF or raw");
}

std::string Reader::overrides_level() const {
  const std::string format = lower_case(file_.value("KDUMP_DUMPFORMAT"));
  if (format == "raw") return "of no effect: KDUMP_DUMPFORMAT=raw copies everything";
  // Its author wants no dump at all: as little as possible is saved.
  if (format == "none") return "of no effect: KDUMP_DUMPFORMAT=none wants no dump";
  return {};
}

void Reader::read_level(const std::string& value) {
  const char* const name = "KDUMP_DUMPLEVEL";
  if (const std::string why = overrides_level(); !why.empty()) return into_.explain(name, why);
  into_.set_argument(name, "level", value);
}

// Of the old dumps, so that N + 1 are there in the end; all of them with 0. SUSE's kdump removes
// dumps of local directories only; the capture's limit is the same for each target.
void Reader::read_keep(const std::string& value) {
  const char* const name = "KDUMP_KEEP_OLD_DUMPS";
  if (value == "0") return into_.explain(name, "none is removed");
  const bool is_number =
      !value.empty() && value.size() <= 3 && value.find_first_not_of("0123456789") == value.npos;
  if (value != "-1" && !is_number) return into_.refuse(name, shown(value) + ": expected a number");
  const std::vector<std::string> targets = split_words(file_.value("KDUMP_SAVEDIR"));
  const auto servers = std::count_if(targets.begin(), targets.end(), is_suse_server);
  if (servers > 0 && static_cast<size_t>(servers) == targets.size())
    return into_.explain(name, "of local directories; on a server none is removed");
  if (servers > 0)
    return into_.refuse(name,
                        "is of local directories, and a server is a target too: none is removed");
  into_.set_argument(name, "keep", value == "-1" ? "1" : std::to_string(std::stoi(value) + 1));
}

// [DEVICE:]MODE[:force]. Interfaces are packed by MAC, for the capture kernel's names are its own.
void Reader::read_network(std::string value) {
  const char* const name = "KDUMP_NETCONFIG";
  const std::string written = value;
  if (value.ends_with(":force")) {
    value.resize(value.size() - 6);
    into_.add_network_argument(name, "rd.neednet=1");
  }
  const size_t colon = value.rfind(':');
  std::string device = colon == value.npos ? "" : value.substr(0, value.find(':'));
  std::string mode = colon == value.npos ? value : value.substr(colon + 1);
  if (is_among(mode, {"auto", "static", "default"}))
    return into_.explain(name, "the way this machine reaches the server is packed");
  if (is_among(mode, {"dhcp", "dhcp4"}))
    mode = "dhcp";
  else if (!is_among(mode, {"dhcp6", "auto6"}))
    return into_.refuse(
        name, shown(written) + ": expected auto, or DEVICE:static, :dhcp4, :dhcp6, :auto6");
  if (device.find('/') == device.npos)
    if (const auto mac = into_.machine().read("/sys/class/net/" + device + "/address"); mac)
      device = trimmed(*mac);
  into_.add_network_argument(name, "ip=" + (device.empty() ? "" : device + ":") + mode);
}

// The sender of fence_kdump is known; its nodes are the words that are no option.
void Reader::read_post(const std::string& value) {
  const char* const name = "KDUMP_POSTSCRIPT";
  const std::vector<std::string> words = split_words(value);
  if (words.empty() || !words[0].ends_with("/fence_kdump_send"))
    return into_.pack_hook(name, "post", value);
  std::vector<std::string> nodes, options;
  for (size_t i = 1; i < words.size(); ++i) {
    if (!words[i].starts_with('-')) {
      nodes.push_back(words[i]);
      continue;
    }
    options.push_back(words[i]);
    const bool is_alone = is_among(words[i], {"-v", "--verbose"}) ||
                          (words[i].starts_with("--") && words[i].find('=') != words[i].npos);
    if (!is_alone && i + 1 < words.size()) options.push_back(words[++i]);
  }
  into_.set_fence_nodes(name, joined(nodes));
  into_.set_fence_arguments(name, joined(options));
}

void Reader::read_makedumpfile(const std::string& value) {
  const char* const name = "MAKEDUMPFILE_OPTIONS";
  const MakedumpfileOptions options = read_makedumpfile_options(name, split_words(value), into_);
  if (!options.level) return;
  if (const std::string why = overrides_level(); !why.empty())
    return into_.explain(name, "-d: " + why);
  into_.set_argument(name, "level", *options.level);
}

void Reader::read() {
  for (const Assignments::Setting& setting : file_.all()) {
    into_.set_line(setting.line);
    const bool is_default = std::any_of(
        std::begin(kDefaults), std::end(kDefaults),
        [&](const Default& row) { return setting.name == row.name && setting.value == row.value; });
    if (setting.value.empty() || is_default)
      into_.explain(setting.name, "the default");
    else
      read_setting(setting);
  }
  into_.set_line(0);
}

}  // namespace

bool read_suse(std::string_view text, Translator& into) {
  const Assignments file = Assignments::read(text, into);
  Reader(file, into).read();
  return !file.value("KDUMP_SAVEDIR").empty() || file.target_is_refused();
}

}  // namespace kdump
