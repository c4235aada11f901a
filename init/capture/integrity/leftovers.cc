#include "init/capture/integrity/leftovers.h"

#include <string_view>

#include "targets/crash_files.h"
#include "targets/dump_listing.h"

namespace kdump {
namespace {

std::string directory_name(const std::string& location) {
  return location.substr(location.rfind('/') + 1);
}

bool holds_only_logs(const DumpContents& contents) {
  if (contents.is_complete || contents.has_other_things) return false;
  const DumpContents::Entry* const partial = contents.find(incomplete_name(kDumpName));
  return partial == nullptr || partial->bytes == 0;
}

}  // namespace

bool remove_if_empty(Target& target, const char* name, const Error& why) {
  if (why.kind == Kind::io || why.kind == Kind::timeout) return false;
  const auto files = target.stored_files();
  if (!files) return false;
  const std::string path = directory_name(target.location()) + "/" + incomplete_name(name);
  const auto status = (*files)->status(path);
  if (!status || !status->is_file || status->bytes != 0) return false;
  return (*files)->remove(path).has_value();
}

void remove_superseded(Target& target, const std::vector<std::string>& locations,
                       JobProgress& progress) {
  if (locations.empty()) return;
  const auto files = target.stored_files();
  if (!files) return;
  const std::string own = directory_name(target.location());
  for (const std::string& location : locations) {
    progress.tick();
    const auto dump = parse_dump_name(directory_name(location));
    if (!dump || dump->name == own) continue;
    const auto contents = read_dump_contents(**files, *dump);
    if (contents && holds_only_logs(*contents)) (void)remove_stored_dump(**files, *dump, *contents);
  }
}

}  // namespace kdump
