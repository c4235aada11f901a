#include "targets/storage/stack/lvm_metadata.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "targets/storage/stack/lvm_text.h"

namespace kdump {
namespace {

constexpr uint64_t kSector = 512;
constexpr int kLabelSectors = 4;  // the label is in any of them
constexpr char kLabelMagic[] = "LABELONE", kLabelType[] = "LVM2 001";
constexpr char kAreaMagic[] = " LVM2 x[5A%r0N*>";
// A group of some thousand volumes; the whole area is 1 MiB unless someone asked for more.
constexpr uint64_t kMaxTextBytes = 4 << 20;
// What no real group comes near, and no product of them wraps.
constexpr uint64_t kMaxExtentSectors = uint64_t{1} << 24, kMaxExtents = uint64_t{1} << 36;
constexpr uint64_t kMaxSegments = 1024, kMaxVolumes = 1024;
// Of all segments together: more do not fit into a table of device_mapper.cc's.
constexpr uint64_t kMaxStripes = 4096;

// LVM2's checksum: CRC-32's polynomial with LVM2's initial value, not inverted
// (lib/misc/crc.c of LVM2).
uint32_t lvm_checksum(Bytes data) {
  uint32_t crc = 0xf597a6cf;
  for (const uint8_t byte : data) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0u);
  }
  return crc;
}

struct Area {
  uint64_t offset = 0, size = 0;
};

// The first metadata area that the label names: lists of areas, data before metadata, each ended by
// an offset of 0.
Result<Area> find_area(const Image& image) {
  std::array<uint8_t, kSector> sector;
  for (uint64_t i = 0; i < kLabelSectors; ++i) {
    if (!TRY(image.has(i * kSector, sector))) break;
    if (memcmp(&sector[0], kLabelMagic, 8) != 0 || memcmp(&sector[24], kLabelType, 8) != 0)
      continue;
    ByteReader header(sector, "LVM2 label");
    TRY(header.take(20));
    const uint32_t at = TRY(header.take<uint32_t>());
    if (at < header.position())
      return fail(Kind::corrupt, "LVM2 label: its contents begin at %" PRIu32, at);
    TRY(header.take(at - header.position()));
    TRY(header.take(40));  // UUID, size of the device
    for (int list = 0; list < 2; ++list) {
      for (;;) {
        const Area area{TRY(header.take<uint64_t>()), TRY(header.take<uint64_t>())};
        if (area.offset == 0) break;
        if (list == 1) return area;
      }
    }
    return fail(Kind::unsupported, "this physical volume has no metadata area");
  }
  return fail(Kind::corrupt, "no LVM2 label in the first %d sectors", kLabelSectors);
}

// -- From the text to sectors.

struct PhysicalVolume {
  std::string_view name, id;
  uint64_t first_sector = 0;  // of its extent 0
};

struct Group {
  std::string_view text;
  uint64_t extent_sectors = 0;
};

Result<Group> find_group(std::string_view metadata) {
  while (const auto entry = next_lvm_entry(metadata)) {
    if (!entry->is_section) continue;
    const auto extent = lvm_number(entry->value, "extent_size");
    if (!extent) continue;
    if (*extent == 0 || *extent > kMaxExtentSectors)
      return fail(Kind::corrupt, "LVM2: extents of %" PRIu64 " sectors", *extent);
    return Group{entry->value, *extent};
  }
  return fail(Kind::corrupt, "LVM2: the metadata has no volume group");
}

Result<uint64_t> extents(std::string_view section, std::string_view key) {
  const auto count = lvm_number(section, key);
  if (!count || *count > kMaxExtents)
    return fail(Kind::corrupt, "LVM2: %.*s is missing or too large", static_cast<int>(key.size()),
                key.data());
  return *count;
}

// Looked up once: a text of some megabytes may have thousands of stripes.
Result<std::vector<PhysicalVolume>> physical_volumes(const Group& group) {
  std::vector<PhysicalVolume> volumes;
  std::string_view section = lvm_section(group.text, "physical_volumes");
  while (const auto entry = next_lvm_entry(section)) {
    if (volumes.size() == kMaxVolumes)
      return fail(Kind::unsupported, "LVM2: more than %" PRIu64 " physical volumes", kMaxVolumes);
    const auto start = lvm_number(entry->value, "pe_start");
    const std::string_view id = lvm_value(entry->value, "id");
    if (!entry->is_section || id.empty() || !start || *start > kMaxExtents)
      return fail(Kind::corrupt, "LVM2: a physical volume without id or pe_start");
    volumes.push_back({.name = entry->key, .id = id, .first_sector = *start});
  }
  return volumes;
}

Result<LvmStripe> make_stripe(const Group& group, std::span<const PhysicalVolume> volumes,
                              std::string_view name, std::string_view extent) {
  uint64_t first = 0;
  for (const char digit : extent) {
    if (digit < '0' || digit > '9' || first > kMaxExtents)
      return fail(Kind::corrupt, "LVM2: a stripe does not begin with an extent's number");
    first = first * 10 + static_cast<uint64_t>(digit - '0');
  }
  for (const PhysicalVolume& volume : volumes)
    if (volume.name == name)
      return LvmStripe{.volume = std::string(volume.id),
                       .first_sector = volume.first_sector + first * group.extent_sectors};
  // Another logical volume's name, of a kind that is not made here.
  return fail(Kind::unsupported, "LVM2: a part lies on %.*s, which is not a physical volume",
              static_cast<int>(std::min<size_t>(name.size(), 64)), name.data());
}

Result<LvmSegment> make_segment(const Group& group, std::span<const PhysicalVolume> volumes,
                                std::string_view text, uint64_t max_stripes) {
  const std::string_view type = lvm_value(text, "type");
  if (type != "striped")  // LVM2's name of linear ones too
    return fail(Kind::unsupported,
                "LVM2: the volume is of type %.*s; only linear and striped ones"
                " are supported",
                static_cast<int>(std::min<size_t>(type.size(), 32)), type.data());
  LvmSegment segment;
  segment.first_sector = TRY(extents(text, "start_extent")) * group.extent_sectors;
  segment.sectors = TRY(extents(text, "extent_count")) * group.extent_sectors;
  segment.stripe_sectors = lvm_number(text, "stripe_size").value_or(0);
  std::string_view stripes = lvm_value(text, "stripes");
  while (const auto name = next_lvm_element(stripes)) {
    const auto extent = next_lvm_element(stripes);
    if (!extent || segment.stripes.size() >= max_stripes)
      return fail(Kind::corrupt, "LVM2: invalid length of a list of stripes");
    segment.stripes.push_back(TRY(make_stripe(group, volumes, *name, *extent)));
  }
  if (segment.stripes.empty() || segment.sectors == 0 ||
      (segment.stripes.size() > 1 &&
       (segment.stripe_sectors == 0 || segment.stripe_sectors > kMaxExtentSectors)))
    return fail(Kind::corrupt, "LVM2: a segment without stripes, size or size of stripes");
  return segment;
}

}  // namespace

Result<std::string> read_lvm_metadata(const Image& image) {
  const Area area = TRY(find_area(image));
  std::array<uint8_t, kSector> header;
  if (area.size < 2 * kSector || area.size > image.size() ||
      area.offset > image.size() - area.size || !TRY(image.has(area.offset, header)) ||
      memcmp(&header[4], kAreaMagic, 16) != 0)
    return fail(Kind::corrupt, "LVM2: no metadata area at offset %" PRIu64, area.offset);
  const uint64_t offset = load<uint64_t>(&header[40]), size = load<uint64_t>(&header[48]);
  if (offset < kSector || offset >= area.size || size == 0 || size > kMaxTextBytes ||
      size > area.size - kSector)
    return fail(Kind::corrupt, "LVM2: metadata of %" PRIu64 " bytes at %" PRIu64 " of its area",
                size, offset);
  // The area behind its header is a ring.
  std::string text(size, '\0');
  const MutableBytes bytes(reinterpret_cast<uint8_t*>(text.data()), size);
  const uint64_t before_wrap = std::min(size, area.size - offset);
  if (!TRY(image.has(area.offset + offset, bytes.first(before_wrap))) ||
      !TRY(image.has(area.offset + kSector, bytes.subspan(before_wrap))))
    return fail(Kind::corrupt, "LVM2: the device ends within its metadata");
  if (lvm_checksum(bytes) != load<uint32_t>(&header[56]))
    return fail(Kind::corrupt, "LVM2: the metadata's checksum is wrong");
  return text;
}

Result<std::vector<LvmSegment>> find_lvm_volume(std::string_view metadata, std::string_view uuid) {
  const Group group = TRY(find_group(metadata));
  const std::vector<PhysicalVolume> physical = TRY(physical_volumes(group));
  std::string_view volumes = lvm_section(group.text, "logical_volumes");
  while (const auto volume = next_lvm_entry(volumes)) {
    if (!volume->is_section || lvm_value(volume->value, "id") != uuid) continue;
    const auto count = lvm_number(volume->value, "segment_count");
    if (!count || *count == 0 || *count > kMaxSegments)
      return fail(Kind::corrupt, "LVM2: the volume's segment_count is missing or too large");
    std::vector<LvmSegment> segments;
    uint64_t end = 0, stripes = 0;
    std::string_view entries = volume->value;
    while (const auto entry = next_lvm_entry(entries)) {
      const std::string name = "segment" + std::to_string(segments.size() + 1);
      if (!entry->is_section || entry->key != name || segments.size() == *count) continue;
      segments.push_back(TRY(make_segment(group, physical, entry->value, kMaxStripes - stripes)));
      if (segments.back().first_sector != end)
        return fail(Kind::corrupt, "LVM2: %s does not begin where the one before ends",
                    name.c_str());
      end += segments.back().sectors;
      stripes += segments.back().stripes.size();
    }
    if (segments.size() != *count)
      return fail(Kind::corrupt, "LVM2: only %zu of the volume's %" PRIu64 " segments are there",
                  segments.size(), *count);
    return segments;
  }
  return fail(Kind::refused, "LVM2: its volume group no longer has a volume with UUID %.*s",
              static_cast<int>(uuid.size()), uuid.data());
}

uint64_t lvm_sequence(std::string_view metadata) {
  const auto group = find_group(metadata);
  return group ? lvm_number(group->text, "seqno").value_or(0) : 0;
}

}  // namespace kdump
