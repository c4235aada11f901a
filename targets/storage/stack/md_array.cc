#include "targets/storage/stack/md_array.h"

#include <fcntl.h>
#include <sys/sysmacros.h>

#include <cerrno>

#include "filter/base/file.h"
#include "filter/base/text.h"

namespace kdump {
namespace {

// After a crash an array is dirty, and a resync would take the disks from the dump. KiB a second.
constexpr char kMaxResyncSpeed[] = "1000";

Result<> set(Sys& sys, const std::string& path, const std::string& value) {
  File file = TRY(File::open(sys, path, O_WRONLY));
  if (const auto done = file.append(bytes_of_text(value)); !done)
    return wrap(done.error(), "\"%s\"", value.c_str());
  return {};
}

}  // namespace

Result<> start_md_array(Sys& sys, const std::string& name, const std::string& version,
                        const std::vector<BlockDevice>& members, Observer& observer) {
  const std::string in_sys = "/sys/block/" + name + "/md/";
  // An earlier target lay on it too. Before it runs its state is "clear".
  if (const auto state = read_small_file(sys, in_sys + "array_state", 64);
      !state || *state == "clear\n" || *state == "inactive\n") {
    // Where it was there before, half made, the rest is made now.
    if (const auto made = set(sys, "/sys/module/md_mod/parameters/new_array", name);
        !made && !state)
      return fail(Kind::unsupported, "%s: is md_mod loaded?", made.error().text);
    // Refused where members have been added: then it was set before.
    if (const auto done = set(sys, in_sys + "metadata_version", version); !done && !state)
      return std::unexpected(done.error());
    for (const BlockDevice& member : members) {
      const std::string number =
          std::to_string(major(member.rdev)) + ":" + std::to_string(minor(member.rdev));
      // What the kernel does not take, it does not need: whether the rest is enough it says below.
      if (const auto added = set(sys, in_sys + "new_dev", number); !added)
        observer.note((name + ": without " + member.text() + ": " + added.error().text).c_str());
    }
    TRY(set(sys, in_sys + "array_state", "active"));
    // There once it runs, and only where there is something to resync.
    if (const auto slow = set(sys, in_sys + "sync_speed_max", kMaxResyncSpeed);
        !slow && slow.error().sys_errno != ENOENT)
      observer.note(slow.error().text);
  }
  return {};
}

}  // namespace kdump
