#include "init/setup/config/ssh_files.h"

#include <algorithm>

#include "filter/base/file.h"
#include "init/setup/config/words.h"
#include "net/ssh/known_hosts.h"
#include "net/ssh/user_key.h"

namespace kdump {
namespace {

constexpr std::string_view kScheme = "ssh:";

// Whether a line speaks of the server, whatever its marker is.
bool is_line_of(std::string_view line, const std::string& host, uint16_t port) {
  std::string_view rest = trimmed(line);
  if (rest.starts_with('@')) rest.remove_prefix(std::min(rest.find_first_of(" \t"), rest.size()));
  return KnownHosts::of_server(rest, host, host, port).has_usable();
}

Result<std::string> lines_of_server(const std::string& known_hosts, const std::string& file,
                                    const std::string& host, uint16_t port) {
  const KnownHosts known = KnownHosts::of_server(known_hosts, host, host, port);
  TRY(known.algorithms(file.c_str()));
  if (!known.has_usable())
    return fail(Kind::refused, "every key of %s in %s is marked @revoked", host.c_str(),
                file.c_str());
  std::string lines;
  std::string_view left = known_hosts;
  while (const auto line = next_line(left))
    if (is_line_of(*line, host, port)) lines += std::string(*line) + "\n";
  return lines;
}

}  // namespace

std::string known_hosts_of(const Machine& machine, const std::string& host, uint16_t port) {
  const std::string of_root = "/root/.ssh/known_hosts";
  for (const std::string& file : {of_root, std::string("/etc/ssh/ssh_known_hosts")})
    if (const auto text = machine.read(file))
      if (KnownHosts::of_server(*text, host, host, port).has_usable()) return file;
  return of_root;
}

Result<std::string> lines_of(const SshUrl& url, const std::string& known_hosts) {
  std::string lines =
      TRY(lines_of_server(known_hosts, url.known_hosts, url.server.host, url.server.port));
  if (url.jump)
    lines += TRY(lines_of_server(known_hosts, url.known_hosts, url.jump->host, url.jump->port));
  return lines;
}

Result<> check_ssh_files(const Machine& machine, const std::string& url) {
  if (!url.starts_with(kScheme)) return {};
  const SshUrl ssh = TRY(parse_ssh_url(std::string_view(url).substr(kScheme.size())));
  for (const std::string& file : {ssh.key, ssh.jump ? ssh.jump->key : ssh.key}) {
    if (!machine.read(file)) continue;
    const std::string key = machine.outer(machine.canonical(file));
    TRY(check_key_mode(machine.sys(), key));
    TRY(load_user_key(machine.sys(), key));
  }
  if (const auto text = machine.read(ssh.known_hosts)) TRY(lines_of(ssh, *text));
  return {};
}

}  // namespace kdump
