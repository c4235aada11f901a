// What lies on disks that the program looks at: file systems, containers, partition tables, LVM's
// metadata. An input is a sparse device, so that it stays small.
#include <algorithm>
#include <map>
#include <vector>

#include "targets/storage/partition_table.h"
#include "targets/storage/signatures.h"
#include "targets/storage/stack/lvm_metadata.h"
#include "tests/fuzz/fuzzer.h"

namespace kdump {
namespace {

// Size in 512 bytes, then pieces: where (u32, bytes), how many bytes (u16), the bytes.
class SparseImage final : public Image {
 public:
  explicit SparseImage(Bytes input) {
    Pieces pieces(input);
    size_ = uint64_t{pieces.number<uint32_t>()} * 512;
    while (!pieces.at_end() && parts_.size() < 64) {
      const uint64_t offset = pieces.number<uint32_t>();
      const size_t bytes = pieces.number<uint16_t>();
      const Bytes content = pieces.rest().first(std::min(bytes, pieces.rest().size()));
      parts_.push_back({offset, content});
      pieces = Pieces(pieces.rest().subspan(content.size()));
    }
  }
  uint64_t size() const override { return size_; }
  Result<size_t> read_some_at(uint64_t offset, MutableBytes out) const override {
    promised(++reads_ < 100'000, "looking at a device ends");
    if (offset >= size_) return size_t{0};
    out = out.first(std::min<uint64_t>(out.size(), size_ - offset));
    std::ranges::fill(out, uint8_t{0});
    for (const auto& [at, content] : parts_) {
      const uint64_t begin = std::max(at, offset),
                     end = std::min(at + content.size(), offset + out.size());
      if (begin < end)
        std::copy_n(content.begin() + static_cast<ptrdiff_t>(begin - at), end - begin,
                    out.begin() + static_cast<ptrdiff_t>(begin - offset));
    }
    return out.size();
  }

 private:
  struct Part {
    uint64_t offset;
    Bytes content;
  };
  uint64_t size_ = 0;
  std::vector<Part> parts_;
  mutable unsigned reads_ = 0;
};

}  // namespace

void fuzz_file_system(Bytes input) {
  const SparseImage image(input);
  if (const auto identity = read_identity(image); identity) {
    promised(!identity->is_mountable || !identity->type.empty(), "what can be mounted has a type");
    for (const char c : identity->text())
      promised(c >= ' ' && c <= '~', "an identity is printed in one line");
  }
  for (const auto& found : {read_container(image), read_other_signature(image)})
    promised(!found || !found->is_mountable, "a container is never mounted");
}

void fuzz_partition_table(Bytes input) {
  Pieces pieces(input);
  const uint32_t number = pieces.byte();
  const uint32_t sector = pieces.byte() % 2 ? 4096 : 512;
  const SparseImage image(pieces.rest());
  const auto identity = read_partition_identity(image, number, sector);
  promised(!identity || identity->label.size() <= 36 * 4, "a label is bounded");
}

void fuzz_lvm_label(Bytes input) {
  const SparseImage image(input);
  const auto text = read_lvm_metadata(image);
  promised(!text || text->size() <= image.size(), "metadata lie within their device");
}

// Not out of a device: no mutation would hit upon its checksum.
void fuzz_lvm_text(Bytes input) {
  const std::string_view text(reinterpret_cast<const char*>(input.data()), input.size());
  (void)lvm_sequence(text);
  const auto segments = find_lvm_volume(text, "lll");
  if (!segments) return;
  uint64_t end = 0;
  for (const LvmSegment& segment : *segments) {
    promised(segment.first_sector == end, "segments leave no gap");
    promised(segment.sectors > 0 && segment.sectors <= uint64_t{1} << 60, "a segment has a size");
    promised(!segment.stripes.empty(), "a segment has stripes");
    promised(segment.stripes.size() == 1 || segment.stripe_sectors > 0, "stripes have a size");
    end += segment.sectors;
  }
}

}  // namespace kdump
