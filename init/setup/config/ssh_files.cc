#include "init/setup/config/ssh_files.h"

#include <algorithm>

#include "filter/base/file.h"
#include "init/setup/config/words.h"
#include "net/ssh/known_hosts.h"
#include "net/ssh/user_key.h"
#include "targets/url/server_url.h"

namespace kdump {
namespace {

constexpr std::string_view kScheme = "ssh:";

// Whether a line speaks of the server, whatever its marker is.
bool is_line_of(std::string_view line, const std::string& host, uint16_t port) {
  std::string_view rest = trimmed(line);
  if (rest.starts_with('@')) rest.remove_prefix(std::min(rest.find_first_of(" \t"), rest.size()));
  return !KnownHosts::of_server(rest, host, host, port).keys().empty();
}

}  // namespace

std::string known_hosts_of(const Machine& machine, const std::string& host, uint16_t port) {
  const std::string of_root = "/root/.ssh/known_hosts";
  for (const std::string& file : {of_root, std::string("/etc/ssh/ssh_known_hosts")})
    if (const auto text = machine.read(file))
      if (!KnownHosts::of_server(*text, host, host, port).keys().empty()) return file;
  return of_root;
}

Result<std::string> lines_of_server(const std::string& known_hosts, const std::string& file,
                                    const std::string& host, uint16_t port) {
  const KnownHosts known = KnownHosts::of_server(known_hosts, host, host, port);
  TRY(known.algorithms(file.c_str()));
  bool is_usable = false;
  for (const KnownHostKey& key : known.keys())
    if (known.check(key.blob, file.c_str())) is_usable = true;
  if (!is_usable)
    return fail(Kind::refused, "every key of %s in %s is marked @revoked", host.c_str(),
                file.c_str());
  std::string lines;
  std::string_view left = known_hosts;
  while (const auto line = next_line(left))
    if (is_line_of(*line, host, port)) lines += std::string(*line) + "\n";
  return lines;
}

Result<> check_ssh_files(const Machine& machine, const std::string& url) {
  if (!url.starts_with(kScheme)) return {};
  const SshUrl ssh = TRY(parse_ssh_url(std::string_view(url).substr(kScheme.size())));
  if (machine.read(ssh.key)) {
    const std::string key = machine.outer(machine.canonical(ssh.key));
    TRY(check_key_mode(machine.sys(), key));
    TRY(load_user_key(machine.sys(), key));
  }
  if (const auto text = machine.read(ssh.known_hosts))
    TRY(lines_of_server(*text, ssh.known_hosts, ssh.server.host, ssh.server.port));
  return {};
}

}  // namespace kdump
