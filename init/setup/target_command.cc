#include <cstdio>

#include "filter/base/kernel_tokens.h"
#include "init/capture/kernel_arguments.h"
#include "init/setup/config/words.h"
#include "init/setup/setup_commands.h"
#include "init/setup/shell_output.h"
#include "net/cmdline/network_arguments.h"
#include "targets/schemes.h"
#include "targets/url/server_url.h"
#include "targets/url/url.h"

namespace kdump {
namespace {

int refuse(const std::string& text) {
  fprintf(stderr, "%s\n", text.c_str());
  return 1;
}

std::string device_text(const DeviceName& device) {
  switch (device.by) {
    case DeviceName::By::uuid:
      return "UUID=" + device.value;
    case DeviceName::By::label:
      return "LABEL=" + device.value;
    case DeviceName::By::partuuid:
      return "PARTUUID=" + device.value;
    case DeviceName::By::partlabel:
      return "PARTLABEL=" + device.value;
    case DeviceName::By::path:
      break;
  }
  return device.value;
}

struct Fields {
  std::string scheme, device, rest, directory, user, host, port, jump_host;
  std::vector<std::string> options;  // NAME or NAME=VALUE, decoded

  std::string text() const {
    return shell_assignment("target_scheme", scheme) + shell_assignment("target_device", device) +
           shell_assignment("target_rest", rest) + shell_assignment("target_directory", directory) +
           shell_assignment("target_user", user) + shell_assignment("target_host", host) +
           shell_assignment("target_port", port) + shell_assignment("target_jump_host", jump_host) +
           shell_array("target_options", options);
  }
};

// The URL's form is known to be right.
Result<Fields> fields_of(const std::string& url) {
  const size_t colon = url.find(':');
  Fields fields;
  fields.scheme = url.substr(0, colon);
  const std::string_view rest = std::string_view(url).substr(colon + 1);
  if (fields.scheme == "fs") {
    const FileSystemUrl parsed = TRY(parse_file_system_url(rest));
    fields.device = device_text(parsed.device);
    fields.rest = rest.substr(rest.find(":/"));
    fields.directory = parsed.directory;
  } else if (fields.scheme == "raw") {
    fields.device = device_text(TRY(parse_raw_url(rest)).device);
    fields.rest = rest.substr(std::min(rest.find('?'), rest.size()));
  } else {
    const ServerUrl parsed = TRY(parse_server_url(rest));
    fields.user = parsed.user;
    fields.host = parsed.host;
    fields.port = parsed.port == 0 ? "" : std::to_string(parsed.port);
    fields.directory = parsed.path;
    if (fields.scheme == "ssh")
      if (const SshUrl ssh = TRY(parse_ssh_url(rest)); ssh.jump) fields.jump_host = ssh.jump->host;
    for (const ServerUrl::Option& option : parsed.options)
      fields.options.push_back(option.name + (option.value.empty() ? "" : "=" + option.value));
  }
  return fields;
}

}  // namespace

int target_command(const SetupWords& words) {
  if (words.size() != 1) {
    fputs("usage: kdump-init-setup target URL\n", stderr);
    return 2;
  }
  const std::string& url = words[0];
  const std::string quoted = "target '" + without_password(url) + "': ";
  if (url.find_first_of(kWhiteSpace) != url.npos)
    return refuse(quoted + "write white space as %20");
  if (const auto known = check_target_url(url); !known) return refuse(known.error().text);
  if (url.starts_with("dir:"))
    return refuse(quoted + "dir: is for the command; the capture kernel mounts with fs:");
  const auto fields = fields_of(url);
  if (!fields) return refuse(quoted + fields.error().text);
  fputs(fields->text().c_str(), stdout);
  return 0;
}

int check_arguments_command(const SetupWords& words) {
  constexpr std::string_view kPrefix = "rd.kdump.";
  bool is_good = true;
  const auto report = [&](const std::string& text) {
    is_good = false;
    refuse(text);
  };
  std::string network;
  for (const std::string& argument : words) {
    std::string_view left = argument;
    while (const auto token = next_kernel_token(left)) {
      if (!token->name.starts_with(kPrefix)) continue;
      const std::string name(token->name.substr(kPrefix.size())), value(token->value);
      // mkinitramfs looks the names of nodes up.
      if (name == "fence") continue;
      if (const auto checked = check_kernel_argument(name, value); !checked)
        report(std::string(token->name) + "=" + shown(value) + ": " + checked.error().text);
    }
    network += argument + " ";
  }
  for (const std::string& warning : parse_network_arguments("", network).warnings) report(warning);
  return is_good ? 0 : 1;
}

}  // namespace kdump
