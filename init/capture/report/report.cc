// See report.h.
#include "init/capture/report/report.h"

#include "init/capture/report/json.h"
#include "init/capture/report/vmcore_json.h"
#include "init/capture/values.h"

namespace kdump {
namespace {

void add_dumped_pages(JsonWriter& json, const std::optional<DumpResult>& dump) {
  const auto count = [&dump](uint64_t DumpResult::*member) {
    return dump ? std::optional((*dump).*member) : std::nullopt;
  };
  add_number_or_null(json, "zero", count(&DumpResult::pages_zero));
  add_number_or_null(json, "kept", count(&DumpResult::pages_written));
  add_number_or_null(json, "unreadable", count(&DumpResult::pages_unreadable));
  add_number_or_null(json, "dropped", count(&DumpResult::pages_dropped));
}

}  // namespace

const char* outcome_name(Board::Outcome outcome) {
  switch (outcome) {
    case Board::Outcome::saved:
      return "saved";
    case Board::Outcome::lacks_memory:
    case Board::Outcome::incomplete:
      return "incomplete";
    case Board::Outcome::none:
    case Board::Outcome::failed:
      break;
  }
  return "failed";
}

std::string report_as_json(const Report& report) {
  JsonWriter json;
  json.begin_object();
  json.text("version", KDUMP_INIT_VERSION);
  json.text("status", outcome_name(report.outcome));
  if (report.outcome == Board::Outcome::saved) {
    json.null("error");
  } else {
    json.begin_object("error");
    json.text("kind", kind_name(report.error.kind));
    json.text("text", report.error.text);
    json.end_object();
  }
  json.text("target", report.target);
  add_text_or_null(json, "location", report.location);
  add_system(json, report.system.value_or(CrashedSystem{}));
  json.text("format", format_name(report.format));
  json.text("compression", compression_name(report.compression));
  json.boolean("flattened", report.flattened);
  add_number_or_null(json, "level", report.level);
  json.text("verified", report.verified);
  json.begin_object("pages");
  add_pages(json, report.plan ? &*report.plan : nullptr);
  add_dumped_pages(json, report.dump);
  json.end_object();
  json.begin_object("bytes");
  json.number("read", report.bytes_read);
  json.number("written", report.dump ? report.dump->bytes_written : 0);
  json.number("dmesg", report.dmesg_bytes);
  add_number_or_null(json, "missing", report.missing_bytes);
  json.end_object();
  json.begin_object("seconds");
  for (unsigned i = 0; i < kSteps; ++i)
    json.milliseconds(step_name(static_cast<Step>(i)), report.step_ms[i]);
  json.end_object();
  json.number("peak_rss_bytes", report.peak_memory_bytes);
  json.begin_array("warnings");
  for (const std::string& warning : report.warnings) json.text(nullptr, warning);
  json.end_array();
  json.end_object();
  return json.take();
}

}  // namespace kdump
