#include "filter/kernel/symbols/kallsyms.h"

#include <algorithm>
#include <bit>

#include "filter/base/text.h"
#include "filter/kernel/symbols/kallsyms_names.h"

namespace kdump {
namespace {

// Debian's 6.1 has 94,000 symbols, its 7.2 206,000.
constexpr uint32_t kMaxSymbols = 1u << 22;
constexpr size_t kMaxTokenBytes = 256;

Result<uint64_t> symbol(const Vmcoreinfo& info, const char* name) {
  if (const auto at = info.symbol(name)) return *at;
  return fail(Kind::unsupported, "vmcoreinfo lacks SYMBOL(%s)", name);
}

std::string without_spaces(std::string text) {
  std::ranges::replace(text, ' ', '?');
  return text;
}

}  // namespace

Result<Kallsyms> Kallsyms::open(const Vmcoreinfo& info, AddressSpace& space) {
  Kallsyms table(space);
  table.names_ = TRY(symbol(info, "kallsyms_names"));
  const uint64_t count_at = TRY(symbol(info, "kallsyms_num_syms"));
  const auto count = space.read<uint32_t>({count_at});
  if (!count) return wrap(count.error(), "SYMBOL(kallsyms_num_syms)");
  if (*count == 0 || *count > kMaxSymbols)
    return fail(Kind::corrupt,
                "SYMBOL(kallsyms_num_syms)=%" PRIx64 ": invalid number of symbols %u", count_at,
                *count);
  table.symbols_ = *count;
  TRY(table.read_tokens(info));
  TRY(table.read_addresses(info));
  return table;
}

// Names are strings of codes, each of which stands for a token.
Result<> Kallsyms::read_tokens(const Vmcoreinfo& info) {
  std::array<uint8_t, 256 * sizeof(uint16_t)> index;
  const Result<> read_index = space_->read({TRY(symbol(info, "kallsyms_token_index"))}, index);
  if (!read_index) return wrap(read_index.error(), "SYMBOL(kallsyms_token_index)");
  // Ascending: the last token begins where the highest does.
  const size_t last = load<uint16_t>(index.data() + 255 * sizeof(uint16_t));
  token_table_.resize(last + kMaxTokenBytes);
  const Result<> read_table =
      space_->read({TRY(symbol(info, "kallsyms_token_table"))},
                   {reinterpret_cast<uint8_t*>(token_table_.data()), token_table_.size()});
  if (!read_table) return wrap(read_table.error(), "SYMBOL(kallsyms_token_table)");
  for (size_t code = 0; code < tokens_.size(); ++code) {
    const size_t at = load<uint16_t>(index.data() + code * sizeof(uint16_t));
    const std::string_view rest =
        std::string_view(token_table_.data(), token_table_.size()).substr(std::min(at, last));
    const size_t end = rest.find('\0');
    if (at > last || end >= kMaxTokenBytes)
      return fail(Kind::corrupt, "token %zu of kallsyms, at %#zx of its table, is invalid", code,
                  at);
    tokens_[code] = rest.substr(0, end);
  }
  return {};
}

// vmcoreinfo does not say how addresses are stored, but which tables there are and where _stext
// lies: an encoding is right if it finds a symbol there.
Result<> Kallsyms::read_addresses(const Vmcoreinfo& info) {
  struct Row {
    Encoding encoding;
    const char* table;
    bool has_base;  // SYMBOL(kallsyms_relative_base) is exported
  };
  constexpr Row kRows[] = {
      // Signed: what is not negative is an absolute value, of a per-CPU variable, else the
      // distance below base - 1. Until 01157ddc58dc ("kallsyms: Remove KALLSYMS_ABSOLUTE_PERCPU",
      // v6.15). First, for read as `relative` its first per-CPU variable would pass for _stext.
      {Encoding::absolute_percpu, "kallsyms_offsets", true},
      // Unsigned distances above the base.
      {Encoding::relative, "kallsyms_offsets", true},
      // Signed distances from the entry itself, since a081b5789255 ("kallsyms: Get rid of kallsyms
      // relative base", v7.0).
      {Encoding::self_relative, "kallsyms_offsets", false},
      // 64-bit addresses, where relative ones are not configured; gone in v6.11.
      {Encoding::absolute, "kallsyms_addresses", false},
  };
  const uint64_t stext = TRY(symbol(info, "_stext"));
  const auto base_at = info.symbol("kallsyms_relative_base");
  if (base_at) {
    const auto base = space_->read<uint64_t>({*base_at});
    if (!base) return wrap(base.error(), "SYMBOL(kallsyms_relative_base)");
    relative_base_ = *base;
  }
  bool any_table = false;
  for (const Row& row : kRows) {
    const auto table = info.symbol(row.table);
    if (!table || row.has_base != base_at.has_value()) continue;
    any_table = true;
    encoding_ = row.encoding;
    addresses_ = *table;
    const uint64_t index = TRY(lower_bound(stext));
    if (index == symbols_ || TRY(address(index)) != stext) continue;
    image_begin_ = stext;
    image_end_ = TRY(address(symbols_ - 1));
    return {};
  }
  if (!any_table)
    return fail(Kind::unsupported,
                "vmcoreinfo lacks SYMBOL(kallsyms_offsets) and SYMBOL(kallsyms_addresses)");
  return fail(Kind::corrupt, "kallsyms has no symbol at SYMBOL(_stext)=%" PRIx64, stext);
}

Result<uint64_t> Kallsyms::address(uint64_t index) {
  const uint64_t width = encoding_ == Encoding::absolute ? sizeof(uint64_t) : sizeof(uint32_t);
  const Vaddr at{addresses_ + index * width};
  if (encoding_ == Encoding::absolute) return space_->read<uint64_t>(at);
  const uint32_t entry = TRY(space_->read<uint32_t>(at));
  const auto offset = static_cast<uint64_t>(static_cast<int32_t>(entry));
  if (encoding_ == Encoding::relative) return relative_base_ + entry;
  if (encoding_ == Encoding::self_relative) return at.value + offset;
  return static_cast<int32_t>(entry) >= 0 ? offset : relative_base_ - 1 - offset;
}

// The table is sorted by address; a corrupt one gives a wrong index, not an endless search.
Result<uint64_t> Kallsyms::lower_bound(uint64_t at) {
  uint64_t begin = 0, end = symbols_;
  while (begin < end) {
    const uint64_t middle = begin + (end - begin) / 2;
    if (TRY(address(middle)) < at)
      begin = middle + 1;
    else
      end = middle;
  }
  return begin;
}

// Goes through all symbols. visit.wants(index, codes) says which are to be expanded for
// visit.take(index, name), which returns false where it has seen enough.
template <class Visit>
Result<> Kallsyms::each_name(Visit& visit) {
  KallsymsNames names(*space_, {names_});
  std::array<char, KallsymsNames::kMaxNameBytes> name;
  for (uint32_t index = 0; index < symbols_; ++index) {
    Bytes codes;
    if (!names.next(codes)) return std::unexpected(names.why());
    if (codes.empty() || !visit.wants(index, codes)) continue;
    size_t length = 0;
    for (const uint8_t code : codes) {
      const std::string_view part = tokens_[code].substr(0, name.size() - length);
      memcpy(name.data() + length, part.data(), part.size());
      length += part.size();
    }
    // The first letter is the symbol's type, as nm gives it.
    if (length > 1 && !visit.take(index, std::string_view(name.data() + 1, length - 1))) return {};
  }
  return {};
}

Result<> Kallsyms::find(std::span<SymbolQuery> names) {
  if (names.size() > kMaxWanted)
    return fail(Kind::refused, "%zu names at once, at most %zu", names.size(), kMaxWanted);
  // The first and last tokens distinguish nearly all symbols from the wanted ones.
  struct Search {
    const std::array<std::string_view, 256>& tokens;
    std::span<SymbolQuery> names;
    // By token: the names, one bit each, that a symbol may have that begins so, type first; and
    // those that begin so themselves.
    std::array<uint64_t, 256> of_symbol = {}, of_name = {};
    std::array<uint64_t, 256> of_end = {};  // those that end so
    std::array<std::optional<uint32_t>, kMaxWanted> index = {};
    size_t missing;

    bool wants(uint32_t, Bytes codes) const {
      uint64_t left = of_end[codes.back()];
      if (left == 0) return false;
      const bool is_type = tokens[codes[0]].size() == 1;
      if (!is_type)
        left &= of_symbol[codes[0]];
      else
        left &= codes.size() > 1 ? of_name[codes[1]] : 0;
      for (; left != 0; left &= left - 1)
        if (begins_with(names[std::countr_zero(left)].name, codes)) return true;
      return false;
    }
    // Whether the name is these codes, but for the type in front and what they lack of its end.
    bool begins_with(std::string_view name, Bytes codes) const {
      size_t type = 1;  // letters of it that are still to come
      for (const uint8_t code : codes) {
        const std::string_view part = tokens[code].substr(std::min(type, tokens[code].size()));
        type -= tokens[code].size() - part.size();
        if (part.empty()) continue;
        // Most that differ do so in the first letter.
        if (name.empty() || name[0] != part[0] || !name.starts_with(part)) return false;
        name.remove_prefix(part.size());
      }
      return true;
    }
    bool take(uint32_t at, std::string_view name) {
      for (size_t i = 0; i < names.size(); ++i) {
        if (index[i] || names[i].name != name) continue;
        index[i] = at;
        --missing;
      }
      return missing > 0;
    }
  } search{.tokens = tokens_, .names = names, .missing = names.size()};
  for (size_t code = 0; code < tokens_.size(); ++code) {
    const std::string_view token = tokens_[code];
    for (size_t i = 0; i < names.size(); ++i) {
      search.of_symbol[code] |= uint64_t{names[i].name.starts_with(token.substr(token.size() > 0))}
                                << i;
      search.of_name[code] |= uint64_t{names[i].name.starts_with(token)} << i;
      search.of_end[code] |=
          uint64_t{token.ends_with(names[i].name) || names[i].name.ends_with(token)} << i;
    }
  }
  TRY(each_name(search));
  for (size_t i = 0; i < names.size(); ++i)
    if (search.index[i]) names[i].address = Vaddr{TRY(address(*search.index[i]))};
  return {};
}

Result<> Kallsyms::name(std::span<Place> places) {
  struct Search {
    std::vector<std::pair<uint32_t, Place*>> wanted;  // by symbol
    size_t next = 0;

    bool wants(uint32_t index, Bytes) {
      while (next < wanted.size() && wanted[next].first < index) ++next;
      return next < wanted.size() && wanted[next].first == index;
    }
    bool take(uint32_t index, std::string_view name) {
      for (; next < wanted.size() && wanted[next].first == index; ++next)
        wanted[next].second->name = without_spaces(printable(name));
      return next < wanted.size();
    }
  } search;
  for (Place& place : places) {
    if (place.at.value < image_begin_ || place.at.value >= image_end_) continue;
    // Of names for the same address the first one, as the kernel's own messages have it.
    const uint64_t next = TRY(lower_bound(place.at.value + 1));
    if (next == 0) continue;
    const uint64_t begin = TRY(address(next - 1));
    const uint64_t index = TRY(lower_bound(begin));
    if (index >= next) continue;  // the table is not sorted here
    place.offset = place.at.value - begin;
    place.size_bytes = next < symbols_ ? TRY(address(next)) - begin : 0;
    search.wanted.emplace_back(static_cast<uint32_t>(index), &place);
  }
  std::ranges::sort(search.wanted);
  if (search.wanted.empty()) return {};
  return each_name(search);
}

}  // namespace kdump
