// Where an SSH target's files lie in an image: targets/url/server_url.h.
#include <fcntl.h>
#include <sys/stat.h>

#include <cstdio>
#include <optional>
#include <vector>

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
constexpr char kCertificateSuffix[] = "-cert.pub";

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

// A user's key and the certificate beside it, as files have them.
struct KeyFiles {
  std::string key;
  std::optional<std::string> certificate;
  std::string note;  // until when the certificate is valid, or why it is not used

  bool operator==(const KeyFiles& other) const {
    return key == other.key && certificate == other.certificate;
  }
};

Result<std::optional<std::string>> read_if_there(const std::string& path) {
  auto content = read_small_file(real_sys(), path, kMaxKey);
  if (content) return *std::move(content);
  if (content.error().sys_errno == ENOENT) return std::nullopt;
  return std::unexpected(content.error());
}

Result<KeyFiles> read_key(const std::string& path) {
  KeyFiles files;
  auto key = read_small_file(real_sys(), path, kMaxKey);
  if (!key)
    return wrap(key.error(),
                "key '%s' cannot be read (ssh-keygen -t ed25519 -N '' -f %s makes one)",
                path.c_str(), path.c_str());
  files.key = *std::move(key);
  TRY(check_key_mode(real_sys(), path));
  files.note = TRY(load_user_key(real_sys(), path)).certificate_note;
  files.certificate = TRY(read_if_there(path + kCertificateSuffix));
  return files;
}

// Returns the key's name in the image: another target may have packed it already.
Result<std::string> pack_key(const std::string& tree, const KeyFiles& files) {
  for (int n = 1; n <= kMaxKeys; ++n) {
    const std::string name =
        std::string(kSshDirectory) + "/key" + (n == 1 ? "" : "." + std::to_string(n));
    const auto packed = TRY(read_if_there(tree + name));
    if (packed) {
      const KeyFiles there{*packed, TRY(read_if_there(tree + name + kCertificateSuffix)), {}};
      if (there == files) return name;
      continue;
    }
    TRY(write_file(tree + name, files.key, O_EXCL));
    if (files.certificate)
      TRY(write_file(tree + name + kCertificateSuffix, *files.certificate, O_EXCL));
    return name;
  }
  return fail(Kind::refused, "more than %d different keys", kMaxKeys);
}

// The option as the URL has it, percent-encoded.
std::string encoded_option(const std::string& url, std::string_view name) {
  for (const std::string& option : split_at(std::string_view(url).substr(url.find('?') + 1), '&'))
    if (option.starts_with(std::string(name) + "=")) return option;
  return {};
}

struct Packed {
  std::string url;  // as it is packed: without the names that only this machine's files have
  std::vector<std::string> notes;
};

Result<Packed> pack(const std::string& url, const std::string& tree) {
  if (!url.starts_with("ssh:")) return fail(Kind::refused, "expected ssh://USER@HOST/DIRECTORY");
  const SshUrl ssh = TRY(parse_ssh_url(std::string_view(url).substr(4)));
  if (ssh.server.option("key").empty() || ssh.server.option("known_hosts").empty())
    return fail(Kind::refused, "name the files to pack: ?key=FILE&known_hosts=FILE");
  const KeyFiles key = TRY(read_key(ssh.key));
  const KeyFiles jump_key = ssh.jump ? TRY(read_key(ssh.jump->key)) : KeyFiles();
  const auto known_hosts = read_small_file(real_sys(), ssh.known_hosts, kMaxKnownHosts);
  if (!known_hosts)
    return wrap(
        known_hosts.error(), "known_hosts '%s' cannot be read; make it: ssh-keyscan -p %u %s >>%s",
        ssh.known_hosts.c_str(), ssh.server.port, ssh.server.host.c_str(), ssh.known_hosts.c_str());
  const std::string lines = TRY(lines_of(ssh, *known_hosts));
  TRY(make_directories(tree, kSshDirectory));
  TRY(write_file(tree + kSshDirectory + "/known_hosts", lines, O_APPEND));
  std::vector<std::string> options;
  Packed packed;
  const auto add_key = [&](const char* option, const KeyFiles& files) -> Result<> {
    const std::string name = TRY(pack_key(tree, files));
    if (option != std::string_view("key") || !name.ends_with("/key"))
      options.push_back(option + ("=" + name));
    if (!files.note.empty()) packed.notes.push_back(files.note);
    return {};
  };
  TRY(add_key("key", key));
  if (ssh.jump) options.push_back(encoded_option(url, "jump"));
  if (ssh.jump && !(jump_key == key)) TRY(add_key("jump_key", jump_key));
  packed.url = url.substr(0, url.find('?'));
  for (size_t i = 0; i < options.size(); ++i) packed.url += (i == 0 ? "?" : "&") + options[i];
  return packed;
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
  printf("%s\n", packed->url.c_str());
  for (const std::string& note : packed->notes)
    printf("target '%s': %s\n", without_password(words[0]).c_str(), note.c_str());
  return 0;
}

}  // namespace kdump
