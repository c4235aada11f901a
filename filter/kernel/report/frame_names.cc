#include "filter/kernel/report/frame_names.h"

#include <elf.h>

#include <algorithm>

namespace kdump {
namespace {

constexpr uint32_t kMaxModuleSymbols = 1u << 20;
constexpr size_t kMaxNameBytes = 256;

// One place in a module: the best symbol so far.
struct Nearest {
  uint64_t at = 0;
  uint64_t begin = 0, next = 0;  // of the symbol; where the one behind it begins
  uint32_t name = 0;
  bool is_found = false;
};

}  // namespace

void FrameNames::add(const Trace& trace) {
  for (const Frame& frame : trace.frames) {
    const uint64_t at = frame.named_by();
    const auto place = std::ranges::lower_bound(places_, at, {}, &Place::at);
    if (place != places_.end() && place->at == at) continue;
    if (places_.size() == kMaxPlaces) return;
    places_.insert(place, {.at = at, .function = {}, .module = {}});
  }
}

void FrameNames::name_kernel(Kallsyms& table) {
  std::vector<Kallsyms::Place> wanted;
  for (const Place& place : places_) wanted.push_back({.at = {place.at}});
  (void)table.name(wanted);  // what could be named until the table ended is named
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i].name.empty()) continue;
    places_[i].function = std::move(wanted[i].name);
    places_[i].offset = wanted[i].offset;
    places_[i].size_bytes = wanted[i].size_bytes;
  }
}

// The nearest symbol below each place, in the same stretch of the module's memory. The kernel
// passes over symbols without a name and those that mark what code is (is_mapping_symbol()).
void FrameNames::name_module(const KernelModule& module, MemoryReader& reader,
                             const KernelTypes& types) {
  std::vector<Nearest> wanted;
  std::vector<Place*> places;
  for (Place& place : places_)
    if (const KernelModule::Part* const part = module.part_of(place.at)) {
      wanted.push_back({.at = place.at, .begin = part->begin, .next = part->end});
      places.push_back(&place);
      place.offset = place.at - part->begin;
      place.module = module.name;
    }
  if (wanted.empty()) return;
  const auto symbols = types.read<uint64_t>(reader, module.kallsyms, Type::kallsyms_symtab);
  const auto names = types.read<uint64_t>(reader, module.kallsyms, Type::kallsyms_strtab);
  const auto count = types.read<uint32_t>(reader, module.kallsyms, Type::kallsyms_num_symtab);
  if (!symbols || !names || !count) return;
  for (uint32_t i = 1; i < std::min(*count, kMaxModuleSymbols); ++i) {
    const auto symbol = reader.read<Elf64_Sym>(*symbols + i * sizeof(Elf64_Sym));
    if (!symbol) break;
    if (symbol->st_shndx == SHN_UNDEF) continue;
    for (Nearest& nearest : wanted) {
      const bool is_below = symbol->st_value <= nearest.at;
      if (is_below ? symbol->st_value < nearest.begin ||
                         (nearest.is_found && symbol->st_value == nearest.begin)
                   : symbol->st_value >= nearest.next)
        continue;
      const auto letters = reader.read<std::array<char, 2>>(*names + symbol->st_name);
      if (!letters || (*letters)[0] == '\0' || (*letters)[0] == '$' ||
          ((*letters)[0] == '.' && (*letters)[1] == 'L'))
        continue;
      if (!is_below) {
        nearest.next = symbol->st_value;
      } else {
        nearest.begin = symbol->st_value;
        nearest.name = symbol->st_name;
        nearest.is_found = true;
      }
    }
  }
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (!wanted[i].is_found) continue;
    places[i]->function = reader.text(*names + wanted[i].name, kMaxNameBytes);
    places[i]->offset = wanted[i].at - wanted[i].begin;
    places[i]->size_bytes = wanted[i].next - wanted[i].begin;
  }
}

std::string FrameNames::resolve(Vmcore& vmcore, MemoryReader& reader, const KernelTypes& types,
                                const std::vector<KernelModule>& modules) {
  for (const KernelModule& module : modules) name_module(module, reader, types);
  auto table = Kallsyms::open(vmcore.info(), vmcore.address_space());
  if (!table) return table.error().text;
  name_kernel(*table);
  return {};
}

FrameName FrameNames::of(const Frame& frame) const {
  const auto place = std::ranges::lower_bound(places_, frame.named_by(), {}, &Place::at);
  if (place == places_.end() || place->at != frame.named_by()) return {};
  return {.function = place->function.c_str(),
          .offset = place->offset + (frame.ip - frame.named_by()),
          .size_bytes = place->size_bytes,
          .module = place->module.c_str()};
}

}  // namespace kdump
