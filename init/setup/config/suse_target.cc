#include "init/setup/config/suse_target.h"

#include "filter/base/text.h"
#include "init/setup/config/place.h"
#include "init/setup/config/words.h"

namespace kdump {
namespace {

constexpr const char* kName = "KDUMP_SAVEDIR";

// The first of KDUMP_SSH_IDENTITY, or of root's own keys that can be read.
std::string key_of(const Assignments& file, const Machine& machine) {
  const std::vector<std::string> named = split_words(file.value("KDUMP_SSH_IDENTITY"));
  if (!named.empty()) {
    const std::string key = with_home(named.front());
    return key.starts_with('/') ? key : "/root/.ssh/" + key;
  }
  for (const char* const key : {"/root/.ssh/id_ed25519", "/root/.ssh/id_ecdsa"})
    if (machine.read(key)) return key;
  return "/root/.ssh/id_rsa";
}

std::string scheme_of(const std::string& url) {
  const size_t end = url.find("://");
  return url.starts_with('/') ? "file" : lower_case(url.substr(0, end));
}

struct Authority {
  std::string user = "root", host, port;
};

// [USER@]HOST[:PORT]; the user may be percent-encoded.
Result<Authority> split_authority(std::string_view text) {
  Authority result;
  if (const size_t at = text.rfind('@'); at != text.npos) {
    result.user = TRY(percent_decode(text.substr(0, at)));
    text.remove_prefix(at + 1);
  }
  const size_t colon = text.rfind(':');
  // A colon before digits, and the only one or behind the brackets of an address.
  if (colon != text.npos && colon + 1 < text.size() &&
      (text.find(':') == colon || text.substr(0, colon).ends_with(']')) &&
      text.find_first_not_of("0123456789", colon + 1) == text.npos) {
    result.port = text.substr(colon + 1);
    text = text.substr(0, colon);
  }
  result.host = text;
  return result;
}

}  // namespace

bool is_suse_server(const std::string& url) { return scheme_of(url) != "file"; }

void add_suse_target(const std::string& url, const Assignments& file, Translator& into) {
  const std::string scheme = scheme_of(url);
  const size_t begin = url.starts_with('/') ? 0 : url.find("://") + 3;
  const std::string rest = url.substr(std::min(begin, url.size()));
  if (is_among(scheme, {"ftp", "cifs", "smb"}))
    return into.refuse_target(
        kName, shown(url) + ": dumps go to a disk, to nfs:// or ssh://, not by " + scheme);
  if (!is_among(scheme, {"file", "nfs", "ssh", "sftp", "scp"}) || url.find("://") == url.npos)
    if (!url.starts_with('/'))
      return into.refuse_target(
          kName, shown(url) + ": expected a path, file://, nfs://, ssh:// or sftp://");
  if (scheme == "file") return into.add_target(kName, find_place(into.machine(), rest));
  const size_t slash = rest.find('/');
  if (slash == rest.npos)
    return into.refuse_target(kName, shown(url) + ": name a directory of the server: /DIRECTORY");
  const std::string directory = rest.substr(slash);
  const auto authority = split_authority(std::string_view(rest).substr(0, slash));
  if (!authority) return into.refuse_target(kName, shown(url) + ": " + authority.error().text);
  if (scheme == "nfs") {
    const bool has_port = !authority->port.empty();
    if (rest.substr(0, slash).find('@') != rest.npos)
      return into.refuse_target(kName, shown(url) + ": NFS has no user before the host");
    return into.add_target(kName, nfs_place(authority->host + ":" + directory, "/",
                                            has_port ? "port=" + authority->port : ""));
  }
  if (authority->user.find(':') != std::string::npos)
    return into.refuse_target(kName,
                              shown(url) +
                                  ": a key is needed, not a password: ssh-keygen -t ed25519 -N '' "
                                  "-f /root/.ssh/id_ed25519, then ssh-copy-id");
  into.add_target(kName, ssh_place(into.machine(), authority->user + "@" + authority->host,
                                   authority->port, directory, key_of(file, into.machine())));
}

}  // namespace kdump
