#include "filter/dump_file/kdump_file.h"

#include <algorithm>
#include <bit>

#include "filter/base/text.h"

namespace kdump {
namespace {

using kdump_format::Header;
using kdump_format::SubHeader;

constexpr uint32_t kMinBlock = 4096, kMaxBlock = 256 << 10;
// In blocks; the notes of thousands of CPUs lie in it.
constexpr int32_t kMaxSubHeader = 1 << 16;

std::string field(const char (&text)[kUtsField]) {
  return printable({text, strnlen(text, kUtsField)});
}

// A header whose numbers are not those of a 64-bit little-endian machine.
std::unexpected<Error> refuse_foreign(const Header& header, const char* kind) {
  return fail(
      Kind::unsupported,
      "a kdump-compressed dump of a %s machine (%s), which is not read here: Linux %s on %s", kind,
      field(header.utsname.machine).c_str(), field(header.utsname.release).c_str(),
      field(header.utsname.nodename).c_str());
}

bool is_block_size(int32_t size) {
  const auto block = static_cast<uint32_t>(size);
  return size > 0 && block >= kMinBlock && block <= kMaxBlock && std::has_single_bit(block);
}

// Of 32-bit machines, whose times are half as long, the block size lies 12 bytes earlier.
Result<> check_machine(const Header& header) {
  const auto version = static_cast<uint32_t>(header.header_version);
  if (version > 0xffff && __builtin_bswap32(version) <= 0xffff)
    return refuse_foreign(header, "big-endian");
  constexpr size_t kBlockSize32 = 420;
  const auto* const bytes = reinterpret_cast<const uint8_t*>(&header);
  if (!is_block_size(header.block_size) && is_block_size(load<int32_t>(bytes + kBlockSize32)))
    return refuse_foreign(header, "32-bit");
  return {};
}

Result<SubHeader> read_sub_header(const DumpFile& file, const Header& header) {
  // Fields that came with each version; what lies behind them is not part of the header.
  constexpr size_t kBytes[] = {
      offsetof(SubHeader, dump_level),        offsetof(SubHeader, split),
      offsetof(SubHeader, offset_vmcoreinfo), offsetof(SubHeader, offset_note),
      offsetof(SubHeader, offset_eraseinfo),  sizeof(SubHeader)};
  static_assert(std::size(kBytes) == kdump_format::kVersion);
  SubHeader sub{};
  const size_t size = header.header_version == 5
                          ? offsetof(SubHeader, start_pfn_64)
                          : kBytes[static_cast<size_t>(header.header_version) - 1];
  TRY(file.read_at(static_cast<uint32_t>(header.block_size),
                   {reinterpret_cast<uint8_t*>(&sub), size}));
  if (header.header_version < 6) {
    sub.start_pfn_64 = sub.start_pfn;
    sub.end_pfn_64 = sub.end_pfn;
    sub.max_mapnr_64 = header.max_mapnr;
  }
  return sub;
}

}  // namespace

Result<KdumpFile> KdumpFile::read(const DumpFile& file) {
  KdumpFile out;
  Header& header = out.header;
  TRY(file.read_at(0, {reinterpret_cast<uint8_t*>(&header), sizeof header}));
  TRY(check_machine(header));
  if (!is_block_size(header.block_size))
    return fail(Kind::corrupt, "header: block size %d", header.block_size);
  if (header.header_version < 1 || header.header_version > kdump_format::kVersion)
    return fail(Kind::unsupported, "header: version %d is unknown", header.header_version);
  if (header.sub_hdr_size < 1 || header.sub_hdr_size > kMaxSubHeader)
    return fail(Kind::corrupt, "header: %d blocks of sub-header", header.sub_hdr_size);
  auto sub = read_sub_header(file, header);
  if (!sub) return wrap(sub.error(), "sub-header");
  out.sub = *sub;
  out.block_size = static_cast<uint32_t>(header.block_size);
  out.ram_bitmap = (1 + static_cast<uint64_t>(header.sub_hdr_size)) * out.block_size;
  const uint64_t bitmaps = uint64_t{header.bitmap_blocks} * out.block_size;
  out.descriptors = out.ram_bitmap + bitmaps;
  out.end_pfn = out.sub.max_mapnr_64;
  const uint64_t bits = out.end_pfn / 8 + (out.end_pfn % 8 != 0);
  // Old dumps have one bitmap, which stands for both.
  const bool is_single = header.bitmap_blocks % 2 != 0 || bits > bitmaps / 2;
  out.bitmap_bytes = is_single ? bitmaps : bitmaps / 2;
  out.dumped_bitmap = is_single ? out.ram_bitmap : out.ram_bitmap + out.bitmap_bytes;
  if (bitmaps == 0 || bits > out.bitmap_bytes || out.descriptors > file.end())
    return fail(Kind::corrupt,
                "bitmaps of %u blocks for %" PRIu64 " page frames do not fit a file of %" PRIu64
                " bytes",
                header.bitmap_blocks, out.end_pfn, file.end());
  out.part_end = out.end_pfn;
  if (out.is_part()) {
    out.part_begin = std::min(out.sub.start_pfn_64, out.end_pfn);
    out.part_end = std::clamp(out.sub.end_pfn_64, out.part_begin, out.end_pfn);
  }
  return out;
}

const char* compression_name(uint32_t status) {
  switch (status & kdump_format::kCompressions) {
    case 0:
      return "none";
    case kdump_format::kCompressedZlib:
      return "zlib";
    case kdump_format::kCompressedLzo:
      return "lzo";
    case kdump_format::kCompressedSnappy:
      return "snappy";
    case kdump_format::kCompressedZstd:
      return "zstd";
    default:
      return "several";
  }
}

}  // namespace kdump
