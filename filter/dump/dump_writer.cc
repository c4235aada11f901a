#include "filter/dump/dump_writer.h"

#include "filter/dump/elf_writer.h"
#include "filter/dump/kdump_writer.h"

namespace kdump {

Result<DumpResult> write_dump(PageSource& pages, const DumpHeader& header,
                              const DumpOptions& options, Sink& sink, Progress& progress) {
  if (options.format == Format::elf) {
    auto writer = TRY(ElfWriter::create(pages, header, options, sink, progress));
    return writer->run();
  }
  auto writer = TRY(KdumpWriter::create(pages, header, options, sink, progress));
  return writer->run();
}

}  // namespace kdump
