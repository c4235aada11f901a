// The log of v5.10 and later: a ring of descriptors and infos, and a ring of text blocks.
#include <vector>

#include "filter/base/text.h"
#include "filter/kernel/log/log_readers.h"

namespace kdump {
namespace {

// More than CONFIG_LOG_BUF_SHIFT and log_buf_len= allow (2 GiB of text, 32 bytes a record).
constexpr uint32_t kMaxCountBits = 26, kMaxSizeBits = 31;

// struct prb_desc's state_var: a state in the top two bits, an id in the others.
constexpr unsigned kStateShift = 62;
constexpr uint64_t kIdMask = (1ull << kStateShift) - 1;
constexpr uint64_t kCommitted = 1, kFinalized = 2;

// Positions of a block without text have bit 0 set: 1 where there was no room, 3 for an empty line.
constexpr uint64_t kDataless = 1, kEmptyLine = 3;

// Of a sound ring at most a few records, one a CPU, are not there yet. More than this is no ring,
// and the pages are worth more than the rest of it.
constexpr uint64_t kMaxMissing = 1u << 16;

// A block begins with its descriptor's id, an unsigned long.
constexpr uint64_t kBlockHeader = sizeof(uint64_t);

struct Layout {
  uint64_t desc_ring, text_ring;                        // in printk_ringbuffer
  uint64_t count_bits, descs, infos, head_id, tail_id;  // in prb_desc_ring
  uint64_t size_bits, data;                             // in prb_data_ring
  uint64_t state_var, text_position, begin, next;       // in prb_desc
  uint64_t ts_nsec, text_len;                           // in printk_info
  uint64_t counter;                                     // in atomic_long_t
  uint64_t desc_size, info_size;
};

struct KeyRow {
  uint64_t Layout::*value;
  const char* key;
  bool is_size;  // SIZE(key) rather than OFFSET(key)
};
constexpr KeyRow kKeys[] = {
    {&Layout::desc_ring, "printk_ringbuffer.desc_ring", false},
    {&Layout::text_ring, "printk_ringbuffer.text_data_ring", false},
    {&Layout::count_bits, "prb_desc_ring.count_bits", false},
    {&Layout::descs, "prb_desc_ring.descs", false},
    {&Layout::infos, "prb_desc_ring.infos", false},
    {&Layout::head_id, "prb_desc_ring.head_id", false},
    {&Layout::tail_id, "prb_desc_ring.tail_id", false},
    {&Layout::size_bits, "prb_data_ring.size_bits", false},
    {&Layout::data, "prb_data_ring.data", false},
    {&Layout::state_var, "prb_desc.state_var", false},
    {&Layout::text_position, "prb_desc.text_blk_lpos", false},
    {&Layout::begin, "prb_data_blk_lpos.begin", false},
    {&Layout::next, "prb_data_blk_lpos.next", false},
    {&Layout::ts_nsec, "printk_info.ts_nsec", false},
    {&Layout::text_len, "printk_info.text_len", false},
    {&Layout::counter, "atomic_long_t.counter", false},
    {&Layout::desc_size, "prb_desc", true},
    {&Layout::info_size, "printk_info", true},
};

Result<Layout> decode_layout(const Vmcoreinfo& info) {
  // No structure of the ring is larger; offsets beyond it would only wander off.
  constexpr uint64_t kMaxOffset = 4096;
  Layout layout{};
  for (const KeyRow& row : kKeys) {
    const auto value = row.is_size ? info.size(row.key) : info.offset(row.key);
    if (!value || *value > kMaxOffset)
      return fail(Kind::unsupported, "vmcoreinfo lacks a usable %s(%s)",
                  row.is_size ? "SIZE" : "OFFSET", row.key);
    layout.*row.value = *value;
  }
  return layout;
}

void add_to(LogWarning& warning, const std::string& more) {
  warning += warning.empty() ? more : "; " + more;
}

class Ring {
 public:
  static Result<Ring> open(const Vmcoreinfo& info, AddressSpace& space) {
    Ring ring(space, TRY(decode_layout(info)));
    const Layout& at = ring.layout_;
    const uint64_t prb = TRY(space.read<uint64_t>({info.symbol("prb").value_or(0)}));
    ring.prb_ = prb;
    const uint64_t desc_ring = prb + at.desc_ring, text_ring = prb + at.text_ring;
    ring.count_bits_ = TRY(space.read<uint32_t>({desc_ring + at.count_bits}));
    ring.size_bits_ = TRY(space.read<uint32_t>({text_ring + at.size_bits}));
    if (ring.count_bits_ == 0 || ring.count_bits_ > kMaxCountBits || ring.size_bits_ < 4 ||
        ring.size_bits_ > kMaxSizeBits)
      return fail(Kind::corrupt,
                  "the log's ring at %#" PRIx64 " says 2^%u records and 2^%u bytes of text", prb,
                  ring.count_bits_, ring.size_bits_);
    ring.descs_ = TRY(space.read<uint64_t>({desc_ring + at.descs}));
    ring.infos_ = TRY(space.read<uint64_t>({desc_ring + at.infos}));
    ring.data_ = TRY(space.read<uint64_t>({text_ring + at.data}));
    ring.head_ = TRY(space.read<uint64_t>({desc_ring + at.head_id + at.counter})) & kIdMask;
    ring.tail_ = TRY(space.read<uint64_t>({desc_ring + at.tail_id + at.counter})) & kIdMask;
    return ring;
  }

  std::vector<VirtualRange> memory() const {
    const uint64_t records = 1ull << count_bits_;
    return {{{prb_}, layout_.text_ring + layout_.data + sizeof(uint64_t)},
            {{descs_}, records * layout_.desc_size},
            {{infos_}, records * layout_.info_size},
            {{data_}, 1ull << size_bits_}};
  }

  Result<LogWarning> read(LogText& out) {
    const uint64_t capacity = 1ull << count_bits_;
    uint64_t count = ((head_ - tail_) & kIdMask) + 1;
    LogWarning warning;
    if (count > capacity) {
      add_to(warning,
             text("the log's oldest record %#" PRIx64 " is too far from its newest %#" PRIx64,
                  tail_, head_));
      count = capacity;
    }
    if (const uint64_t kept = newest_that_fit(count); kept < count) {
      add_to(warning,
             text("the log's records claim more text than its ring of 2^%u bytes holds: the"
                  " oldest %" PRIu64 " are left out",
                  size_bits_, count - kept));
      count = kept;
    }
    out.limit_continuations(capacity);
    uint64_t unreadable = 0, foreign = 0;
    for (uint64_t id = (head_ - count + 1) & kIdMask; count > 0; --count, id = (id + 1) & kIdMask) {
      const auto record = read_record(id);
      if (!record)
        ++unreadable;
      else if (record->exists)
        TRY(out.add_record(record->ts_nsec, record->text));
      else if (record->is_foreign)
        ++foreign;
      if (unreadable + foreign == kMaxMissing) {
        add_to(warning, text("the log ends early, at record %#" PRIx64 " of %#" PRIx64, id, head_));
        break;
      }
    }
    if (unreadable)
      add_to(warning, text("%" PRIu64 " of the log's records are unreadable", unreadable));
    if (foreign)
      add_to(warning, text("%" PRIu64 " of the log's descriptors belong to no record", foreign));
    return warning;
  }

 private:
  struct Record {
    bool exists =
        false;  // false: reserved, reused, or its text was dropped because the ring was full
    bool is_foreign = false;  // the descriptor's id is none that the ring can have here
    uint64_t ts_nsec = 0;
    Bytes text = {};  // valid until the next one is read
  };

  Ring(AddressSpace& space, const Layout& layout) : space_(space), layout_(layout) {}

  // How many of the newest `count` records there are whose blocks of text together are no more than
  // the ring. A sound ring has no others; in a corrupt one a few bytes can be the text of millions.
  uint64_t newest_that_fit(uint64_t count) {
    uint64_t room = 1ull << size_bits_;
    for (uint64_t newer = 0; newer < count; ++newer) {
      const auto bytes = block_bytes((head_ - newer) & kIdMask);
      if (!bytes) continue;
      if (*bytes > room) return newer;
      room -= *bytes;
    }
    return count;
  }

  // Of the record's text with its header; 0 where it is none, or has none.
  Result<uint64_t> block_bytes(uint64_t id) {
    const Vaddr desc{descs_ + (id & ((1ull << count_bits_) - 1)) * layout_.desc_size};
    const uint64_t state_var =
        TRY(space_.read<uint64_t>({desc.value + layout_.state_var + layout_.counter}));
    if ((state_var & kIdMask) != id) return 0;
    const uint64_t position = desc.value + layout_.text_position;
    const uint64_t begin = TRY(space_.read<uint64_t>({position + layout_.begin}));
    const uint64_t next = TRY(space_.read<uint64_t>({position + layout_.next}));
    if (begin & next & kDataless) return 0;
    return block_of(begin, next).bytes;
  }

  Result<Record> read_record(uint64_t id) {
    const uint64_t index = id & ((1ull << count_bits_) - 1);
    const Vaddr desc{descs_ + index * layout_.desc_size};
    const uint64_t state_var =
        TRY(space_.read<uint64_t>({desc.value + layout_.state_var + layout_.counter}));
    const uint64_t state = state_var >> kStateShift;
    // A descriptor that is being reserved still has the id of its record before, one round ago.
    if (const uint64_t found = state_var & kIdMask; found != id)
      return Record{.is_foreign = ((id - found) & kIdMask) != 1ull << count_bits_};
    if (state != kCommitted && state != kFinalized) return Record{};

    Record record{.exists = true};
    const uint64_t info = infos_ + index * layout_.info_size;
    record.ts_nsec = TRY(space_.read<uint64_t>({info + layout_.ts_nsec}));
    const uint16_t text_len = TRY(space_.read<uint16_t>({info + layout_.text_len}));
    const uint64_t position = desc.value + layout_.text_position;
    const uint64_t begin = TRY(space_.read<uint64_t>({position + layout_.begin}));
    const uint64_t next = TRY(space_.read<uint64_t>({position + layout_.next}));
    if (begin & next & kDataless) {
      record.exists = begin == kEmptyLine && next == kEmptyLine;
      return record;
    }
    record.text = TRY(read_text(state_var & kIdMask, begin, next, text_len));
    return record;
  }

  struct Block {
    uint64_t at = 0;     // in the ring
    uint64_t bytes = 0;  // 0: there can be no such block
  };

  Block block_of(uint64_t begin, uint64_t next) const {
    const uint64_t size = 1ull << size_bits_, mask = size - 1;
    // A block that would cross the ring's end lies at its start instead. The raw positions are
    // compared by their last byte: a block may end exactly at the ring's end.
    Block block{.at = begin & mask, .bytes = next - begin};
    if (begin >> size_bits_ != (next - 1) >> size_bits_) {
      block = {.at = 0, .bytes = next & mask};
      if ((begin >> size_bits_) + 1 != (next - 1) >> size_bits_) block.bytes = 0;
    }
    if (block.bytes <= kBlockHeader || block.bytes > size - block.at) block.bytes = 0;
    return block;
  }

  Result<Bytes> read_text(uint64_t id, uint64_t begin, uint64_t next, uint16_t text_len) {
    const auto [at, block_size] = block_of(begin, next);
    if (block_size == 0)
      return fail(Kind::corrupt, "record %#" PRIx64 ": its text lies at %#" PRIx64 " to %#" PRIx64,
                  id, begin, next);
    const uint64_t owner = TRY(space_.read<uint64_t>({data_ + at}));
    if (owner != id)
      return fail(Kind::corrupt, "record %#" PRIx64 ": its text belongs to %#" PRIx64, id, owner);
    text_.resize(std::min<uint64_t>(text_len, block_size - kBlockHeader));
    TRY(space_.read({data_ + at + kBlockHeader}, text_));
    return Bytes(text_);
  }

  AddressSpace& space_;
  Layout layout_;
  uint32_t count_bits_ = 0, size_bits_ = 0;
  uint64_t prb_ = 0, descs_ = 0, infos_ = 0, data_ = 0, head_ = 0, tail_ = 0;
  std::vector<uint8_t> text_;  // at most 64 KiB: text_len has 16 bits
};

}  // namespace

bool has_printk_ring(const Vmcoreinfo& info) { return info.symbol("prb").has_value(); }

Result<LogWarning> read_printk_ring(const Vmcoreinfo& info, AddressSpace& space, LogText& out) {
  auto ring = Ring::open(info, space);
  if (!ring) return wrap(ring.error(), "kernel log, SYMBOL(prb)");
  return ring->read(out);
}

Result<std::vector<VirtualRange>> find_printk_ring(const Vmcoreinfo& info, AddressSpace& space) {
  auto ring = Ring::open(info, space);
  if (!ring) return wrap(ring.error(), "kernel log, SYMBOL(prb)");
  return ring->memory();
}

}  // namespace kdump
