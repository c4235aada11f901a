// What the crashed kernel says of its own layout: the text of the VMCOREINFO note, "KEY=value" a
// line. Which keys matter is known elsewhere; a key that is absent or malformed is nullopt.
// Source: Linux' Documentation/admin-guide/kdump/vmcoreinfo.rst and kernel/vmcore_info.c.
#pragma once

#include <optional>
#include <string_view>

#include "filter/base/bytes.h"
#include "filter/core_file/elf_core.h"

namespace kdump {

class Vmcoreinfo {
 public:
  Vmcoreinfo() = default;  // empty: every key is absent
  // text: as in the note; must outlive this. file_offset: where it lies in the vmcore.
  Vmcoreinfo(Bytes text, uint64_t file_offset);

  // The first VMCOREINFO note with a text, empty if there is none. core must outlive the result.
  static Vmcoreinfo find(const ElfCore& core);

  bool empty() const { return text_.empty(); }
  Bytes bytes() const;
  uint64_t file_offset() const { return file_offset_; }

  // The value of a line that starts with "key=", such as OSRELEASE. The first one counts.
  std::optional<std::string_view> value(std::string_view key) const;
  std::optional<int64_t> decimal(std::string_view key) const;  // CRASHTIME, PAGESIZE
  std::optional<uint64_t> hex(std::string_view key) const;     // KERNELOFFSET

  std::optional<uint64_t> symbol(std::string_view name) const;   // SYMBOL(name)=hex
  std::optional<uint64_t> size(std::string_view name) const;     // SIZE(name)=decimal
  std::optional<uint64_t> offset(std::string_view field) const;  // OFFSET(struct.field)=decimal
  std::optional<uint64_t> length(std::string_view name) const;   // LENGTH(name)=decimal
  // NUMBER(name): decimal, maybe negative, or 0x and hex.
  std::optional<int64_t> number(std::string_view name) const;

 private:
  std::optional<std::string_view> value(std::string_view kind, std::string_view name) const;

  std::string_view text_;
  uint64_t file_offset_ = 0;
};

}  // namespace kdump
