#include "init/setup/config/assignments.h"
#include "init/setup/config/formats.h"
#include "init/setup/config/makedumpfile.h"
#include "init/setup/config/place.h"
#include "init/setup/config/words.h"

namespace kdump {
namespace {

// `path` and `sshkey` may follow the target that they belong to, so targets are added last.
class Reader {
 public:
  Reader(const std::string& directory, Translator& into) : directory_(directory), into_(into) {}

  void read(std::string_view text);

 private:
  struct Target {
    unsigned line;
    std::string name, type, value, options;
  };

  void read_line(std::string_view line);
  void read_directive(const std::string& name, const std::string& value);
  void read_failure(const std::string& name, const std::string& value);
  void read_flag(const std::string& name, const std::string& value);
  void read_dracut_arguments(const std::string& value);
  void read_mount(const std::string& value);
  void add_target(const Target& target);
  void add_local_targets();
  void add_hooks();

  const std::string& directory_;
  Translator& into_;
  std::string path_ = "/var/crash", key_ = "/root/.ssh/kdump_id_rsa", collector_;
  unsigned path_line_ = 0, collector_line_ = 0, root_line_ = 0;
  bool means_something_ = false;
  std::vector<Target> targets_;
};

bool is_target_directive(std::string_view name) {
  return is_among(name, {"raw", "nfs", "nfs4", "ssh", "ext2", "ext3", "ext4", "xfs", "btrfs",
                         "minix", "virtiofs", "net"});
}

bool is_directive(std::string_view name) {
  return is_target_directive(name) || is_among(name, {"path",
                                                      "sshkey",
                                                      "core_collector",
                                                      "dracut_args",
                                                      "failure_action",
                                                      "default",
                                                      "kdump_pre",
                                                      "kdump_post",
                                                      "kdump_emergency",
                                                      "extra_bins",
                                                      "extra_modules",
                                                      "final_action",
                                                      "fence_kdump_nodes",
                                                      "fence_kdump_args",
                                                      "auto_reset_crashkernel",
                                                      "force_rebuild",
                                                      "force_no_rebuild",
                                                      "link_delay",
                                                      "disk_timeout",
                                                      "options",
                                                      "blacklist",
                                                      "debug_mem_level"});
}

void Reader::read_line(std::string_view line) {
  line = trimmed(line.substr(0, line.find('#')));
  const size_t end = std::min(line.find_first_of(kWhiteSpace), line.size());
  const std::string name(line.substr(0, end));
  std::string value(trimmed(line.substr(end)));
  if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"'))
    value = value.substr(1, value.size() - 2);
  means_something_ = true;
  if (!is_directive(name)) {
    const bool has_equals = name.find('=') != name.npos;
    const std::string reason = has_equals ? "expected a directive, white space and its value"
                                          : "kdump.conf(5) has no such directive";
    const std::string shown_name = shown(name.substr(0, name.find('=')));
    if (may_be_target(line))
      into_.refuse_target(shown_name, reason);
    else
      into_.refuse(shown_name, reason);
  } else if (value.empty()) {
    if (is_target_directive(name))
      into_.refuse_target(name, "the value is missing");
    else
      into_.refuse(name, "the value is missing");
  } else if (is_target_directive(name)) {
    targets_.push_back({into_.line(), name, name, value, {}});
  } else {
    read_directive(name, value);
  }
}

void Reader::read_directive(const std::string& name, const std::string& value) {
  if (name == "path") {
    path_ = value;
    path_line_ = into_.line();
    return into_.explain(name, value);
  }
  if (name == "sshkey") {
    key_ = value;
    return into_.explain(name, value);
  }
  if (name == "core_collector") {
    collector_ = value;
    collector_line_ = into_.line();
    return;
  }
  if (name == "dracut_args") return read_dracut_arguments(value);
  if (is_among(name, {"failure_action", "default"})) return read_failure(name, value);
  if (name == "kdump_pre") return into_.pack_hook(name, "pre", value);
  if (name == "kdump_post") return into_.pack_hook(name, "post", value);
  if (name == "kdump_emergency")
    return into_.refuse(name,
                        "there is no emergency mode; kdump_post runs after a failed dump too");
  if (name == "extra_bins")
    return into_.refuse(name, "programs are packed only as hooks: kdump_pre, kdump_post");
  if (name == "extra_modules") return into_.pack_option(name, {"--add-modules", value});
  if (name == "final_action") return into_.set_argument(name, "final", value);
  if (name == "fence_kdump_nodes") return into_.set_fence_nodes(name, value);
  if (name == "fence_kdump_args") return into_.set_fence_arguments(name, value);
  if (name == "auto_reset_crashkernel")
    return into_.explain(
        name, "crashkernel= stays as it is; kdump-init status shows whether it is enough");
  if (is_among(name, {"force_rebuild", "force_no_rebuild"})) return read_flag(name, value);
  if (is_among(name, {"link_delay", "disk_timeout"}))
    return into_.set_argument(name, "timeout", value);
  if (name == "options")
    return into_.refuse(
        name, "module options: write MODULE.OPTION=value into cmdline of kdump-init.conf");
  if (name == "blacklist")
    return into_.explain(name, "only the modules that a target needs are packed");
  into_.explain(name, "the report has the memory that was used");  // debug_mem_level
}

void Reader::read_failure(const std::string& name, const std::string& value) {
  if (value == "dump_to_rootfs") {
    root_line_ = into_.line();
    return into_.explain(name, "the root file system is the last target");
  }
  into_.set_argument(name, "failure", value);
  if (value == "shell") into_.pack_shell(name);
}

void Reader::read_flag(const std::string& name, const std::string& value) {
  if (value != "0" && value != "1") return into_.refuse(name, shown(value) + ": expected 0 or 1");
  if (value == "0") return into_.explain(name, "the image is packed when its inputs have changed");
  if (name == "force_no_rebuild")
    return into_.refuse(name, "the image is always packed when its inputs have changed");
  into_.set_force_rebuild();
  into_.explain(name, "the image is packed at each start of the service");
}

// Its --mount may be the target.
void Reader::read_dracut_arguments(const std::string& value) {
  const ShellWords split = split_shell_words(value, {});
  if (!split.problem.empty() || split.is_open) {
    const std::string reason = split.is_open ? "a quote is not closed" : split.problem;
    return value.find("--mount") == value.npos ? into_.refuse("dracut_args", reason)
                                               : into_.refuse_target("dracut_args", reason);
  }
  for (size_t i = 0; i < split.words.size();) {
    std::string option = split.words[i++], argument;
    if (const size_t equals = option.find('='); equals != option.npos) {
      argument = option.substr(equals + 1);
      option.resize(equals);
    } else if (i < split.words.size()) {
      argument = split.words[i++];
    }
    if (option == "--mount")
      read_mount(argument);
    else if (is_among(option, {"--add-drivers", "--force-drivers"}))
      into_.pack_option("dracut_args", {"--add-modules", argument});
    else if (is_among(option, {"--omit-drivers", "--omit", "-o"}))
      into_.explain("dracut_args", option + ": only the modules that a target needs are packed");
    else
      into_.refuse("dracut_args", shown(option) +
                                      ": the image is not dracut's (docs/guide.md has the dracut "
                                      "module for that)");
  }
}

// DEVICE MOUNTPOINT [TYPE [OPTIONS…]]
void Reader::read_mount(const std::string& value) {
  const std::vector<std::string> words = split_words(value);
  if (words.size() < 2) return into_.refuse_target("dracut_args", "--mount has no mount point");
  const std::string type = words.size() > 2 ? words[2] : "ext4";
  if (!is_target_directive(type) || is_among(type, {"net", "ssh", "raw"}))
    return into_.refuse_target("dracut_args", "--mount: a file system of type " + shown(type) +
                                                  " is not mounted in the capture");
  targets_.push_back(
      {into_.line(), "dracut_args", type, words[0], words.size() > 3 ? words[3] : std::string()});
}

void Reader::add_target(const Target& target) {
  into_.set_line(target.line);
  const std::string& name = target.name;
  const std::string& value = target.value;
  std::string type = target.type;
  if (type == "net") type = value.find('@') != value.npos ? "ssh" : "nfs";
  if (type == "raw") {
    if (!value.starts_with("/dev/") || value.size() <= 5)
      return into_.refuse_target(name, shown(value) + ": expected /dev/…");
    into_.add_target(name, "raw:" + percent_encode(value));
    return into_.note(name,
                      "a device that carries a signature, such as an old dump, is refused unless "
                      "the target says ?force");
  }
  if (is_among(type, {"minix", "virtiofs"}))
    return into_.refuse_target(
        type, "the capture mounts ext2, ext3, ext4, xfs, btrfs and vfat of a disk, and NFS");
  if (value.find_first_of(kWhiteSpace) != value.npos)
    return into_.refuse_target(name, shown(value) +
                                         ": expected one word; options of a mount belong "
                                         "into dracut_args --mount");
  if (type == "ssh")
    return into_.add_target(name, ssh_place(into_.machine(), value, "", path_, key_));
  if (!is_among(type, {"nfs", "nfs4"}))
    return into_.add_target(name, device_place(into_.machine(), value, path_, target.options));
  into_.add_target(name, target.options.empty() || target.options == "defaults"
                             ? mounted_nfs_place(into_.machine(), value, path_)
                             : nfs_place(value, path_, target.options));
}

void Reader::add_local_targets() {
  if (targets_.empty() && means_something_ && !into_.result().target_is_refused) {
    into_.set_line(path_line_);
    into_.add_target("path", find_place(into_.machine(), path_));
  }
  if (root_line_ == 0) return;
  into_.set_line(root_line_);
  const Place place = root_place(into_.machine(), path_);
  if (place.problem.empty())
    into_.add_target("dump_to_rootfs", place.url);
  else
    into_.refuse("dump_to_rootfs", place.problem);
}

void Reader::add_hooks() {
  into_.set_line(0);
  for (const char* const which : {"pre", "post"}) {
    const std::string name = std::string("kdump/") + which + ".d";
    const std::string place = directory_ + "/" + name + "/";
    for (const std::string& file : into_.machine().list(place))
      if (into_.machine().is_file(place + file)) into_.pack_hook(name, which, place + file);
  }
}

void Reader::read(std::string_view text) {
  text = without_byte_order_mark(text);
  unsigned number = 0;
  while (const auto line = next_line(text)) {
    into_.set_line(++number);
    const std::string_view plain = trimmed(*line);
    if (!plain.empty() && !plain.starts_with('#')) read_line(plain);
  }
  for (const Target& target : targets_) add_target(target);
  add_local_targets();
  into_.set_line(collector_line_);
  if (!collector_.empty()) read_collector("core_collector", collector_, into_);
  add_hooks();
}

}  // namespace

void read_fedora(std::string_view text, const std::string& directory, Translator& into) {
  Reader(directory, into).read(text);
}

void read_fedora_sysconfig(std::string_view text, Translator& into) {
  const Assignments file = Assignments::read(text, into);
  if (const auto* const setting = file.find("KDUMP_COMMANDLINE_APPEND")) {
    into.set_line(setting->line);
    for (const std::string& word : split_words(setting->value))
      into.add_foreign_kernel_argument(setting->name, word);
  }
  if (const auto* const setting = file.find("KDUMP_COMMANDLINE");
      setting && !setting->value.empty()) {
    into.set_line(setting->line);
    into.refuse(setting->name,
                "the command line is made by scripts/load; what else it needs belongs in "
                "KDUMP_COMMANDLINE_APPEND");
  }
  into.set_line(0);
}

}  // namespace kdump
