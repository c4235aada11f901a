// Where an SSH target's files lie in an image: targets/url/server_url.h.
#include <fcntl.h>
#include <sys/stat.h>

#include <cstdio>

#include "filter/base/file.h"
#include "init/setup/config/ssh_files.h"
#include "init/setup/config/words.h"
#include "init/setup/setup_commands.h"
#include "net/ssh/user_key.h"
#include "targets/url/server_url.h"
#include "targets/url/url.h"

namespace kdump {
namespace {

constexpr size_t kMaxKnownHosts = 4 << 20;
constexpr size_t kMaxKey = 256 << 10;
constexpr int kMaxKeys = 100;

Result<> write_file(const std::string& path, const std::string& content, int flags) {
  File file = TRY(File::open(real_sys(), path, O_WRONLY | O_CREAT | flags, 0600));
  return file.append(Bytes(reinterpret_cast<const uint8_t*>(content.data()), content.size()));
}

Result<> make_directories(const std::string& tree, std::string_view path) {
  std::string directory = tree;
  for (const std::string& part : split_at(path, '/')) {
    if (part.empty()) continue;
    directory += "/" + part;
    const int64_t done = real_sys().mkdir(directory.c_str(), 0700);
    if (done < 0 && done != -EEXIST)
      return fail_errno(static_cast<int>(-done), "mkdir %s", directory.c_str());
  }
  return {};
}

// The name in the image of a key with this content: another target may have packed it already.
Result<std::string> pack_key(const std::string& tree, const std::string& key) {
  for (int n = 1; n <= kMaxKeys; ++n) {
    const std::string name =
        std::string(kSshDirectory) + "/key" + (n == 1 ? "" : "." + std::to_string(n));
    const auto packed = read_small_file(real_sys(), tree + name, kMaxKey);
    if (packed && *packed == key) return name;
    if (packed || packed.error().sys_errno != ENOENT) continue;
    TRY(write_file(tree + name, key, O_EXCL));
    return name;
  }
  return fail(Kind::refused, "more than %d different keys", kMaxKeys);
}

// The URL as it is packed: without the names that only this machine's files have.
Result<std::string> pack(const std::string& url, const std::string& tree) {
  if (!url.starts_with("ssh:")) return fail(Kind::refused, "expected ssh://USER@HOST/DIRECTORY");
  const SshUrl ssh = TRY(parse_ssh_url(std::string_view(url).substr(4)));
  if (ssh.server.option("key").empty() || ssh.server.option("known_hosts").empty())
    return fail(Kind::refused, "name the files to pack: ?key=FILE&known_hosts=FILE");
  Sys& sys = real_sys();
  const auto key = read_small_file(sys, ssh.key, kMaxKey);
  if (!key)
    return wrap(key.error(),
                "key '%s' cannot be read (ssh-keygen -t ed25519 -N '' -f %s makes one)",
                ssh.key.c_str(), ssh.key.c_str());
  TRY(check_key_mode(sys, ssh.key));
  TRY(load_user_key(sys, ssh.key));
  const auto known_hosts = read_small_file(sys, ssh.known_hosts, kMaxKnownHosts);
  if (!known_hosts)
    return wrap(
        known_hosts.error(), "known_hosts '%s' cannot be read; make it: ssh-keyscan -p %u %s >>%s",
        ssh.known_hosts.c_str(), ssh.server.port, ssh.server.host.c_str(), ssh.known_hosts.c_str());
  const std::string lines =
      TRY(lines_of_server(*known_hosts, ssh.known_hosts, ssh.server.host, ssh.server.port));
  TRY(make_directories(tree, kSshDirectory));
  TRY(write_file(tree + kSshDirectory + "/known_hosts", lines, O_APPEND));
  const std::string name = TRY(pack_key(tree, *key));
  const std::string plain = url.substr(0, url.find('?'));
  return name.ends_with("/key") ? plain : plain + "?key=" + name;
}

}  // namespace

int pack_ssh_command(const SetupWords& words) {
  if (words.size() != 2) {
    fputs("usage: kdump-init-setup pack-ssh URL TREE\n", stderr);
    return 2;
  }
  const auto packed = pack(words[0], words[1]);
  if (!packed) {
    fprintf(stderr, "target '%s': %s\n", without_password(words[0]).c_str(), packed.error().text);
    return 1;
  }
  printf("%s\n", packed->c_str());
  return 0;
}

}  // namespace kdump
