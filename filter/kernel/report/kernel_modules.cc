#include "filter/kernel/report/kernel_modules.h"

#include <elf.h>

#include <algorithm>

#include "filter/base/text.h"

namespace kdump {
namespace {

constexpr size_t kNameBytes = 64;  // MODULE_NAME_LEN is 56
constexpr size_t kVersionBytes = 64;
constexpr size_t kMaxTaints = 32;
constexpr uint32_t kMaxNotes = 8;
constexpr size_t kMaxBuildIdBytes = 20, kNoteBytes = 256;

std::string hex(Bytes bytes) {
  std::string out;
  for (const uint8_t byte : bytes) out += text("%02x", byte);
  return out;
}

class ModuleReader {
 public:
  ModuleReader(MemoryReader& reader, const KernelTypes& types, const TaintLetters& letters)
      : reader_(reader), types_(types), letters_(letters) {}

  KernelModule read(uint64_t at);

 private:
  uint64_t number(uint64_t base, Type member) {
    return types_.read<uint64_t>(reader_, base, member).value_or(0);
  }
  uint32_t small_number(uint64_t base, Type member) {
    return types_.read<uint32_t>(reader_, base, member).value_or(0);
  }
  std::string pointed_text(uint64_t base, Type member) {
    const uint64_t at = number(base, member);
    return at ? reader_.text(at, kVersionBytes) : std::string();
  }
  void add_part(KernelModule& module, size_t index, uint64_t at, Type base, Type size);
  void find_parts(KernelModule& module, uint64_t at);
  std::string build_id(uint64_t at);
  std::string build_id_of_note(uint64_t attribute);

  MemoryReader& reader_;
  const KernelTypes& types_;
  const TaintLetters& letters_;
};

void ModuleReader::add_part(KernelModule& module, size_t index, uint64_t at, Type base, Type size) {
  const uint64_t begin = number(at, base);
  const uint32_t bytes = small_number(at, size);
  if (begin == 0 || begin + bytes < begin) return;
  module.parts[index] = {begin, begin + bytes};
  module.size_bytes += bytes;
}

void ModuleReader::find_parts(KernelModule& module, uint64_t at) {
  if (const TypeQuery& mem = types_.query(Type::module_mem); mem.is_found) {
    const size_t count = std::min<size_t>(mem.elements, KernelModule::kMaxParts);
    for (size_t i = 0; i < count; ++i)
      add_part(module, i, at + mem.offset() + i * mem.element_bytes, Type::module_mem_base,
               Type::module_mem_size);
    return;
  }
  size_t index = 0;
  for (const Type layout : {Type::module_core_layout, Type::module_init_layout})
    if (const auto place = types_.address(at, layout))
      add_part(module, index++, *place, Type::layout_base, Type::layout_size);
}

// A note of the module's file, kept for /sys/module/NAME/notes. Empty: it is no build-id.
std::string ModuleReader::build_id_of_note(uint64_t attribute) {
  const uint64_t at = number(attribute, Type::bin_attribute_private);
  const uint64_t size = std::min<uint64_t>(number(attribute, Type::bin_attribute_size), kNoteBytes);
  constexpr char kGnu[4] = {'G', 'N', 'U', '\0'};
  struct {
    Elf64_Nhdr header;
    char name[sizeof kGnu];
    uint8_t id[kMaxBuildIdBytes];
  } note = {};
  const size_t most = sizeof note;
  if (size <= sizeof note.header + sizeof note.name) return {};
  if (!reader_.read(at, {reinterpret_cast<uint8_t*>(&note), std::min<size_t>(size, most)}))
    return {};
  if (note.header.n_type != NT_GNU_BUILD_ID || note.header.n_namesz != sizeof kGnu ||
      memcmp(note.name, kGnu, sizeof kGnu) != 0 || note.header.n_descsz > kMaxBuildIdBytes)
    return {};
  return hex(Bytes(note.id, note.header.n_descsz));
}

std::string ModuleReader::build_id(uint64_t at) {
  if (const auto place = types_.address(at, Type::module_build_id)) {
    std::array<uint8_t, kMaxBuildIdBytes> id;
    if (reader_.read(*place, id) && std::ranges::any_of(id, [](uint8_t byte) { return byte; }))
      return hex(id);
  }
  const uint64_t attributes = number(at, Type::module_notes_attrs);
  if (attributes == 0) return {};
  const bool is_array = types_.has(Type::notes_count);
  const uint32_t count =
      is_array ? std::min(small_number(attributes, Type::notes_count), kMaxNotes) : kMaxNotes;
  const uint64_t list = is_array ? types_.address(attributes, Type::notes_attrs).value_or(0)
                                 : number(attributes, Type::notes_group);
  for (uint32_t i = 0; list != 0 && i < count; ++i) {
    const uint64_t note = is_array
                              ? list + i * types_.query(Type::bin_attribute).size_bytes
                              : reader_.read<uint64_t>(list + i * sizeof(uint64_t)).value_or(0);
    if (note == 0) break;
    if (std::string id = build_id_of_note(note); !id.empty()) return id;
  }
  return {};
}

KernelModule ModuleReader::read(uint64_t at) {
  KernelModule module;
  module.name = reader_.text(at + types_.query(Type::module_name).offset(), kNameBytes);
  module.version = pointed_text(at, Type::module_version);
  module.srcversion = pointed_text(at, Type::module_srcversion);
  module.build_id = build_id(at);
  module.taints = letters_.of(number(at, Type::module_taints));
  module.state = small_number(at, Type::module_state);
  module.kallsyms = number(at, Type::module_kallsyms);
  module.orc = {.ips = number(at, Type::module_orc_ips),
                .orcs = number(at, Type::module_orcs),
                .entries = small_number(at, Type::module_num_orcs)};
  find_parts(module, at);
  return module;
}

}  // namespace

TaintLetters::TaintLetters(MemoryReader& reader, const KernelSymbols& symbols,
                           const KernelTypes& types) {
  const auto table = symbols.find("taint_flags");
  const TypeQuery& flag = types.query(Type::taint_flag);
  if (!table || !flag.is_found || !types.has(Type::taint_flag_c_true)) return;
  const uint64_t offset = types.query(Type::taint_flag_c_true).offset();
  for (size_t i = 0; i < kMaxTaints; ++i) {
    const auto letter = reader.read<uint8_t>(table->value + i * flag.size_bytes + offset);
    if (!letter || *letter < 'A' || *letter > 'Z') break;
    letters_ += static_cast<char>(*letter);
  }
}

std::string TaintLetters::of(uint64_t mask) const {
  std::string out;
  for (size_t i = 0; i < letters_.size(); ++i)
    if (mask >> i & 1) out += letters_[i];
  return out;
}

ModuleList list_modules(MemoryReader& reader, const KernelSymbols& symbols,
                        const KernelTypes& types, const TaintLetters& letters) {
  ModuleList list;
  const auto head = symbols.find("modules");
  const auto offset = types.address(0, Type::module_list);
  if (!head || !offset || !types.has(Type::module_name)) {
    list.problem = types.has(Type::module_list) ? "kallsyms does not name the list" : types.why();
    return list;
  }
  ModuleReader modules(reader, types, letters);
  auto next = reader.read<uint64_t>(head->value);
  while (next && *next != head->value && list.modules.size() < ModuleList::kMaxModules) {
    list.modules.push_back(modules.read(*next - *offset));
    next = reader.read<uint64_t>(*next);
  }
  if (!next)
    list.problem = text("the list cannot be read beyond %zu modules", list.modules.size());
  else if (*next != head->value)
    list.problem = text("the list goes on beyond %zu modules", list.modules.size());
  return list;
}

const char* module_state_name(uint32_t state) {
  constexpr const char* kNames[] = {"live", "coming", "going", "unformed"};
  return state < std::size(kNames) ? kNames[state] : "unknown";
}

}  // namespace kdump
