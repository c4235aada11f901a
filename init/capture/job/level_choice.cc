// See level_choice.h.
#include "init/capture/job/level_choice.h"

#include <algorithm>
#include <cinttypes>

#include "filter/base/text.h"
#include "init/capture/report/human_size.h"

namespace kdump {
namespace {

// What a dump leaves free for the log, the report and what the file system needs to name them.
constexpr uint64_t kReserveBytes = 1 << 20;
// Of it, what a log leaves for the report and this run's own log.
constexpr uint64_t kReportBytes = 256 << 10;

uint64_t plus(uint64_t one, uint64_t other) { return one + std::min(other, UINT64_MAX - one); }

class LevelChooser {
 public:
  LevelChooser(VmcoreDump& dump, const std::vector<uint32_t>& levels, const Room& room,
               JobProgress& progress, Console& console)
      : dump_(dump), levels_(levels), room_(room), progress_(progress), console_(console) {}

  LevelChoice choose(const std::function<uint64_t()>& removable_bytes);

 private:
  // How many of the levels, from the first on, are too large for so much room; all of them: none
  // fits.
  Result<size_t> count_too_large(std::span<const uint32_t> levels, uint64_t room);
  std::optional<LevelChoice> choose_within(LevelChoice::Source source, uint64_t room,
                                           uint64_t max_bytes);
  std::optional<LevelChoice> choose_elf();
  LevelChoice choose_all_space();
  LevelChoice choose_cut_off();

  VmcoreDump& dump_;
  const std::vector<uint32_t>& levels_;
  const Room& room_;
  JobProgress& progress_;
  Console& console_;
};

Result<size_t> LevelChooser::count_too_large(std::span<const uint32_t> levels, uint64_t room) {
  const std::string room_text = room == UINT64_MAX ? "" : ", room for " + human_size(room);
  for (size_t i = 0; i < levels.size(); ++i) {
    const uint32_t level = levels[i];
    progress_.tick();
    // Where there is room in any case no time is spent on finding out how much it will take.
    const auto most = dump_.most_bytes(level);
    const bool is_certain = most && *most <= room;
    const uint64_t bytes = is_certain ? *most : TRY(dump_.estimate_bytes(level));
    const bool fits = bytes <= room;
    console_.say("level %u: %" PRIu64 " of %" PRIu64 " pages, %s %s%s%s", level,
                 dump_.plan().kept_pages(level), dump_.plan().ram_pages(),
                 is_certain ? "at most" : "about", human_size(bytes).c_str(), room_text.c_str(),
                 fits ? "" : ": does not fit");
    if (fits) return i;
  }
  return levels.size();
}

std::optional<LevelChoice> LevelChooser::choose_within(LevelChoice::Source source, uint64_t room,
                                                       uint64_t max_bytes) {
  const auto first = count_too_large(levels_, room);
  if (!first)
    return LevelChoice{
        .source = LevelChoice::Source::nothing,
        .level = levels_.front(),
        .max_bytes = max_bytes,
        .warning = text("the size of the dump cannot be estimated: %s", first.error().text)};
  if (*first == levels_.size()) return std::nullopt;
  return LevelChoice{
      .source = source, .level = levels_[*first], .max_bytes = max_bytes, .warning = {}};
}

// Its program headers grow with the memory, kdump's bitmaps with the highest address.
std::optional<LevelChoice> LevelChooser::choose_elf() {
  if (dump_.format() != Format::kdump) return std::nullopt;
  dump_.set_format(Format::elf);
  console_.say("as ELF, which has no bitmaps:");
  auto choice = choose_within(LevelChoice::Source::free, room_.free, room_.free);
  if (choice && choice->source == LevelChoice::Source::free) {
    choice->warning = "there is no room for format kdump: the dump is ELF";
    return choice;
  }
  dump_.set_format(Format::kdump);
  return std::nullopt;
}

// The smallest dump: what root has in reserve is worth something, and a server may be right.
LevelChoice LevelChooser::choose_all_space() {
  const auto first = count_too_large(std::span(levels_).last(1), room_.all);
  if (!first || *first > 0) return choose_cut_off();
  if (room_.use == RoomUse::ordinary)
    return {.source = LevelChoice::Source::deferred,
            .level = levels_.back(),
            .max_bytes = room_.free,
            .warning = {}};
  return {.source = LevelChoice::Source::all,
          .level = levels_.back(),
          .max_bytes = room_.all,
          .warning = room_.is_hint
                         ? text("the server says that there is room for %s: it is tried all the"
                                " same",
                                human_size(room_.free).c_str())
                         : text("there is room for %s: the dump takes of the blocks that the file"
                                " system reserves for root",
                                human_size(room_.free).c_str())};
}

LevelChoice LevelChooser::choose_cut_off() {
  const uint64_t room = room_.use == RoomUse::all ? room_.all : room_.free;
  std::string warning = "no level fits, by estimate: the dump may be cut off where the room ends";
  const auto tables = dump_.table_bytes();
  if (dump_.format() == Format::kdump && (!tables || *tables > room / 2)) {
    dump_.set_format(Format::elf);
    warning += "; it is ELF, as the bitmaps of format kdump would take most of it";
  }
  return {.source = LevelChoice::Source::nothing,
          .level = levels_.back(),
          .max_bytes = room,
          .warning = warning};
}

LevelChoice LevelChooser::choose(const std::function<uint64_t()>& removable_bytes) {
  using Source = LevelChoice::Source;
  const bool is_known = !room_.is_hint && room_.free != UINT64_MAX;
  const uint64_t most = room_.is_hint || room_.use == RoomUse::all ? room_.all : room_.free;
  const auto at_once = choose_within(Source::free, room_.free, most);
  if (at_once && (at_once->level == levels_.front() || !is_known)) return *at_once;
  const uint64_t with_log = plus(room_.free, room_.log_bytes);
  if (!at_once && is_known && room_.log_bytes > 0)
    if (auto choice = choose_within(Source::log, with_log, plus(most, room_.log_bytes)))
      return *choice;
  if (const uint64_t old_bytes = is_known ? removable_bytes() : 0; old_bytes > 0) {
    const uint64_t with_old = plus(room_.free, old_bytes);
    const auto choice = choose_within(Source::old_dumps, with_old, with_old);
    if (choice && (!at_once || choice->level != at_once->level)) return *choice;
  }
  if (at_once) return *at_once;
  if (auto choice = choose_elf()) return *choice;
  return room_.all > room_.free ? choose_all_space() : choose_cut_off();
}

}  // namespace

Room room_for_dump(const Target::Space& space, bool is_flattened, RoomUse use) {
  const auto usable = [&](uint64_t bytes) {
    uint64_t room = bytes;
    if (bytes != UINT64_MAX) room = bytes > kReserveBytes ? bytes - kReserveBytes : 0;
    if (space.largest_file) room = std::min(room, *space.largest_file);
    // A flattened file has a record header of 16 bytes for each write, which are 4 KiB or more.
    return is_flattened && room != UINT64_MAX ? room - room / 128 : room;
  };
  const uint64_t free = space.free_bytes.value_or(UINT64_MAX);
  return {.free = usable(free),
          .all = usable(space.is_hint ? UINT64_MAX : plus(free, space.reserved_bytes)),
          .is_hint = space.is_hint && space.free_bytes,
          .use = use};
}

uint64_t room_for_log(const Target::Space& space) {
  if (!space.free_bytes || space.is_hint) return UINT64_MAX;
  return std::max(*space.free_bytes, kReserveBytes) - kReportBytes;
}

LevelChoice choose_level(VmcoreDump& dump, const std::vector<uint32_t>& levels, const Room& room,
                         const std::function<uint64_t()>& removable_bytes, JobProgress& progress,
                         Console& console) {
  return LevelChooser(dump, levels, room, progress, console).choose(removable_bytes);
}

}  // namespace kdump
