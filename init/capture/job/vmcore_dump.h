// One vmcore as a dump writer wants it: the pages classified and counted, selected at a level, and
// the header's facts. What is left open is the level and the sink, which the job decides.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "filter/dump/dump_writer.h"
#include "filter/kernel/vmcore.h"
#include "filter/pages/page_selection.h"
#include "filter/pages/plan.h"
#include "init/capture/settings.h"

namespace kdump {

// What the writer's buffers may take of a machine that has that much to give (0: not known): a
// capture kernel with 96 MiB in all has no more than a dozen left.
uint64_t buffer_bytes(uint64_t available_bytes);

class VmcoreDump {
 public:
  // Both must outlive this. available_bytes: of memory, 0 where that is not known.
  VmcoreDump(Vmcore& vmcore, const Settings& settings, uint64_t available_bytes);

  // Classifies and counts all pages; comes before everything else.
  Result<> make_plan(Progress& progress);
  const Plan& plan() const { return plan_; }
  // The one that was asked for, unless the plan had to choose another; its warnings say why.
  Format format() const { return format_; }
  void set_format(Format format);
  // Whether what is never written takes room where the dump goes: then it counts in all sizes.
  void set_gaps_take_room(bool take_room) { no_sparse_files_ = take_room; }
  // What format kdump needs before the first page. Fails: unsupported, where it cannot be.
  Result<uint64_t> table_bytes();
  // What the dump cannot outgrow at that level: known at once.
  Result<uint64_t> most_bytes(uint32_t level);
  // How big it would be; looks at pages, which takes time.
  Result<uint64_t> estimate_bytes(uint32_t level);
  // Writes it, at most max_bytes long.
  Result<DumpResult> write(uint32_t level, uint64_t max_bytes, Sink& sink, Progress& progress);

 private:
  void choose_format();
  PageSelection& pages_at(uint32_t level);
  DumpOptions options(uint32_t level) const;

  Vmcore& vmcore_;
  const Settings& settings_;
  uint64_t memory_bytes_;  // for the writer's buffers
  uint32_t threads_;
  Format format_;
  bool no_sparse_files_ = true;
  std::map<uint32_t, uint64_t> estimates_;  // by level, of format_
  Plan plan_;
  std::optional<PageSelection> pages_;         // of the level asked for last
  std::vector<DumpHeader::Segment> segments_;  // the header views them
  DumpHeader header_;
};

}  // namespace kdump
