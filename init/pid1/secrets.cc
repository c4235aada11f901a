// See secrets.h. What packs them: scripts/lib/network.sh, scripts/lib/storage.sh.
#include "init/pid1/secrets.h"

#include <fcntl.h>

#include <algorithm>
#include <string>
#include <vector>

#include "filter/base/file.h"
#include "targets/url/server_url.h"

namespace kdump {
namespace {

constexpr const char* kDirectories[] = {kSshDirectory, "/etc/kdump-init/luks"};
// Key files have some KB, and nothing larger was packed by us; still all of it goes.
constexpr uint64_t kMaxSecretBytes = 16 << 20;

bool is_public(const std::string& name) { return name == "known_hosts" || name.ends_with(".pub"); }

Result<> overwrite(Sys& sys, const std::string& path) {
  constexpr uint8_t kZeros[4096] = {};
  File file = TRY(File::open(sys, path, O_WRONLY | O_NOFOLLOW));
  const uint64_t size = std::min(TRY(file.size()), kMaxSecretBytes);
  for (uint64_t at = 0; at < size; at += sizeof kZeros) {
    const uint64_t length = std::min<uint64_t>(size - at, sizeof kZeros);
    TRY(file.write_at(at, {kZeros, static_cast<size_t>(length)}));
  }
  return file.sync();
}

}  // namespace

void wipe_secrets(Sys& sys, Console& console) {
  uint32_t wiped = 0;
  for (const char* const directory : kDirectories) {
    std::vector<std::string> names;
    sys.list_directory(
        directory,
        [](void* into, const char* name) {
          static_cast<std::vector<std::string>*>(into)->emplace_back(name);
        },
        &names);
    for (const std::string& name : names) {
      if (is_public(name)) continue;
      const std::string path = std::string(directory) + "/" + name;
      if (const auto done = overwrite(sys, path); !done)
        console.say("%s; removed without", done.error().text);
      if (sys.unlink(path.c_str()) < 0)
        console.say("%s cannot be removed: anyone with the shell can read it", path.c_str());
      else
        ++wiped;
    }
  }
  if (wiped > 0) console.say("%u secrets wiped: keys of servers and of disks", wiped);
}

}  // namespace kdump
