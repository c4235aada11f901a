#include "init/pid1/early_mounts.h"

#include <sys/mount.h>

#include <cerrno>

namespace kdump {
namespace {

struct EarlyMount {
  const char* type;
  const char* at;
  uint64_t flags;
  const char* data;
};

constexpr EarlyMount kEarlyMounts[] = {
    {"proc", "/proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, ""},
    {"sysfs", "/sys", MS_NOSUID | MS_NODEV | MS_NOEXEC, ""},
    {"devtmpfs", "/dev", MS_NOSUID | MS_NOEXEC, "mode=0755"},
};

}  // namespace

std::vector<Error> mount_early(Sys& sys) {
  std::vector<Error> failures;
  for (const EarlyMount& row : kEarlyMounts) {
    sys.mkdir(row.at, 0755);  // if this fails, the mount says why
    const int64_t done = sys.mount(row.type, row.at, row.type, row.flags, row.data);
    if (done < 0 && done != -EBUSY)  // EBUSY: it is mounted there already
      failures.push_back(
          fail_errno(static_cast<int>(-done), "mount %s on %s", row.type, row.at).error());
  }
  return failures;
}

}  // namespace kdump
