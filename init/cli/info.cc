// See info.h.
#include "init/cli/info.h"

#include <cinttypes>

#include "filter/base/text.h"
#include "filter/kernel/printk_log.h"
#include "filter/kernel/report/panic_reason.h"
#include "init/capture/job/vmcore_dump.h"
#include "init/capture/report/cpu_states_text.h"
#include "init/capture/report/crash_name.h"
#include "init/capture/report/human_size.h"
#include "init/capture/report/vmcore_json.h"
#include "init/capture/reservation.h"

namespace kdump {
namespace {

constexpr size_t kBarColumns = 34;

// Nobody watches these passes.
struct NoProgress final : Progress {
  void update(Phase, uint64_t, uint64_t, uint64_t) override {}
};

const char* level_meaning(uint32_t level) {
  switch (level) {
    case 0:
      return "everything";
    case 17:
      return "no free memory";
    case 23:
      return "no free memory, no cache";
    case 31:
      return "kernel memory";
    default:
      return "";
  }
}

const char* class_meaning(PageClass page_class) {
  switch (page_class) {
    case PageClass::other:
      return "kernel";
    case PageClass::cache_private:
      return "cache, private";
    default:
      return page_class_name(page_class);
  }
}

double mebibytes(uint64_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

std::string fact(const char* name, const std::string& value) {
  return value.empty() ? "" : text("%-9s %s\n", name, value.c_str());
}

// Of a crash of that machine; a target on a disk, or on a server.
uint32_t reservation_mib(const CrashedSystem& system, bool is_server) {
  return recommended_reservation_mib(system.machine,
                                     {is_server ? std::string("ssh://") : std::string()});
}

// Of a dump: what it lacks of the machine's memory.
std::string left_out_as_text(const Info& info) {
  const uint64_t present = info.plan.ram_pages();
  if (info.ram_pages <= present) return {};
  return fact("left out", human_size((info.ram_pages - present) * info.page_size) +
                              " of the machine's memory, by an earlier dump");
}

std::string system_as_text(const Info& info) {
  const CrashedSystem& system = info.system;
  const uint64_t memory = info.plan.ram_pages() * info.page_size;
  return fact("dump", info.form) + fact("kernel", printable(system.release)) +
         fact("", printable(system.version)) + fact("machine", printable(system.machine)) +
         fact("host", printable(system.nodename)) + fact("crashed", utc_time(system.crash_time_s)) +
         fact("uptime", info.uptime_ms ? uptime_as_text(*info.uptime_ms) : "") +
         fact("reason", printable(info.panic_reason)) +
         fact("panicked", panicked_as_text(info.scene)) + fact("cpus", text("%u", system.cpus)) +
         fact("memory", text("%s in %" PRIu64 " pages of %u KiB", human_size(memory).c_str(),
                             info.plan.ram_pages(), info.page_size / 1024)) +
         left_out_as_text(info) + missing_as_text(info.missing_bytes) +
         fact("capture", text("crashkernel=%uM saves to a disk, %uM to a server",
                              reservation_mib(system, false), reservation_mib(system, true)));
}

std::string classes_as_text(const Info& info) {
  std::string out = text("%-14s %11s %10s %6s\n", "memory", "pages", "MiB", "share");
  const uint64_t total = info.plan.ram_pages();
  for (unsigned i = 0; i < kPageClasses; ++i) {
    const auto page_class = static_cast<PageClass>(i);
    const uint64_t pages = info.plan.pages_by_class[i];
    if (page_class == PageClass::absent || pages == 0) continue;
    const double share = static_cast<double>(pages) / static_cast<double>(total);
    const auto bar = static_cast<size_t>(share * kBarColumns + 0.5);
    out += text("%-14s %11" PRIu64 " %10.1f %5.1f%%%s%s\n", class_meaning(page_class), pages,
                mebibytes(pages * info.page_size), 100 * share, bar ? " " : "",
                std::string(bar, '#').c_str());
  }
  return out;
}

std::string next_as_text(const NextSteps& next) {
  return "\n" + fact("debug", next.install) + fact("build id", next.build_id) +
         fact("crash", printable(next.crash)) + fact("drgn", printable(next.drgn));
}

void add_next_steps(JsonWriter& json, const NextSteps& next) {
  json.begin_object("next");
  add_text_or_null(json, "distribution", next.distribution);
  add_text_or_null(json, "build_id", next.build_id);
  add_text_or_null(json, "install", next.install);
  json.text("vmlinux", next.vmlinux);
  json.text("crash", next.crash);
  json.text("drgn", next.drgn);
  json.end_object();
}

}  // namespace

Result<Info> gather_info(Vmcore& vmcore, const Settings& settings,
                         std::span<const uint32_t> levels) {
  Info info;
  NoProgress progress;
  VmcoreDump dump(vmcore, settings, 0);
  info.system = vmcore.system();
  info.page_size = vmcore.page_size();
  info.ram_pages = vmcore.memory().ram_pages();
  info.form = vmcore.source().form;
  info.next = find_next_steps(info.system, vmcore.info(), vmcore.source().path);
  TRY(dump.make_plan(progress));
  dump.set_gaps_take_room(false);  // a size on disk: file systems store holes for nothing
  info.plan = dump.plan();
  for (const uint32_t level : levels) {
    const uint64_t pages = info.plan.kept_pages(level);
    const uint64_t file_bytes = TRY(dump.estimate_bytes(level));
    info.dumps.push_back({level, pages, pages * vmcore.page_size(), file_bytes});
  }
  info.missing_bytes = vmcore.elf().missing_bytes();
  info.warnings = vmcore.warnings();
  info.warnings.insert(info.warnings.end(), info.plan.warnings.begin(), info.plan.warnings.end());
  PanicReason reason;
  const auto log = write_kernel_log(vmcore, reason);
  info.panic_reason = reason.take();
  if (!log) info.warnings.push_back(std::string("no kernel log: ") + log.error().text);
  if (log && log->newest_ts_nsec) info.uptime_ms = log->newest_ts_nsec / 1'000'000;
  info.scene = find_cpu_states(vmcore);
  info.warnings.insert(info.warnings.end(), info.scene.warnings.begin(), info.scene.warnings.end());
  return info;
}

std::string dump_sizes_as_text(std::span<const DumpSize> dumps) {
  std::string out = text("%-14s %11s %10s %12s\n", "dump level", "pages", "MiB", "file MiB");
  for (const DumpSize& dump : dumps)
    out += text("%-14u %11" PRIu64 " %10.1f %12.1f  %s\n", dump.level, dump.pages,
                mebibytes(dump.page_bytes), mebibytes(dump.file_bytes), level_meaning(dump.level));
  return out;
}

std::string missing_as_text(uint64_t missing_bytes) {
  if (missing_bytes == 0) return {};
  return fact("missing", human_size(missing_bytes) +
                             " that the headers promise: every dump will be INCOMPLETE");
}

std::string info_as_text(const Info& info) {
  const std::string cpus = cpus_as_text(info.scene);
  std::string out = system_as_text(info) + "\n" + cpus + (cpus.empty() ? "" : "\n") +
                    classes_as_text(info) + "\n" + dump_sizes_as_text(info.dumps);
  for (const std::string& warning : info.warnings) out += "\nwarning: " + printable(warning) + "\n";
  return out + next_as_text(info.next);
}

std::string info_as_json(const Info& info) {
  JsonWriter json;
  json.begin_object();
  json.text("form", info.form);
  add_system(json, info.system);
  if (info.uptime_ms)
    json.milliseconds("uptime_seconds", static_cast<int64_t>(*info.uptime_ms));
  else
    json.null("uptime_seconds");
  add_text_or_null(json, "reason", info.panic_reason);
  add_cpu_states(json, info.scene);
  json.number("page_size", info.page_size);
  json.begin_object("crashkernel_mib");
  json.number("disk", reservation_mib(info.system, false));
  json.number("server", reservation_mib(info.system, true));
  json.end_object();
  json.number("missing_bytes", info.missing_bytes);
  json.begin_object("pages");
  add_pages(json, &info.plan);
  json.end_object();
  json.begin_array("dumps");
  for (const DumpSize& dump : info.dumps) {
    json.begin_object();
    json.number("level", dump.level);
    json.number("pages", dump.pages);
    json.number("page_bytes", dump.page_bytes);
    json.number("file_bytes", dump.file_bytes);
    json.end_object();
  }
  json.end_array();
  json.begin_array("warnings");
  for (const std::string& warning : info.warnings) json.text(nullptr, warning);
  json.end_array();
  add_next_steps(json, info.next);
  json.end_object();
  return json.take();
}

}  // namespace kdump
