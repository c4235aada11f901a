#include "filter/dump/dump_writer.h"

#include "filter/dump/elf_writer.h"
#include "filter/dump/kdump_writer.h"

namespace kdump {

Result<DumpResult> write_dump(PageSource& pages, const DumpHeader& header,
                              const DumpOptions& options, Sink& sink, Progress& progress) {
  DumpOptions summed = options;
  summed.sums_bytes = sums_reserve(options.max_bytes);
  if (options.max_bytes != UINT64_MAX) summed.max_bytes -= summed.sums_bytes;
  if (options.format == Format::elf) {
    auto writer = TRY(ElfWriter::create(pages, header, summed, sink, progress));
    return writer->run();
  }
  auto writer = TRY(KdumpWriter::create(pages, header, summed, sink, progress));
  return writer->run();
}

}  // namespace kdump
