// See vmcore_json.h.
#include "init/capture/report/vmcore_json.h"

#include "init/capture/report/crash_name.h"

namespace kdump {

void add_text_or_null(JsonWriter& json, const char* key, std::string_view text) {
  if (text.empty())
    json.null(key);
  else
    json.text(key, text);
}

void add_number_or_null(JsonWriter& json, const char* key, std::optional<uint64_t> value) {
  if (value)
    json.number(key, *value);
  else
    json.null(key);
}

void add_system(JsonWriter& json, const CrashedSystem& system) {
  add_text_or_null(json, "kernel", system.release);
  add_text_or_null(json, "kernel_version", system.version);
  add_text_or_null(json, "machine", system.machine);
  add_text_or_null(json, "host", system.nodename);
  add_text_or_null(json, "crash_time", utc_time(system.crash_time_s));
  json.number("cpus", system.cpus);
}

void add_pages(JsonWriter& json, const Plan* plan) {
  add_number_or_null(json, "total", plan ? std::optional(plan->ram_pages()) : std::nullopt);
  for (unsigned i = 0; i < kPageClasses; ++i)
    if (const auto page_class = static_cast<PageClass>(i); page_class != PageClass::absent)
      add_number_or_null(json, page_class_name(page_class),
                         plan ? std::optional(plan->pages_by_class[i]) : std::nullopt);
}

}  // namespace kdump
