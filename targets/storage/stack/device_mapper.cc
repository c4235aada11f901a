#include "targets/storage/stack/device_mapper.h"

#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "filter/base/file.h"

namespace kdump {
namespace {

constexpr char kControl[] = "/dev/mapper/control";
// A volume of some hundred segments; beyond it something is wrong.
constexpr size_t kMaxTableBytes = 256 * 1024;

uint64_t aligned(uint64_t size) { return (size + 7) & ~uint64_t{7}; }

// One call: a header, and behind it what the call takes.
Result<> control(Sys& sys, const File& file, unsigned long request, const std::string& name,
                 std::vector<uint8_t>& block, uint32_t pieces) {
  dm_ioctl header{};
  header.version[0] = 4;  // minor 0: nothing newer is asked for
  header.data_size = static_cast<uint32_t>(block.size());
  header.data_start = sizeof header;
  header.target_count = pieces;
  header.flags = DM_SECURE_DATA_FLAG;  // a key may be in it: the kernel wipes its copy
  memcpy(header.name, name.data(), name.size());
  memcpy(block.data(), &header, sizeof header);
  const int64_t done = sys.ioctl(file.fd(), request, block.data());
  if (done >= 0) return {};
  return fail_errno(static_cast<int>(-done), "device mapper: %s %s",
                    request == DM_DEV_CREATE   ? "create"
                    : request == DM_TABLE_LOAD ? "table of"
                    : request == DM_DEV_REMOVE ? "remove"
                                               : "resume",
                    name.c_str());
}

Result<std::vector<uint8_t>> table_block(std::span<const DmPiece> table) {
  std::vector<uint8_t> block(sizeof(dm_ioctl));
  for (const DmPiece& piece : table) {
    const uint64_t size = aligned(sizeof(dm_target_spec) + piece.parameters.size() + 1);
    if (block.size() + size > kMaxTableBytes)
      return fail(Kind::unsupported, "device mapper: a table of more than %zu bytes",
                  kMaxTableBytes);
    dm_target_spec spec{};
    spec.sector_start = piece.first_sector;
    spec.length = piece.sectors;
    spec.next = static_cast<uint32_t>(size);
    strncpy(spec.target_type, piece.type, sizeof spec.target_type - 1);
    const size_t at = block.size();
    block.resize(at + size);
    memcpy(&block[at], &spec, sizeof spec);
    memcpy(&block[at + sizeof spec], piece.parameters.data(), piece.parameters.size());
  }
  return block;
}

}  // namespace

Result<> make_dm_device(Sys& sys, const std::string& name, std::span<const DmPiece> table) {
  if (name.empty() || name.size() >= DM_NAME_LEN)
    return fail(Kind::refused, "device mapper: a name of %zu bytes", name.size());
  auto control_file = File::open(sys, kControl, O_RDWR);
  if (!control_file)
    return fail(Kind::unsupported, "%s: is dm_mod loaded?", control_file.error().text);
  std::vector<uint8_t> loaded = TRY(table_block(table));
  std::vector<uint8_t> alone(sizeof(dm_ioctl));

  const auto created = control(sys, *control_file, DM_DEV_CREATE, name, alone, 0);
  // An earlier target lay on it too.
  if (!created && created.error().sys_errno == EBUSY) return {};
  TRY(created);
  auto ready =
      control(sys, *control_file, DM_TABLE_LOAD, name, loaded, static_cast<uint32_t>(table.size()));
  // Without the flag for suspending this resumes, with the table that was just loaded.
  if (ready) ready = control(sys, *control_file, DM_DEV_SUSPEND, name, alone, 0);
  explicit_bzero(loaded.data(), loaded.size());
  // An empty device would pass for one that is there.
  if (!ready)
    if (const auto gone = control(sys, *control_file, DM_DEV_REMOVE, name, alone, 0); !gone)
      return wrap(ready.error(), "(removing it failed, too)");
  return ready;
}

}  // namespace kdump
