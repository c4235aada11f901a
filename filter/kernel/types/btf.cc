#include "filter/kernel/types/btf.h"

#include <algorithm>
#include <vector>

#include "filter/base/text_list.h"

namespace kdump {
namespace {

constexpr uint16_t kMagic = 0xeb9f;
constexpr uint64_t kMaxBytes = 64u << 20;  // Debian's largest, 7.3 on arm64, has 6.7 MB
constexpr uint32_t kMaxTypes = 1u << 20;   // BTF_MAX_TYPE
constexpr uint32_t kIndexEvery = 64;
// Members looked at in one run: task_struct has 300, and unnamed structs multiply.
constexpr uint32_t kMaxSteps = 1u << 20;
constexpr unsigned kMaxDepth = 8, kMaxAliases = 32;
constexpr size_t kMaxNames = 255;

enum Kind : uint8_t {
  kInt = 1,
  kPointer,
  kArray,
  kStruct,
  kUnion,
  kEnum,
  kForward,
  kTypedef,
  kVolatile,
  kConst,
  kRestrict,
  kFunction,
  kPrototype,
  kVariable,
  kSection,
  kFloat,
  kDeclarationTag,
  kTypeTag,
  kEnum64,
};

struct Header {
  uint16_t magic;
  uint8_t version, flags;
  uint32_t header_bytes, type_offset, type_bytes, string_offset, string_bytes;
};

struct Record {
  uint32_t name, info, size_or_type;
  uint64_t at;  // address of what follows its twelve bytes

  unsigned kind() const { return info >> 24 & 31; }
  uint32_t entries() const { return info & 0xffff; }
  bool has_bit_fields() const { return info >> 31; }
  bool has_members() const { return kind() == kStruct || kind() == kUnion; }
};
constexpr uint64_t kRecordBytes = 12;

struct Member {
  uint32_t name = 0, type = 0, bit_offset = 0, bits = 0;
};

// What follows a record; nullopt: no known kind.
std::optional<uint64_t> trailing_bytes(const Record& record) {
  switch (record.kind()) {
    case kInt:
    case kVariable:
    case kDeclarationTag:
      return 4;
    case kArray:
      return 12;
    case kStruct:
    case kUnion:
    case kSection:
    case kEnum64:
      return uint64_t{12} * record.entries();
    case kEnum:
    case kPrototype:
      return uint64_t{8} * record.entries();
    case kPointer:
    case kForward:
    case kTypedef:
    case kVolatile:
    case kConst:
    case kRestrict:
    case kFunction:
    case kFloat:
    case kTypeTag:
      return 0;
    default:
      return std::nullopt;
  }
}

constexpr uint32_t kHashSeed = 2166136261u, kHashPrime = 16777619u;  // FNV-1a

// The names that are looked for, and where the strings have them.
class Names {
 public:
  void add(std::string_view name) {
    if (name.empty() || names_.size() == kMaxNames || index_of(name)) return;
    uint32_t hash = kHashSeed;
    for (const char c : name) hash = (hash ^ static_cast<uint8_t>(c)) * kHashPrime;
    names_.push_back({name, hash});
    is_wanted_[hash % is_wanted_.size()] = 1;
  }
  // 0: the BTF does not have it.
  uint32_t offset(std::string_view name) const {
    const auto at = index_of(name);
    return at ? names_[*at].offset : 0;
  }
  // Whether one of the names has that hash; only then the others matter.
  bool may_have(uint32_t hash) const { return is_wanted_[hash % is_wanted_.size()]; }
  void found(MemoryReader& reader, uint64_t strings, uint32_t offset, uint32_t size,
             uint32_t hash) {
    for (Name& name : names_)
      if (name.hash == hash && name.offset == 0 && name.text.size() == size &&
          reader.text(strings + offset, size + 1) == name.text)
        name.offset = offset;
  }

 private:
  struct Name {
    std::string_view text;
    uint32_t hash, offset = 0;
  };
  std::optional<size_t> index_of(std::string_view name) const {
    const auto found = std::ranges::find(names_, name, &Name::text);
    if (found == names_.end()) return std::nullopt;
    return static_cast<size_t>(found - names_.begin());
  }
  std::vector<Name> names_;
  std::array<uint8_t, 4096> is_wanted_ = {};
};

class Btf {
 public:
  explicit Btf(MemoryReader& reader) : reader_(reader) {}

  Result<> open(uint64_t begin, uint64_t end);
  Result<> find_names(std::span<const TypeQuery> queries);
  Result<> find_types(std::span<const TypeQuery> queries);
  void answer(TypeQuery& query);

 private:
  struct WantedType {
    uint32_t name;
    std::optional<Record> record;
  };

  std::unexpected<Error> unreadable(const char* what) const {
    if (reader_.is_cut_short())
      return fail(kdump::Kind::timeout, "the time for reading BTF is over");
    return fail(kdump::Kind::corrupt, "the %s of BTF cannot be read", what);
  }
  std::optional<Record> record_at(uint64_t at);
  std::optional<Record> record(uint32_t type);
  std::optional<Record> without_aliases(uint32_t type);
  std::optional<Member> member_at(const Record& structure, uint32_t index);
  std::optional<Member> find_member(const Record& structure, uint32_t name, unsigned depth);
  void find_enumerator(const Record& enumeration, uint32_t name, TypeQuery& query);
  uint64_t size_of(uint32_t type, unsigned depth);

  MemoryReader& reader_;
  uint64_t types_ = 0, types_end_ = 0, strings_ = 0, strings_end_ = 0;
  uint32_t count_ = 0;
  uint32_t steps_ = 0;
  std::vector<uint32_t> index_;  // from types_, of every kIndexEvery-th record
  std::vector<WantedType> wanted_;
  Names names_;
};

Result<> Btf::open(uint64_t begin, uint64_t end) {
  const auto header = reader_.read<Header>(begin);
  if (!header) return unreadable("header");
  if (header->magic != kMagic || header->version != 1)
    return fail(kdump::Kind::corrupt, "no BTF at %#" PRIx64, begin);
  const uint64_t size = end > begin ? end - begin : 0;
  const uint64_t type_end =
      uint64_t{header->header_bytes} + header->type_offset + header->type_bytes;
  const uint64_t string_end =
      uint64_t{header->header_bytes} + header->string_offset + header->string_bytes;
  if (size > kMaxBytes || type_end > size || string_end > size)
    return fail(kdump::Kind::corrupt, "the header of BTF contradicts its %" PRIu64 " bytes", size);
  types_end_ = begin + type_end;
  types_ = types_end_ - header->type_bytes;
  strings_end_ = begin + string_end;
  strings_ = strings_end_ - header->string_bytes;
  return {};
}

Result<> Btf::find_names(std::span<const TypeQuery> queries) {
  for (const TypeQuery& query : queries) {
    names_.add(query.type);
    for (std::string_view path = query.path; !path.empty();) names_.add(take_part(path, '.'));
  }
  uint32_t hash = kHashSeed;
  uint64_t name = strings_;
  for (uint64_t at = strings_; at < strings_end_;) {
    Bytes bytes = reader_.view(at);
    if (bytes.empty()) return unreadable("names");
    bytes = bytes.first(std::min<uint64_t>(bytes.size(), strings_end_ - at));
    const size_t size = bytes.size();
    for (size_t i = 0; i < size; ++i) {
      if (bytes[i] != 0) {
        hash = (hash ^ bytes[i]) * kHashPrime;
        continue;
      }
      if (names_.may_have(hash)) {
        names_.found(reader_, strings_, static_cast<uint32_t>(name - strings_),
                     static_cast<uint32_t>(at + i - name), hash);
        bytes = reader_.view(at);  // what was read may have taken this page's place
        if (bytes.size() < size) return unreadable("names");
      }
      name = at + i + 1;
      hash = kHashSeed;
    }
    at += size;
  }
  return {};
}

Result<> Btf::find_types(std::span<const TypeQuery> queries) {
  for (const TypeQuery& query : queries) {
    const uint32_t name = names_.offset(query.type);
    if (name != 0 && std::ranges::find(wanted_, name, &WantedType::name) == wanted_.end())
      wanted_.push_back({name, {}});
  }
  for (uint64_t at = types_; at < types_end_;) {
    const auto record = record_at(at);
    if (!record) return unreadable("types");
    if (count_ % kIndexEvery == 0) index_.push_back(static_cast<uint32_t>(at - types_));
    if (++count_ > kMaxTypes)
      return fail(kdump::Kind::corrupt, "BTF has more than %u types", kMaxTypes);
    const auto size = trailing_bytes(*record);
    if (!size)
      return fail(kdump::Kind::unsupported, "type %u of BTF is of the unknown kind %u", count_,
                  record->kind());
    const bool has_parts =
        record->has_members() || record->kind() == kEnum || record->kind() == kEnum64;
    if (has_parts && record->name != 0)
      for (WantedType& wanted : wanted_)
        if (wanted.name == record->name && !wanted.record) wanted.record = record;
    at += kRecordBytes + *size;
  }
  return {};
}

std::optional<Record> Btf::record_at(uint64_t at) {
  std::array<uint8_t, kRecordBytes> raw;
  if (!reader_.read(at, raw)) return std::nullopt;
  return Record{load<uint32_t>(raw.data()), load<uint32_t>(raw.data() + 4),
                load<uint32_t>(raw.data() + 8), at + kRecordBytes};
}

// Types are numbered from 1; 0 is void.
std::optional<Record> Btf::record(uint32_t type) {
  if (type == 0 || type > count_) return std::nullopt;
  uint64_t at = types_ + index_[(type - 1) / kIndexEvery];
  for (uint32_t left = (type - 1) % kIndexEvery;; --left) {
    const auto here = record_at(at);
    if (!here || left == 0) return here;
    at += kRecordBytes + trailing_bytes(*here).value_or(0);
  }
}

std::optional<Record> Btf::without_aliases(uint32_t type) {
  for (unsigned i = 0; i < kMaxAliases; ++i) {
    const auto here = record(type);
    if (!here) return std::nullopt;
    switch (here->kind()) {
      case kTypedef:
      case kVolatile:
      case kConst:
      case kRestrict:
      case kTypeTag:
        type = here->size_or_type;
        break;
      default:
        return here;
    }
  }
  return std::nullopt;
}

std::optional<Member> Btf::member_at(const Record& structure, uint32_t index) {
  std::array<uint8_t, 12> raw;
  if (++steps_ > kMaxSteps || !reader_.read(structure.at + uint64_t{12} * index, raw))
    return std::nullopt;
  const auto offset = load<uint32_t>(raw.data() + 8);
  const bool has_bits = structure.has_bit_fields();
  return Member{load<uint32_t>(raw.data()), load<uint32_t>(raw.data() + 4),
                has_bits ? offset & 0xffffff : offset, has_bits ? offset >> 24 : 0};
}

std::optional<Member> Btf::find_member(const Record& structure, uint32_t name, unsigned depth) {
  if (depth > kMaxDepth) return std::nullopt;
  for (uint32_t i = 0; i < structure.entries(); ++i) {
    const auto member = member_at(structure, i);
    if (!member) return std::nullopt;
    if (member->name == name) return member;
    if (member->name != 0) continue;
    const auto inner = without_aliases(member->type);
    if (!inner || !inner->has_members()) continue;
    if (auto found = find_member(*inner, name, depth + 1)) {
      found->bit_offset += member->bit_offset;
      return found;
    }
  }
  return std::nullopt;
}

void Btf::find_enumerator(const Record& enumeration, uint32_t name, TypeQuery& query) {
  const bool is_wide = enumeration.kind() == kEnum64;
  const uint64_t size = is_wide ? 12 : 8;
  for (uint32_t i = 0; i < enumeration.entries(); ++i) {
    const uint64_t at = enumeration.at + size * i;
    const auto here = reader_.read<uint32_t>(at);
    if (!here || ++steps_ > kMaxSteps) return;
    if (*here != name) continue;
    const auto low = reader_.read<uint32_t>(at + 4), high = reader_.read<uint32_t>(at + size - 4);
    if (!low || !high) return;
    query.value =
        is_wide ? static_cast<int64_t>(*low | uint64_t{*high} << 32) : static_cast<int32_t>(*low);
    query.is_found = true;
    return;
  }
}

// 0: not known.
uint64_t Btf::size_of(uint32_t type, unsigned depth) {
  const auto here = without_aliases(type);
  if (!here || depth > kMaxDepth) return 0;
  if (here->kind() == kPointer) return sizeof(uint64_t);
  if (here->kind() != kArray) return here->size_or_type;
  const auto element = reader_.read<uint32_t>(here->at),
             count = reader_.read<uint32_t>(here->at + 8);
  if (!element || !count) return 0;
  uint64_t size = 0;
  return __builtin_mul_overflow(size_of(*element, depth + 1), uint64_t{*count}, &size) ? 0 : size;
}

void Btf::answer(TypeQuery& query) {
  const auto wanted = std::ranges::find(wanted_, names_.offset(query.type), &WantedType::name);
  if (wanted == wanted_.end() || !wanted->record) return;
  steps_ = 0;
  std::optional<Record> here = wanted->record;
  query.size_bytes = here->size_or_type;
  std::string_view path = query.path;
  if (!path.empty() && !here->has_members())
    return find_enumerator(*here, names_.offset(take_part(path, '.')), query);
  while (!path.empty()) {
    const uint32_t name = names_.offset(take_part(path, '.'));
    const auto member =
        name != 0 && here && here->has_members() ? find_member(*here, name, 0) : std::nullopt;
    if (!member) return;
    query.bit_offset += member->bit_offset;
    query.bits = member->bits;
    query.size_bytes = size_of(member->type, 0);
    here = without_aliases(member->type);
  }
  if (here && here->kind() == kArray) {
    const auto element = reader_.read<uint32_t>(here->at);
    query.elements = reader_.read<uint32_t>(here->at + 8).value_or(0);
    query.element_bytes = element ? size_of(*element, 0) : 0;
  }
  query.is_found = true;
}

}  // namespace

Result<> resolve_types(MemoryReader& reader, uint64_t begin, uint64_t end,
                       std::span<TypeQuery> queries) {
  Btf btf(reader);
  TRY(btf.open(begin, end));
  TRY(btf.find_names(queries));
  TRY(btf.find_types(queries));
  for (TypeQuery& query : queries) btf.answer(query);
  return {};
}

}  // namespace kdump
