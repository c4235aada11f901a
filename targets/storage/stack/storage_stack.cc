#include "targets/storage/stack/storage_stack.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "filter/base/file.h"
#include "filter/base/numbers.h"
#include "filter/base/text.h"
#include "targets/storage/file_image.h"
#include "targets/storage/stack/device_mapper.h"
#include "targets/storage/stack/lvm_metadata.h"
#include "targets/storage/stack/md_array.h"

namespace kdump {
namespace {

constexpr size_t kMaxListBytes = 64 * 1024;
constexpr size_t kMaxKeyBytes =
    1024;  // two hexadecimal digits a byte; XTS with AES-256 has 64 bytes
constexpr uint64_t kSector = 512;

using Words = std::vector<std::string>;

// Of one line, which is taken off the text.
Words next_line(std::string_view& text) {
  const size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  Words words;
  while (!line.empty()) {
    const size_t space = std::min(line.find(' '), line.size());
    if (space > 0) words.emplace_back(line.substr(0, space));
    line.remove_prefix(std::min(space + 1, line.size()));
  }
  return words;
}

Result<uint64_t> number(const std::string& word) {
  const auto value = whole_number<uint64_t>(word);
  if (!value) return fail(Kind::corrupt, "%s: invalid number '%s'", kStorageList, word.c_str());
  return *value;
}

class Maker {
 public:
  Maker(Sys& sys, DeviceFinder& finder, Observer& observer)
      : sys_(sys), finder_(finder), observer_(observer) {}

  Result<> make(const Words& step);

 private:
  Result<> make_array(const Words& step);
  Result<> make_crypt(const Words& step);
  Result<> make_volume(const Words& step);
  Result<std::string> newest_metadata(const Words& volumes);

  Result<BlockDevice> find(const std::string& uuid) {
    return finder_.find({DeviceName::By::uuid, uuid});
  }

  Sys& sys_;
  DeviceFinder& finder_;
  Observer& observer_;
};

Result<> Maker::make(const Words& step) {
  struct Kind {
    const char* name;
    size_t least_words;
    Result<> (Maker::*make)(const Words&);
  };
  constexpr Kind kKinds[] = {{"md", 5, &Maker::make_array},
                             {"crypt", 8, &Maker::make_crypt},
                             {"lvm", 4, &Maker::make_volume}};
  for (const auto& kind : kKinds) {
    if (step[0] != kind.name || step.size() < kind.least_words) continue;
    if (finder_.is_there({DeviceName::By::path, "/dev/mapper/" + step[1]})) return {};
    if (const auto made = (this->*kind.make)(step); !made)
      return wrap(made.error(), "%s %s", kind.name, step[1].c_str());
    observer_.note((step[0] + " " + step[1] + " is made").c_str());
    return {};
  }
  return fail(kdump::Kind::corrupt, "%s: unknown step '%s'", kStorageList, step[0].c_str());
}

Result<> Maker::make_array(const Words& step) {
  const uint64_t count = TRY(number(step[4]));
  const auto members = TRY(finder_.find_array_members(step[3], count));
  return start_md_array(sys_, step[1], step[2], members, observer_);
}

Result<> Maker::make_crypt(const Words& step) {
  const uint64_t offset = TRY(number(step[5])), sector_bytes = TRY(number(step[6]));
  if (sector_bytes < kSector || sector_bytes % kSector != 0)
    return fail(Kind::corrupt, "%s: sectors of %" PRIu64 " bytes", kStorageList, sector_bytes);
  const BlockDevice device = TRY(find(step[2]));
  // As large as the device is now: it may have grown.
  uint64_t sectors = device.size_bytes / kSector;
  if (sectors <= offset)
    return fail(Kind::corrupt, "%s ends before its data", device.text().c_str());
  sectors = (sectors - offset) / (sector_bytes / kSector) * (sector_bytes / kSector);
  std::string key = TRY(read_small_file(sys_, step[7], kMaxKeyBytes));
  key.resize(std::min(key.find('\n'), key.size()));
  DmPiece piece{.first_sector = 0, .sectors = sectors, .type = "crypt", .parameters = ""};
  piece.parameters.reserve(2 * kMaxKeyBytes);  // no copy of the key stays behind
  piece.parameters += step[3] + " " + key + " " + step[4] + " " + device.path + " " + step[5];
  if (sector_bytes != kSector) piece.parameters += " 1 sector_size:" + step[6];
  const auto made = make_dm_device(sys_, step[1], {&piece, 1});
  explicit_bzero(piece.parameters.data(), piece.parameters.size());
  explicit_bzero(key.data(), key.size());
  return made;
}

// A physical volume that was away for a while has old metadata.
Result<std::string> Maker::newest_metadata(const Words& volumes) {
  std::string newest;
  Result<> found = fail(Kind::corrupt, "no physical volume has metadata");
  for (const std::string& uuid : volumes) {
    const BlockDevice device = TRY(find(uuid));
    const File file = TRY(File::open(sys_, device.path, O_RDONLY));
    auto text = read_lvm_metadata(FileImage(file, device.size_bytes));
    if (!text) {
      found = wrap(text.error(), "%s", device.text().c_str());
    } else if (newest.empty() || lvm_sequence(*text) > lvm_sequence(newest)) {
      newest = std::move(*text);
    }
  }
  if (newest.empty()) return std::unexpected(found.error());
  return newest;
}

Result<> Maker::make_volume(const Words& step) {
  const std::string metadata = TRY(newest_metadata({step.begin() + 3, step.end()}));
  std::vector<DmPiece> table;
  for (const LvmSegment& segment : TRY(find_lvm_volume(metadata, step[2]))) {
    const bool is_linear = segment.stripes.size() == 1;
    DmPiece piece{.first_sector = segment.first_sector,
                  .sectors = segment.sectors,
                  .type = is_linear ? "linear" : "striped",
                  .parameters = ""};
    if (!is_linear)
      piece.parameters =
          std::to_string(segment.stripes.size()) + " " + std::to_string(segment.stripe_sectors);
    for (const LvmStripe& stripe : segment.stripes) {
      const BlockDevice device = TRY(find(stripe.volume));
      piece.parameters += (piece.parameters.empty() ? "" : " ") + device.path + " " +
                          std::to_string(stripe.first_sector);
    }
    table.push_back(std::move(piece));
  }
  return make_dm_device(sys_, step[1], table);
}

}  // namespace

Result<> make_storage(Sys& sys, DeviceFinder& finder, const DeviceName& name, Observer& observer) {
  const auto list = read_small_file(sys, kStorageList, kMaxListBytes);
  if (!list) {
    if (list.error().sys_errno == ENOENT) return {};
    return std::unexpected(list.error());
  }
  std::string_view text = *list;
  bool is_selected = false;
  Maker maker(sys, finder, observer);
  while (!text.empty()) {
    const Words words = next_line(text);
    if (words.empty()) continue;
    if (words[0] == "target") {
      const auto device = percent_decode(words.size() > 1 ? words[1] : "");
      is_selected = device && *device == name.text() && !finder.is_there(name);
    } else if (is_selected) {
      TRY(maker.make(words));
    }
  }
  return {};
}

}  // namespace kdump
