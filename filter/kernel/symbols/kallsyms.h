// The crashed kernel's own symbol table, so that addresses of names and names of addresses can be
// had without debug symbols. vmcoreinfo says where it lies since f09bddbd86619 ("vmcoreinfo: add
// kallsyms_num_syms symbol", v6.0) and the commit before it. Modules are not in it.
//
// The table is streamed, never held: it has some hundred thousand names. Everything in it is
// hostile: it may say nonsense, but not make a reader run or read on for long.
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
  // The arguments must outlive this. Fails: unsupported, where vmcoreinfo lacks a key, named in
  // the text; corrupt, where what the keys lead to is no symbol table.
  static Result<Kallsyms> open(const Vmcoreinfo& info, AddressSpace& space);

  // A name whose address is asked for. Where several symbols share it, the lowest address counts.
  struct Wanted {
    std::string_view name;
    std::optional<Vaddr> address = {};
  };
  static constexpr size_t kMaxWanted = 64;

  // Fills in the addresses of at most kMaxWanted names, in one pass. What the table has not stays
  // empty. Fails: corrupt, where the table cannot be read to its end.
  Result<> find(std::span<Wanted> names);

  // An address whose symbol is asked for.
  struct Place {
    Vaddr at;
    std::string name = {};    // empty: outside the kernel's image, or unknown; printable
    uint64_t offset = 0;      // of `at` from the symbol
    uint64_t size_bytes = 0;  // to the next symbol; 0: not known
  };

  // Fills in the symbols of all places, in one pass. Fails as find() does.
  Result<> name(std::span<Place> places);

 private:
  // How an entry of the address table says an address; see the rows in kallsyms.cc.
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
