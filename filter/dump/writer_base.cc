#include "filter/dump/writer_base.h"

namespace kdump {

Result<> WriterBase::absorb_no_space(Result<> written) {
  if (written || written.error().kind != Kind::no_space) return written;
  stop(written.error());
  return {};
}

void WriterBase::stop(const Error& why) {
  if (result_.complete) result_.why = why;
  result_.complete = false;
  stopped_ = true;
}

void WriterBase::stop_at_limit() {
  stop(fail(Kind::no_space, "the dump reaches its limit of %" PRIu64 " bytes", options_.max_bytes)
           .error());
}

void WriterBase::miss_window(const Error& why) {
  result_.complete = false;
  result_.why = why;
}

Result<> WriterBase::reach(uint64_t end) {
  if (sink_.end() >= end) return {};
  const uint8_t zero = 0;
  return absorb_no_space(sink_.write_at(end - 1, bytes_of(zero)));
}

std::optional<SumsPlace> WriterBase::plan_sums(bool is_elf) {
  if (options_.sums_bytes == 0) return std::nullopt;
  const SumsPlace place = place_sums(sink_.sums(), is_elf);
  if (place.offset + place.bytes - sink_.end() > options_.sums_bytes ||
      sink_.lowest_failed() < place.offset)
    return std::nullopt;
  return place;
}

Result<> WriterBase::write_sums(const SumsPlace& place, Bytes header, uint32_t program_headers) {
  ChunkSums& sums = sink_.sums();
  sums.add(0, header);
  return sink_.write_at(place.offset, make_sums_trailer(sums, place, program_headers));
}

void WriterBase::report() {
  const uint64_t total =
      options_.expected_pages != 0 ? options_.expected_pages : pages_.end_pfn().value;
  progress_.update(Phase::write, std::min(pages_handled_, total), total, sink_.bytes());
  if (is_late_) return;
  if (const Result<> allowed = progress_.may_continue(); !allowed) {
    is_late_ = true;
    stop(allowed.error());
  }
}

DumpResult WriterBase::finish() const {
  DumpResult result = result_;
  result.bytes_written = sink_.bytes();
  result.end_offset = sink_.end();
  if (is_late_) {
    const uint64_t known = result.pages_written + result.pages_zero + result.pages_unreadable;
    result.pages_dropped = options_.expected_pages - std::min(options_.expected_pages, known);
  }
  return result;
}

}  // namespace kdump
