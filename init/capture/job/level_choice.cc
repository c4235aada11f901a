// See level_choice.h.
#include "init/capture/job/level_choice.h"

#include <cinttypes>

#include "init/capture/report/human_size.h"

namespace kdump {
namespace {

// What a dump leaves free for the log, the report and what the file system needs to name them.
constexpr uint64_t kReserveBytes = 1 << 20;

}  // namespace

uint64_t room_for_dump(const Target::Space& space, uint64_t dmesg_bytes, bool is_flattened) {
  uint64_t room = UINT64_MAX;
  if (space.free_bytes) {
    const uint64_t taken = dmesg_bytes + kReserveBytes;
    room = *space.free_bytes > taken ? *space.free_bytes - taken : 0;
  }
  if (space.largest_file && *space.largest_file < room) room = *space.largest_file;
  // A flattened file has a record header of 16 bytes for each write, which are 4 KiB or more.
  return is_flattened && room != UINT64_MAX ? room - room / 128 : room;
}

LevelChoice choose_level(VmcoreDump& dump, const std::vector<uint32_t>& levels, uint64_t room,
                         JobProgress& progress, Console& console) {
  const std::string room_text = room == UINT64_MAX ? "" : ", room for " + human_size(room);
  for (const uint32_t level : levels) {
    progress.tick();
    // Where there is room in any case no time is spent on finding out how much it will take.
    if (const auto most = dump.most_bytes(level); most && *most <= room) {
      console.say("level %u: %" PRIu64 " of %" PRIu64 " pages, at most %s%s", level,
                  dump.plan().kept_pages(level), dump.plan().ram_pages(), human_size(*most).c_str(),
                  room_text.c_str());
      return {level, room, ""};
    }
    const auto estimate = dump.estimate_bytes(level);
    if (!estimate)
      return {level, room,
              std::string("the size of the dump cannot be estimated: ") + estimate.error().text};
    const bool fits = *estimate <= room;
    console.say("level %u: %" PRIu64 " of %" PRIu64 " pages, about %s%s%s", level,
                dump.plan().kept_pages(level), dump.plan().ram_pages(),
                human_size(*estimate).c_str(), room_text.c_str(), fits ? "" : ": does not fit");
    if (fits) return {level, room, ""};
  }
  return {levels.back(), room,
          "no level fits, by estimate: the dump may be cut off where the room ends"};
}

}  // namespace kdump
