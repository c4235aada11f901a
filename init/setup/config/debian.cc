#include "init/setup/config/assignments.h"
#include "init/setup/config/formats.h"
#include "init/setup/config/makedumpfile.h"
#include "init/setup/config/place.h"
#include "init/setup/config/words.h"

namespace kdump {
namespace {

class Reader {
 public:
  Reader(const Assignments& file, Translator& into) : file_(file), into_(into) {}

  void read();

 private:
  void read_setting(const Assignments::Setting& setting);
  void read_keep(const std::string& value);
  void read_fail_command(const std::string& value);
  void read_files(const std::string& name, const std::string& value);
  void add_targets();
  void read_collector_options();
  bool has(const char* name) const { return !file_.value(name).empty(); }
  void at(const char* name) {
    const auto* const setting = file_.find(name);
    into_.set_line(setting ? setting->line : 0);
  }

  const Assignments& file_;
  Translator& into_;
};

bool contains_any(std::string_view text, std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words)
    if (text.find(word) != text.npos) return true;
  return false;
}

// Programs of init, also by their whole path and before other words.
bool runs(std::string_view command, std::string_view program) {
  if (command.starts_with("/sbin/")) command.remove_prefix(6);
  return command.starts_with(program);
}

// A shell and reboot are what people write here.
void Reader::read_fail_command(const std::string& value) {
  const char* const name = "KDUMP_FAIL_CMD";
  if (contains_any(value, {"bash", "/bin/sh", "sulogin"})) {
    into_.set_argument(name, "failure", "shell");
    return into_.pack_shell(name);
  }
  if (runs(value, "reboot")) return into_.set_argument(name, "failure", "reboot");
  if (runs(value, "poweroff") || value.starts_with("shutdown -h"))
    return into_.set_argument(name, "failure", "poweroff");
  if (runs(value, "halt")) return into_.set_argument(name, "failure", "halt");
  into_.refuse(name,
               "expected reboot, halt, poweroff or a shell; a program can run as a post hook");
}

// kdump-tools never removes a dump from a server.
void Reader::read_keep(const std::string& value) {
  const char* const name = "KDUMP_NUM_DUMPS";
  if (value == "0") return into_.explain(name, "none is removed");
  if (has("NFS") || has("SSH") || has("FTP"))
    return into_.explain(name, "of local directories; on a server none is removed");
  into_.set_argument(name, "keep", value);
}

void Reader::read_files(const std::string& name, const std::string& value) {
  into_.explain(name, "the running kernel and an image of our own are loaded");
  if (!value.starts_with("/var/lib/kdump/"))
    into_.note(name, shown(value) + " is not used; scripts/load takes another --kernel");
}

void Reader::read_setting(const Assignments::Setting& setting) {
  const std::string &name = setting.name, &value = setting.value;
  if (is_among(name, {"KDUMP_COREDIR", "NFS", "SSH", "SSH_KEY", "FTP", "MAKEDUMP_ARGS"})) return;
  if (name == "USE_KDUMP") {
    into_.explain(name, value == "0" ? "kdump-tools is off" : "the service decides");
    if (value == "0")
      into_.note(name, "is 0: kdump-tools is switched off; the rest is read all the same");
  } else if (is_among(name, {"FTP_USER", "FTP_PASSWORD", "FTP_PORT"})) {
    into_.explain(name, "of FTP");
  } else if (name == "KDUMP_NUM_DUMPS") {
    read_keep(value);
  } else if (name == "KDUMP_FAIL_CMD") {
    read_fail_command(value);
  } else if (name == "KDUMP_CMDLINE_APPEND") {
    for (const std::string& word : split_words(value))
      into_.add_foreign_kernel_argument(name, word);
  } else if (name == "KDUMP_CMDLINE") {
    into_.refuse(name,
                 "the command line is made by scripts/load; what else it needs belongs in "
                 "KDUMP_CMDLINE_APPEND");
  } else if (is_among(name, {"KDUMP_KERNEL", "KDUMP_INITRD"})) {
    read_files(name, value);
  } else if (name == "KDUMP_KEXEC_ARGS") {
    into_.refuse(name,
                 "kexec needs none: kexec_file_load is used, or kexec_load where that is missing");
  } else if (name == "KDUMP_DUMP_DMESG") {
    into_.explain(name, "the log is always saved, and first");
    if (value == "0") into_.note(name, "has no effect: the log is always saved, and first");
  } else if (name == "KDUMP_COMPRESSION") {
    into_.explain(name, "pages are compressed one by one, so that readers need not unpack all");
  } else if (name == "HOSTTAG") {
    into_.explain(name, "directories are named HOST-TIME");
    if (value != "hostname")
      into_.note(name, "directories are named by the host's name, not its address");
  } else if (is_among(name, {"NFS_TIMEO", "NFS_RETRANS", "NFS_MOUNT_RETRY"})) {
    into_.explain(name,
                  "a step with the server takes rd.kdump.timeout (30 s) at most, then the next "
                  "target is tried");
  } else if (name.starts_with("DEBUG_") || name == "KDUMP_SYSCTL") {
    into_.explain(name, "not needed");
  } else {
    file_.refuse_unknown(setting, "kdump-tools.conf(5)", into_);
  }
}

// The remote ones exclude the local one; kdump-tools tries what is configured in this order.
void Reader::add_targets() {
  const std::string directory =
      has("KDUMP_COREDIR") ? file_.value("KDUMP_COREDIR") : std::string("/var/crash");
  if (has("NFS")) {
    at("NFS");
    // The directory lies on the mount point, so the export itself takes the dumps.
    const std::string server = file_.value("NFS");
    into_.add_target("NFS",
                     server.find_first_of(kWhiteSpace) == server.npos
                         ? nfs_place(server, "/")
                         : Place{.url = {}, .problem = shown(server) + ": expected one word"});
  }
  if (has("SSH")) {
    at("SSH");
    const std::string key = has("SSH_KEY") ? file_.value("SSH_KEY") : "/root/.ssh/kdump_id_rsa";
    into_.add_target("SSH", ssh_place(into_.machine(), file_.value("SSH"), "", directory, key));
  }
  if (has("FTP")) {
    at("FTP");
    into_.refuse_target(
        "FTP",
        "dumps go to ssh:// or nfs://, not to FTP, which sends them and the password readable");
  }
  if (has("NFS") || has("SSH") || has("FTP") || file_.target_is_refused()) return;
  if (!has("KDUMP_COREDIR")) return;
  at("KDUMP_COREDIR");
  into_.add_target("KDUMP_COREDIR", find_place(into_.machine(), directory));
}

// An empty value means the program's default, -c -d 31, as a missing one does.
void Reader::read_collector_options() {
  if (!has("MAKEDUMP_ARGS")) return;
  at("MAKEDUMP_ARGS");
  MakedumpfileOptions options =
      read_makedumpfile_options("MAKEDUMP_ARGS", split_words(file_.value("MAKEDUMP_ARGS")), into_);
  if (has("KDUMP_COMPRESSION")) options.compresses = true;
  set_collected("MAKEDUMP_ARGS", options, into_);
}

void Reader::read() {
  for (const Assignments::Setting& setting : file_.all()) {
    into_.set_line(setting.line);
    // An empty value is as good as none.
    if (!setting.value.empty()) read_setting(setting);
  }
  add_targets();
  read_collector_options();
  into_.set_line(0);
}

}  // namespace

bool read_debian(std::string_view text, Translator& into) {
  const Assignments file = Assignments::read(text, into);
  Reader(file, into).read();
  return file.value("USE_KDUMP") != "0";
}

}  // namespace kdump
