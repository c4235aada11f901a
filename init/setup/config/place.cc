#include "init/setup/config/place.h"

#include <algorithm>

#include "init/setup/config/ssh_files.h"
#include "init/setup/config/words.h"
#include "net/base/ip_address.h"
#include "targets/url/url.h"

namespace kdump {
namespace {

Place problem(std::string text) { return {.url = {}, .problem = std::move(text)}; }

// Why a directory is impossible in a target; "" if it is not.
std::string directory_problem(const std::string& directory) {
  if (!directory.starts_with('/')) return shown(directory) + ": the path must begin with /";
  for (const char c : directory)
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f)
      return shown(directory) + ": an unprintable character";
  if ((directory + "/").find("/../") != directory.npos)
    return shown(directory) + ": no .. in a path";
  return {};
}

// With one slash where several follow each other.
std::string squeezed(std::string_view path) {
  std::string plain;
  for (const char c : path)
    if (c != '/' || !plain.ends_with('/')) plain += c;
  return plain;
}

std::string below(std::string root, std::string_view path) {
  while (root.ends_with('/')) root.pop_back();
  while (path.starts_with('/')) path.remove_prefix(1);
  return root + "/" + std::string(path);
}

// As it is written in a URL.
std::string server_host(std::string host) {
  if (host.starts_with('[')) host.erase(0, 1);
  if (host.ends_with(']')) host.pop_back();
  if (host.find(':') == host.npos) return host;
  return "[" + percent_encode(host) + "]";
}

// Of options of an NFS mount on this machine: those without which the server may not answer.
std::string deciding_options(const std::string& options) {
  std::vector<std::string> kept;
  for (const std::string& option : split_at(options, ','))
    for (const std::string_view name : {"vers=", "nfsvers=", "sec=", "mountport=", "port="})
      if (option.starts_with(name)) kept.push_back(option);
  return joined(kept, ",");
}

// Options that change nothing about a dump.
bool changes_nothing(std::string_view option) {
  return option.starts_with("x-") || option.starts_with("atime") ||
         is_among(
             option,
             {"defaults", "rw",     "noatime", "nodiratime", "relatime", "strictatime", "nofail",
              "auto",     "noauto", "_netdev", "suid",       "nosuid",   "dev",         "nodev",
              "exec",     "noexec", "async",   "sync",       "hard",     "intr",        "nointr",
              "bg",       "fg",     "nolock",  "tcp",        "proto=tcp"});
}

Place place_in(const Machine& machine, const std::string& written, const MountEntry* mount,
               const std::string& directory) {
  if (!mount) return problem(written + " lies on nothing that a capture kernel can mount");
  const MountEntry& on = *mount;
  const std::string whole = below(on.root, directory);
  if (is_among(on.type, {"ext2", "ext3", "ext4", "xfs", "btrfs", "vfat"}))
    return {.url = "fs:" + percent_encode(machine.device_name(on)) + ":" + percent_encode(whole),
            .problem = {}};
  if (is_among(on.type, {"nfs", "nfs4"}))
    return nfs_place(on.source, directory, deciding_options(on.options));
  return problem(written + " lies on " + shown(on.source) + " of type " + on.type +
                 ", which a capture kernel cannot mount");
}

}  // namespace

Place find_place(const Machine& machine, const std::string& directory) {
  if (const std::string why = directory_problem(directory); !why.empty()) return problem(why);
  const std::string path = machine.canonical(directory);
  std::string there = path;
  while (there != "/" && !machine.exists(there))
    there = there.rfind('/') == 0 ? "/" : there.substr(0, there.rfind('/'));
  const MountEntry* const mount = machine.mount_at(there);
  std::string_view inside = path;
  if (mount && mount->at != "/" && inside.starts_with(mount->at))
    inside.remove_prefix(mount->at.size());
  return place_in(machine, directory, mount, inside.empty() ? "/" : std::string(inside));
}

Place root_place(const Machine& machine, const std::string& directory) {
  if (const std::string why = directory_problem(directory); !why.empty()) return problem(why);
  return place_in(machine, directory, machine.mount_at("/"), squeezed(directory));
}

Place device_place(const Machine& machine, const std::string& device, const std::string& directory,
                   const std::string& options) {
  if (const auto known = parse_file_system_url(percent_encode(device) + ":/"); !known)
    return problem(shown(device) + ": expected UUID=, LABEL=, PARTUUID=, PARTLABEL= or /dev/…");
  if (const std::string why = directory_problem(directory); !why.empty()) return problem(why);
  std::string root;
  if (const MountEntry* const mount = machine.mount_of(device); mount && mount->type == "btrfs")
    root = mount->root;
  for (const std::string& option : split_at(options, ',')) {
    if (option.starts_with("subvol="))
      root = "/" + option.substr(option.find_first_not_of('/', 7) == option.npos
                                     ? option.size()
                                     : option.find_first_not_of('/', 7));
    else if (!changes_nothing(option))
      return problem("the mount option " + shown(option) + " is not carried over to the capture");
  }
  if (const std::string why = root.empty() ? root : directory_problem(root); !why.empty())
    return problem(why);
  return {
      .url = "fs:" + percent_encode(device) + ":" +
             percent_encode(root.empty() ? squeezed(directory) : below(root, squeezed(directory))),
      .problem = {}};
}

Place nfs_place(const std::string& server, const std::string& directory,
                const std::string& options) {
  const size_t end = server.starts_with('[') ? server.find("]:/") : server.find(":/");
  const std::string host =
      server.substr(0, end == server.npos ? 0 : end + (server[0] == '[' ? 1 : 0));
  const std::string_view plain =
      host.starts_with('[') ? std::string_view(host).substr(1, host.size() - 2) : host;
  if (plain.empty() || plain.find_first_of("[]/@ \t") != plain.npos ||
      (!host.starts_with('[') && plain.find(':') != plain.npos))
    return problem(shown(server) +
                   ": expected HOST:/EXPORT (an IPv6 address is written in brackets)");
  const std::string exported = server.substr(host.size() + 1);
  if (const std::string why = directory_problem(directory); !why.empty()) return problem(why);
  std::string port;
  std::vector<std::string> query;
  if (squeezed(directory) != "/") query.push_back("path=" + percent_encode(squeezed(directory)));
  for (const std::string& option : split_at(options, ',')) {
    if (option.starts_with("port="))
      port = option == "port=2049" ? "" : ":" + option.substr(5);
    else if (!changes_nothing(option))
      query.push_back(percent_encode(option));
  }
  return {.url = "nfs://" + server_host(host) + port + percent_encode(exported) +
                 (query.empty() ? "" : "?" + joined(query, "&")),
          .problem = {}};
}

Place mounted_nfs_place(const Machine& machine, const std::string& server,
                        const std::string& directory) {
  const MountEntry* const mount = machine.mount_of(server);
  return nfs_place(server, directory, mount ? deciding_options(mount->options) : std::string());
}

Place ssh_place(const Machine& machine, const std::string& server, const std::string& port,
                const std::string& directory, const std::string& key) {
  const size_t at = server.rfind('@');
  if (at == server.npos || at == 0 || at + 1 == server.size() ||
      server.find_first_of(" \t\r\n/") != server.npos)
    return problem(shown(server) + ": expected USER@HOST");
  std::string user = percent_encode(server.substr(0, at)), host = server.substr(at + 1);
  const std::string written = host;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.find_first_of("[]") != host.npos ||
      (host.find(':') != host.npos && !IpAddress::parse(host)))
    return problem(shown(server) + ": expected USER@HOST; '" + shown(written) +
                   "' is no host, and a port is written only in a target of kdump-init.conf(5)");
  for (const auto& [character, code] : {std::pair('@', "%40"), std::pair(':', "%3A")})
    for (size_t i = user.find(character); i != user.npos; i = user.find(character))
      user.replace(i, 1, code);
  if (const std::string why = directory_problem(directory); !why.empty()) return problem(why);
  const std::string file = with_home(key);
  if (!file.starts_with('/'))
    return problem("the key " + shown(key) + " is not named by its whole path");
  const auto number = static_cast<uint16_t>(atoi(port.c_str()));
  return {.url = "ssh://" + user + "@" + server_host(host) + (port.empty() ? "" : ":" + port) +
                 percent_encode(squeezed(directory)) + "?key=" + percent_encode(file) +
                 "&known_hosts=" +
                 percent_encode(known_hosts_of(machine, host, port.empty() ? 22 : number)),
          .problem = {}};
}

}  // namespace kdump
