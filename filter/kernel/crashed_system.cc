#include "filter/kernel/crashed_system.h"

#include <elf.h>

#include <algorithm>

namespace kdump {
namespace {

// Upper bound of what goes into a dump's header; the kernel's own is 8192 and may grow.
constexpr uint32_t kMaxCpus = 1u << 16;

// What `uname -m` says, and which number of vmcoreinfo readers look for in a dump's phys_base.
struct ArchitectureRow {
  uint16_t elf_machine;
  const char* machine;
  const char* phys_base;
};
constexpr ArchitectureRow kArchitectures[] = {
    {kMachineX86_64, "x86_64", "phys_base"},
    {kMachineAarch64, "aarch64", "PHYS_OFFSET"},
};

void set_text(char (&out)[kUtsField], std::string_view from) {
  from = from.substr(0, std::min(from.find('\0'), kUtsField - 1));
  memset(out, 0, sizeof out);
  std::ranges::transform(from, out, [](char c) {
    return c > ' ' && c < '\x7f' ? c : c == ' ' ? c : '?';
  });
}

// struct new_utsname at this address; false if something else lies there.
bool read_utsname_at(Vaddr address, AddressSpace& space, CrashedSystem& system) {
  // In its order.
  char(*const fields[])[kUtsField] = {&system.sysname, &system.nodename, &system.release,
                                      &system.version, &system.machine,  &system.domainname};
  std::array<uint8_t, std::size(fields) * kUtsField> raw;
  if (!space.read(address, raw)) return false;
  const char* at = reinterpret_cast<const char*>(raw.data());
  if (std::string_view(at, 6) != std::string_view("Linux\0", 6)) return false;
  for (auto* field : fields) {
    set_text(*field, {at, kUtsField});
    at += kUtsField;
  }
  return true;
}

void read_utsname(const Vmcoreinfo& info, AddressSpace& space, CrashedSystem& system) {
  const auto symbol = info.symbol("init_uts_ns");
  if (!symbol) return;
  if (const auto offset = info.offset("uts_namespace.name")) {
    read_utsname_at({*symbol + *offset}, space, system);
    return;
  }
  // Exported since v5.11. Before, a reference count of four bytes stood in front of it until
  // 9a56493f6942 ("uts: Use generic ns_common::count", v5.9).
  for (const uint64_t offset : {0, 4})
    if (read_utsname_at({*symbol + offset}, space, system)) return;
}

// What a dump's header says of the machine; the notes and memory say it better where they are
// there.
void take_header(const kdump_format::Header& header, CrashedSystem& system) {
  const Utsname& names = header.utsname;
  const auto take = [](char(&out)[kUtsField], const char(&from)[kUtsField]) {
    if (from[0] != '\0') set_text(out, {from, kUtsField});
  };
  take(system.nodename, names.nodename);
  take(system.release, names.release);
  take(system.version, names.version);
  take(system.machine, names.machine);
  take(system.domainname, names.domainname);
  system.crash_time_s = std::max<int64_t>(header.timestamp_s, 0);
  system.cpus = static_cast<uint32_t>(std::clamp<int64_t>(header.nr_cpus, 1, kMaxCpus));
}

}  // namespace

CrashedSystem identify_system(const DumpSource& source, const Vmcoreinfo& info,
                              AddressSpace& space) {
  const ElfCore& core = source.core;
  CrashedSystem system;
  set_text(system.sysname, "Linux");
  if (source.header) take_header(*source.header, system);
  const ArchitectureRow* architecture =
      std::ranges::find(kArchitectures, core.machine(), &ArchitectureRow::elf_machine);
  if (architecture != std::end(kArchitectures)) {
    set_text(system.machine, architecture->machine);
    system.phys_base = static_cast<uint64_t>(info.number(architecture->phys_base).value_or(0));
  }
  read_utsname(info, space, system);
  if (const auto release = info.value("OSRELEASE")) set_text(system.release, *release);
  if (const auto time = info.decimal("CRASHTIME"))
    system.crash_time_s = std::max<int64_t>(*time, 0);

  uint32_t cpus = 0;
  core.notes().each([&](const Note& note) {
    cpus += note.name == "CORE" && note.type == NT_PRSTATUS;
    return cpus < kMaxCpus;
  });
  system.cpus = std::max({cpus, system.cpus, 1u});
  return system;
}

}  // namespace kdump
