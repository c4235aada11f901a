// Memory that is not there: files cut short under a mapping, nested guards, read(2) where mmap
// fails.
#include "filter/core_file/fault_guard.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "filter/pages/plan.h"
#include "tests/fakes/fake_sys.h"
#include "tests/fixtures/text_core.h"

namespace kdump {
namespace {

constexpr size_t kPage = 4096;

// A mapping of `pages` pages of a file that was then cut to `left` pages.
class CutMapping {
 public:
  CutMapping(size_t pages, size_t left) {
    install_fault_guard();
    char name[] = "/tmp/kdump-cut-XXXXXX";
    fd_ = mkstemp(name);
    unlink(name);
    REQUIRE(ftruncate(fd_, static_cast<off_t>(pages * kPage)) == 0);
    void* mapped = mmap(nullptr, pages * kPage, PROT_READ, MAP_PRIVATE, fd_, 0);
    REQUIRE(mapped != MAP_FAILED);
    bytes = {static_cast<const uint8_t*>(mapped), pages * kPage};
    REQUIRE(ftruncate(fd_, static_cast<off_t>(left * kPage)) == 0);
  }
  ~CutMapping() {
    munmap(const_cast<uint8_t*>(bytes.data()), bytes.size());
    close(fd_);
  }
  Bytes bytes;

 private:
  int fd_;
};

uint8_t touch(const uint8_t* at) { return *static_cast<const volatile uint8_t*>(at); }

struct Silent final : Progress {
  void update(Phase, uint64_t, uint64_t, uint64_t) override {}
};

}  // namespace

TEST_CASE("a byte that cannot be read is reported by its place, again and again") {
  const CutMapping cut(4, 2);
  for (int i = 0; i < 3; ++i) {
    size_t fault = 0;
    CHECK(guarded(cut.bytes, &fault, [&] { touch(&cut.bytes[kPage]); }));
    CHECK_FALSE(guarded(cut.bytes, &fault, [&] { touch(&cut.bytes[2 * kPage + 77]); }));
    CHECK(fault / kPage == 2);
  }
}

TEST_CASE("a fault goes to the guard whose memory it is, over an inner one") {
  const CutMapping outer(2, 1), inner(2, 1);
  size_t outer_fault = 0, inner_fault = 0;
  bool reached = false;
  CHECK_FALSE(guarded(outer.bytes, &outer_fault, [&] {
    CHECK_FALSE(guarded(inner.bytes, &inner_fault, [&] { touch(&inner.bytes[kPage]); }));
    (void)guarded(inner.bytes, &inner_fault, [&] { touch(&outer.bytes[kPage]); });
    reached = true;
  }));
  CHECK_FALSE(reached);
  CHECK(outer_fault == kPage);
  CHECK(guarded(outer.bytes, &outer_fault, [&] { touch(&outer.bytes[0]); }));
}

TEST_CASE("a fault outside every guard still ends the process") {
  const CutMapping cut(2, 1), other(2, 1);
  size_t fault = 0;
  CHECK_FALSE(guarded(cut.bytes, &fault, [&] { touch(&cut.bytes[kPage]); }));
  const pid_t child = fork();
  if (child == 0) {
    close(STDERR_FILENO);  // a sanitizer would report what is meant to happen
    (void)guarded(cut.bytes, &fault, [&] { touch(&other.bytes[kPage]); });
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK_FALSE((WIFEXITED(status) && WEXITSTATUS(status) == 0));
}

TEST_CASE("a vmcore cut after it was opened loses the pages that are gone, each counted") {
  for (const char* file : {"", "file skew=0x10\n"}) {
    CAPTURE(file);
    TextCore core(std::string("kernel x86_64-6.1\nram 0 2M\ndata 1M\n") + file);
    for (size_t i = 0; i < 16; ++i) core.image().put(i * kPage + 0x20, uint64_t{0x1234});
    core.rewrite();
    const auto vmcore = core.open();
    PageSelection selection(*vmcore, 0);
    REQUIRE(truncate(core.path().c_str(), static_cast<off_t>(core.file_offset(10 * kPage))) == 0);
    std::vector<uint8_t> pages(16 * kPage, 0xee), readable(16, 7);
    selection.read_pages({0}, pages, readable);
    for (size_t i = 0; i < 16; ++i) {
      CAPTURE(i);
      CHECK(readable[i] == (i < 10));
      CHECK(load<uint64_t>(&pages[i * kPage + 0x20]) == (i < 10 ? 0x1234 : 0));
    }
    CHECK(selection.unreadable_pages() == 6);
  }
}

TEST_CASE("struct pages that are gone keep the pages they describe, the others are classified") {
  TextCore core("kernel x86_64-6.1\npage 0 free order=8\n");
  core.pages().encode({.pfn = 1024, .kind = "anon", .count = 512});
  // Their struct pages are moved to the end of the file, to be cut off after three pages of them.
  const uint64_t end = 11u << 20;
  for (uint64_t i = 0; i < 512; ++i) {
    const uint64_t from = core.tables().struct_page_paddr(1024 + i);
    for (uint64_t word = 0; word < 64; word += 8)
      core.image().put(end + i * 64 + word, core.image().get<uint64_t>(from + word));
    core.tables().map(core.tables().struct_page_vaddr(1024 + i) & ~(kPage - 1),
                      end + i * 64 / kPage * kPage, kPage);
  }
  core.rewrite();
  const auto vmcore = core.open();
  REQUIRE(truncate(core.path().c_str(), static_cast<off_t>(core.file_offset(end) + 3 * kPage)) ==
          0);
  const auto classes = std::make_unique<WindowClasses>();
  WindowScan scan(*vmcore);
  scan.scan({0}, *classes);
  CHECK((*classes)[0] == PageClass::free);
  for (size_t i = 0; i < 512; ++i) {
    CAPTURE(i);
    CHECK((*classes)[1024 + i] == (i < 3 * 64 ? PageClass::user : PageClass::other));
  }
  CHECK(scan.unknown_pages() == 512 - 3 * 64);
}

TEST_CASE("where the vmcore cannot be mapped it is read, with the same result") {
  TextCore core(
      "kernel x86_64-6.1\npage 256 free order=8\npage 512 anon order=4\nfile skew=0x10\n");
  std::string content(core.file_offset(0) + (12u << 20), '\0');
  const int fd = open(core.path().c_str(), O_RDONLY | O_CLOEXEC);
  REQUIRE(pread(fd, content.data(), content.size(), 0) == static_cast<ssize_t>(content.size()));
  close(fd);
  FakeSys sys;
  sys.add_file("/vmcore", content);
  Silent progress;
  const auto mapped = core.open();
  auto read = Vmcore::open(sys, "/vmcore");
  REQUIRE(read);
  const auto by_map = make_plan(*mapped, progress), by_read = make_plan(**read, progress);
  REQUIRE(by_map);
  REQUIRE(by_read);
  CHECK(by_map->pages_by_class == by_read->pages_by_class);
  CHECK(by_read->pages_by_class[static_cast<size_t>(PageClass::free)] == 256);
}

}  // namespace kdump
