// What lies in files that are called dumps, given to `verify`; and pages of memory, as they come,
// given to the page encoder, whose frames zstd's own decoder must take.
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "filter/dump_file/kdump_format.h"
#include "filter/dump_file/page_decoder.h"
#include "filter/kernel/printk_log.h"
#include "filter/kernel/report/panic_reason.h"
#include "filter/kernel/vmcore.h"
#include "filter/verify/dump_check.h"
#include "init/capture/job/dump_job.h"
#include "tests/fakes/fake_sys.h"
#include "tests/filter/zstd_page/encoder_entry.h"
#include "tests/fuzz/fuzzer.h"
#include "tests/init/tiny_core.h"

namespace kdump {
namespace {

struct Silent final : Progress {
  void update(Phase, uint64_t, uint64_t, uint64_t) override {}
};

// A sound dump, of which an input changes a few bytes.
std::string sound_dump(Format format, bool flatten) {
  FakeSys sys;
  sys.add_file("/proc/vmcore", tiny_core());
  sys.add_directory("/crash");
  sys.add_mount("/dev/vda", "/crash", sys.add_fs({}));
  Settings settings;
  settings.format = format;
  settings.compression.kind = Compression::Kind::zstd;
  const auto board = std::make_unique<Board>();
  Console console({.board = board.get()});
  const auto network = existing_network();
  run_dump_job(sys, settings, "dir:/crash", {.network = *network, .flatten = flatten}, *board,
               console);
  promised(board->outcome() == Board::Outcome::saved, "the tiny core is saved");
  return sys.content(board->location() + "/vmcore");
}

// The file, open for as long as the fuzzer runs.
struct Scratch {
  int fd = ::memfd_create("dump", 0);
  void put(const std::string& content, uint64_t size) const {
    promised(fd >= 0 && ::ftruncate(fd, 0) == 0 &&
                 ::pwrite(fd, content.data(), content.size(), 0) ==
                     static_cast<ssize_t>(content.size()) &&
                 ::ftruncate(fd, static_cast<off_t>(size)) == 0,
             "there is memory for a dump");
  }
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd); }
};

// Which dump (u8), how much of its end is cut off (u16), then places: offset (u24), count (u8),
// bytes. Returns the path of the file.
std::string damaged_dump(Bytes input) {
  static const std::string dumps[] = {sound_dump(Format::kdump, false),
                                      sound_dump(Format::kdump, true),
                                      sound_dump(Format::elf, false)};
  static const Scratch scratch;
  Pieces pieces(input);
  std::string dump = dumps[pieces.byte() % std::size(dumps)];
  const size_t cut = pieces.number<uint16_t>();
  while (!pieces.at_end()) {
    const size_t at = pieces.byte() | pieces.byte() << 8 | pieces.byte() << 16;
    const Bytes bytes = pieces.counted();
    if (at < dump.size())
      memcpy(dump.data() + at, bytes.data(), std::min(bytes.size(), dump.size() - at));
  }
  scratch.put(dump, dump.size() - std::min(cut, dump.size()));
  return scratch.path();
}

}  // namespace

// What `verify` finds.
void fuzz_dump_check(Bytes input) {
  const auto file = DumpFile::open(real_sys(), damaged_dump(input));
  if (!file) return;
  Silent progress;
  const auto check = check_dump_file(*file, progress);
  if (!check) return;
  promised(check->damaged_pages <= check->pages, "no more pages are damaged than there are");
  promised(check->damaged_pages == 0 || !check->is_sound(), "a dump with damaged pages is damaged");
  promised(check->damages.size() <= 20, "the number of reported damages is bounded");
}

// What info, dmesg and dump read: the kernel's identity and log, and pages.
void fuzz_dump_source(Bytes input) {
  const auto vmcore = Vmcore::open(real_sys(), damaged_dump(input).c_str());
  if (!vmcore) return;
  constexpr size_t kPages = 64, kMaxWindows = 16;
  PhysMemory& memory = (*vmcore)->memory();
  std::vector<uint8_t> pages(kPages * memory.page_size()), readable(kPages);
  const auto bits = std::make_unique<PageBits>();
  Pfn at{0};
  for (size_t i = 0; i < kMaxWindows && at < memory.end_pfn(); ++i) {
    at = memory.next_window(at);
    memory.mark_ram(at, *bits);
    memory.mark_present(at, *bits);
    const size_t unreadable = memory.read_pages(at, pages, readable);
    promised(unreadable <= kPages, "no more pages are unreadable than were asked for");
    at.value += kWindowPages;
  }
  PanicReason reason;
  (void)write_kernel_log(**vmcore, reason);
}

// A page as a dump may hold it.
void fuzz_page_frame(Bytes input) {
  static PageDecoder decoder;
  std::vector<uint8_t> page(4096);
  for (const uint32_t compression : {0x1u, 0x2u, 0x4u, kdump_format::kCompressedZstd})
    (void)decoder.decode(compression, input, page);
}

// A page: the input, and zeros up to 4 KiB.
void fuzz_page_encoder(Bytes input) {
  static PageEncoder encoder;
  std::vector<uint8_t> page(4096);
  std::copy_n(input.begin(), std::min(input.size(), page.size()), page.begin());
  for (const auto aim : {PageEncoder::Aim::fast, PageEncoder::Aim::small})
    promised(encode_and_decode(encoder, page, aim) != kWrong,
             "zstd decodes what the encoder has made");
}

}  // namespace kdump
