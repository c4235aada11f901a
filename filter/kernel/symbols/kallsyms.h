// Looks up the crashed kernel's symbol table, from names to addresses and from addresses to names,
// without debug symbols. vmcoreinfo locates it since f09bddbd86619 ("vmcoreinfo: add
// kallsyms_num_syms symbol", v6.0) and the commit before it. Modules are not in it.
//
// The table has some hundred thousand names; it is streamed, not held. All of it is hostile: wrong
// contents give wrong names, but bounded work.
// Source: kernel/kallsyms.c, scripts/kallsyms.c.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "filter/kernel/memory/address_space.h"

namespace kdump {

class Kallsyms {
 public:
  // The arguments must outlive this. Fails: unsupported, if vmcoreinfo lacks a key (named in the
  // text); corrupt, if the keys do not lead to a symbol table.
  static Result<Kallsyms> open(const Vmcoreinfo& info, AddressSpace& space);

  // A name to look up. If several symbols share it, the lowest address is taken.
  struct SymbolQuery {
    std::string_view name;
    std::optional<Vaddr> address = {};
  };
  static constexpr size_t kMaxWanted = 64;

  // Fills in the addresses of at most kMaxWanted names in one pass; unknown names stay empty.
  // Fails: corrupt, if the table cannot be read to its end.
  Result<> find(std::span<SymbolQuery> names);

  // An address to look up.
  struct Place {
    Vaddr at;
    std::string name = {};    // empty: outside the kernel's image, or unknown; printable
    uint64_t offset = 0;      // of `at` from the symbol
    uint64_t size_bytes = 0;  // to the next symbol; 0: unknown
  };

  // Fills in the symbols of all places in one pass. Fails as find() does.
  Result<> name(std::span<Place> places);

 private:
  // Encoding of the address table's entries; see the rows in kallsyms.cc.
  enum class Encoding : uint8_t { absolute, relative, absolute_percpu, self_relative };

  explicit Kallsyms(AddressSpace& space) : space_(&space) {}

  Result<> read_tokens(const Vmcoreinfo& info);
  Result<> read_addresses(const Vmcoreinfo& info);
  Result<uint64_t> address(uint64_t index);
  // The first symbol whose address is at least `at`, or symbols_.
  Result<uint64_t> lower_bound(uint64_t at);
  template <class Visit>
  Result<> each_name(Visit& visit);

  AddressSpace* space_;
  Encoding encoding_ = Encoding::absolute;
  uint64_t names_ = 0, addresses_ = 0, relative_base_ = 0;
  uint32_t symbols_ = 0;
  uint64_t image_begin_ = 0, image_end_ = 0;  // addresses of the first and the last symbol in it
  std::vector<char> token_table_;
  std::array<std::string_view, 256> tokens_ = {};  // in token_table_
};

}  // namespace kdump
