// The VMCOREINFO note, in which the crashed kernel describes its layout: lines of "KEY=value". An
// absent or malformed key is nullopt; the meaning of the keys is the caller's.
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
  // text: the note's text; must outlive this. file_offset: of the text in the vmcore.
  Vmcoreinfo(Bytes text, uint64_t file_offset);

  // Returns the first VMCOREINFO note that is not empty; an empty object if there is none. core
  // must outlive the result.
  static Vmcoreinfo find(const ElfCore& core);

  bool empty() const { return text_.empty(); }
  Bytes bytes() const;
  uint64_t file_offset() const { return file_offset_; }

  // Returns the value of the first line that starts with "key=", such as OSRELEASE.
  std::optional<std::string_view> value(std::string_view key) const;
  std::optional<int64_t> decimal(std::string_view key) const;  // CRASHTIME, PAGESIZE
  std::optional<uint64_t> hex(std::string_view key) const;     // KERNELOFFSET

  std::optional<uint64_t> symbol(std::string_view name) const;   // SYMBOL(name)=hex
  std::optional<uint64_t> size(std::string_view name) const;     // SIZE(name)=decimal
  std::optional<uint64_t> offset(std::string_view field) const;  // OFFSET(struct.field)=decimal
  std::optional<uint64_t> length(std::string_view name) const;   // LENGTH(name)=decimal
  // NUMBER(name): decimal, possibly negative, or hexadecimal with 0x.
  std::optional<int64_t> number(std::string_view name) const;

 private:
  std::optional<std::string_view> value(std::string_view kind, std::string_view name) const;

  std::string_view text_;
  uint64_t file_offset_ = 0;
};

}  // namespace kdump
