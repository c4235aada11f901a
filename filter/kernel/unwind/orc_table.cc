#include "filter/kernel/unwind/orc_table.h"

#include <algorithm>

namespace kdump {
namespace {

using Register = OrcEntry::Register;

// 7.3's vmlinux has 531,463 entries.
constexpr uint32_t kMaxEntries = 1u << 22;
constexpr size_t kHashBytes = 20;

// Numbers of registers, by ORC_REG_*. Until 7.2, with AX where it is known: 96f3b16a9de5 ("objtool:
// Support Clang RAX DRAP sequence", v7.1).
constexpr Register kOldRegisters[] = {
    Register::undefined,   Register::prev_sp,     Register::dx,  Register::di,
    Register::bp,          Register::sp,          Register::r10, Register::r13,
    Register::bp_indirect, Register::sp_indirect, Register::ax,
};
// v7.3.
constexpr Register kNewRegisters[] = {
    Register::undefined, Register::ax,          Register::dx,          Register::sp,
    Register::bp,        Register::di,          Register::r10,         Register::r13,
    Register::prev_sp,   Register::sp_indirect, Register::bp_indirect,
};
constexpr uint64_t kOldSp = 5, kNewSp = 3;

// SHA-1 of the definitions in orc_types.h, which the kernel has at __start_orc_header since
// b9f174c811e3 ("x86/unwind/orc: Add ELF section with ORC version identifier", v6.4).
struct HashRow {
  std::array<uint8_t, kHashBytes> hash;
  std::span<const Register> registers;
  const char* format;
};
constexpr HashRow kHashes[] = {
    {{0xfe, 0x5d, 0x32, 0xbf, 0x58, 0x1b, 0xd6, 0x3b, 0x2c, 0xa9,
      0xa5, 0xc6, 0x5b, 0xa5, 0xa6, 0x25, 0xea, 0xb3, 0xfe, 0x24},
     kOldRegisters,
     "of 6.4"},
    {{0x13, 0x7c, 0x36, 0xad, 0x76, 0x27, 0xc4, 0xdd, 0x55, 0x93,
      0x21, 0x76, 0xbb, 0x0e, 0xcd, 0xbd, 0x50, 0x41, 0xfc, 0x82},
     kNewRegisters,
     "of 7.3"},
};

const HashRow* find_hash(Bytes hash) {
  for (const HashRow& row : kHashes)
    if (std::ranges::equal(row.hash, hash)) return &row;
  return nullptr;
}

}  // namespace

Result<OrcTable> OrcTable::open(MemoryReader& reader, const KernelSymbols& symbols,
                                const KernelTypes& types, uint64_t text_begin) {
  OrcTable table(reader);
  const auto begin = symbols.find("__start_orc_unwind_ip"),
             end = symbols.find("__stop_orc_unwind_ip"), orcs = symbols.find("__start_orc_unwind"),
             text_end = symbols.find("_etext");
  if (!begin || !end || !orcs || !text_end)
    return fail(Kind::unsupported, "kallsyms names no ORC tables");
  const uint64_t count = (end->value - begin->value) / sizeof(int32_t);
  if (count == 0 || count > kMaxEntries)
    return fail(Kind::corrupt, "%" PRIu64 " entries of ORC are out of range (1 to %u)", count,
                kMaxEntries);
  CodeRegion kernel{text_begin, text_end->value, begin->value, orcs->value,
                    static_cast<uint32_t>(count)};
  std::array<uint8_t, kHashBytes> hash = {};
  const auto header = symbols.find("__start_orc_header");
  const bool has_hash = header && reader.read(header->value, hash);
  TRY(table.choose_layout(types, has_hash ? Bytes(hash) : Bytes()));
  TRY(table.choose_registers(has_hash ? Bytes(hash) : Bytes(), kernel));
  table.regions_.push_back(kernel);
  const auto init = symbols.find("_sinittext"), init_end = symbols.find("_einittext");
  if (init && init_end) {
    kernel.begin = init->value;
    kernel.end = init_end->value;
    table.regions_.push_back(kernel);
  }
  return table;
}

// By BTF; without it a known hash stands for the layout that it was made of.
Result<> OrcTable::choose_layout(const KernelTypes& types, Bytes header_hash) {
  if (!types.has(Type::orc)) {
    if (!find_hash(header_hash))
      return fail(Kind::unsupported, "the format of ORC is not known: %s", types.why());
    sp_offset_ = {0, 16};
    bp_offset_ = {16, 16};
    sp_reg_ = {32, 4};
    bp_reg_ = {36, 4};
    type_ = {40, 3};
    signal_ = {43, 1};
    return {};
  }
  entry_bytes_ = static_cast<uint32_t>(types.query(Type::orc).size_bytes);
  bool fits = entry_bytes_ > 0 && entry_bytes_ <= sizeof(uint64_t);
  const auto bits = [&](Type member) {
    const TypeQuery& query = types.query(member);
    const uint64_t count = query.bits ? query.bits : 8 * query.size_bytes;
    if (!query.is_found) return Bits{};
    fits = fits && count > 0 && count <= 16 && query.bit_offset + count <= 8 * entry_bytes_;
    return Bits{static_cast<uint8_t>(query.bit_offset), static_cast<uint8_t>(count)};
  };
  sp_offset_ = bits(Type::orc_sp_offset);
  bp_offset_ = bits(Type::orc_bp_offset);
  sp_reg_ = bits(Type::orc_sp_reg);
  bp_reg_ = bits(Type::orc_bp_reg);
  type_ = bits(Type::orc_type);
  signal_ = bits(Type::orc_signal);
  end_ = bits(Type::orc_end);
  fits = fits && sp_offset_.count == 16 && bp_offset_.count == 16 && sp_reg_.count == 4 &&
         bp_reg_.count == 4 && (type_.count == 3 || (type_.count == 2 && end_.count == 1));
  if (!fits) return fail(Kind::unsupported, "struct orc_entry is laid out in an unknown way");
  return {};
}

// Of nearly nine entries in ten the stack pointer is the base (SP).
Result<> OrcTable::choose_registers(Bytes header_hash, const CodeRegion& kernel) {
  if (const HashRow* row = find_hash(header_hash)) {
    registers_ = row->registers;
    format_ = row->format;
    return {};
  }
  constexpr uint32_t kSamples = 512;
  uint32_t old_sp = 0, new_sp = 0, samples = 0;
  const uint32_t every = std::max(kernel.entries / kSamples, 1u);
  for (uint32_t i = 0; i < kernel.entries && samples < kSamples; i += every, ++samples) {
    const auto raw = raw_entry(kernel, i);
    if (!raw) return fail(Kind::corrupt, "entry %u of ORC cannot be read", i);
    const uint64_t number = *raw >> sp_reg_.first & 15;
    old_sp += number == kOldSp;
    new_sp += number == kNewSp;
  }
  if (old_sp > samples / 2)
    registers_ = kOldRegisters, format_ = "with the registers of 6.x";
  else if (new_sp > samples / 2)
    registers_ = kNewRegisters, format_ = "with the registers of 7.3";
  else
    return fail(Kind::unsupported, "the registers of ORC are numbered in an unknown way");
  return {};
}

OrcEntry OrcTable::decode(uint64_t raw) const {
  const auto take = [raw](Bits bits) {
    return raw >> bits.first & ((uint64_t{1} << bits.count) - 1);
  };
  const auto reg = [this](uint64_t number) {
    return number < registers_.size() ? registers_[number] : Register::undefined;
  };
  OrcEntry entry{.sp_reg = reg(take(sp_reg_)),
                 .bp_reg = reg(take(bp_reg_)),
                 .sp_offset = static_cast<int16_t>(take(sp_offset_)),
                 .bp_offset = static_cast<int16_t>(take(bp_offset_)),
                 .kind = OrcEntry::Kind::undefined,
                 .is_signal = {}};
  if (signal_.count != 0) entry.is_signal = take(signal_) != 0;
  const uint64_t type = take(type_);
  if (type_.count == 3) {
    // UNDEFINED, END_OF_STACK, CALL, REGS, REGS_PARTIAL since fb799447ae29 ("x86,objtool: Split
    // UNWIND_HINT_EMPTY in two", v6.4).
    if (type <= 4) entry.kind = static_cast<OrcEntry::Kind>(type);
  } else if (take(end_)) {
    entry.kind = OrcEntry::Kind::end_of_stack;
  } else if (type <= 2 && entry.sp_reg != Register::undefined) {
    entry.kind = static_cast<OrcEntry::Kind>(type + 2);  // CALL, REGS, REGS_PARTIAL
  }
  return entry;
}

std::optional<uint64_t> OrcTable::raw_entry(const CodeRegion& region, uint32_t index) {
  uint64_t raw = 0;
  const MutableBytes out(reinterpret_cast<uint8_t*>(&raw), entry_bytes_);
  if (!reader_->read(region.orcs + uint64_t{entry_bytes_} * index, out)) return std::nullopt;
  return raw;
}

const CodeRegion* OrcTable::region_of(uint64_t ip) const {
  for (const CodeRegion& region : regions_)
    if (ip >= region.begin && ip < region.end) return &region;
  return nullptr;
}

// The last entry at or below `ip`.
std::optional<OrcEntry> OrcTable::find(uint64_t ip) {
  const CodeRegion* const region = region_of(ip);
  if (!region || region->entries == 0) return std::nullopt;
  uint32_t begin = 0, end = std::min(region->entries, kMaxEntries);
  while (begin < end) {
    const uint32_t middle = begin + (end - begin) / 2;
    const uint64_t at = region->ips + sizeof(int32_t) * middle;
    const auto offset = reader_->read<int32_t>(at);
    if (!offset) return std::nullopt;
    if (at + static_cast<uint64_t>(int64_t{*offset}) <= ip)
      begin = middle + 1;
    else
      end = middle;
  }
  if (begin == 0) return std::nullopt;
  const auto raw = raw_entry(*region, begin - 1);
  return raw ? std::optional(decode(*raw)) : std::nullopt;
}

}  // namespace kdump
