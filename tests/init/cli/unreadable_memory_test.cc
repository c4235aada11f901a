// The program as a process, on a vmcore of which something cannot be read: a range that fails with
// EIO, or a file that is cut short meanwhile. Whatever it is, the rest is saved, and no job dies.
#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "tests/fixtures/unreadable_file.h"
#include "tests/init/cli/command_bench.h"

using namespace kdump;

namespace {

constexpr uint64_t kPage = 4096;

// The tiny core with program headers and notes on pages of their own, at its end.
struct SpreadCore {
  SpreadCore() : content(tiny_core()) {
    Elf64_Ehdr header;
    memcpy(&header, content.data(), sizeof header);
    content.resize((content.size() + kPage - 1) / kPage * kPage);
    program_headers = content.size();
    content.append(content, header.e_phoff, header.e_phnum * sizeof(Elf64_Phdr));
    content.resize(program_headers + kPage);
    notes = content.size();
    Elf64_Phdr note;
    memcpy(&note, content.data() + program_headers, sizeof note);
    REQUIRE(note.p_type == PT_NOTE);
    content.append(content, note.p_offset, note.p_filesz);
    note.p_offset = notes;
    memcpy(content.data() + program_headers, &note, sizeof note);
    header.e_phoff = program_headers;
    memcpy(content.data(), &header, sizeof header);
  }
  std::string content;
  uint64_t program_headers, notes;
};

void is_alive(const Bench& bench) {
  CHECK_FALSE(says(bench.err, "killed by signal"));
  CHECK_FALSE(says(bench.err, "once more"));
}

// Each way to write a dump, of each format, by one thread and by two.
template <class Each>
void each_way(const Bench& bench, Each each) {
  for (const char* const format : {"kdump", "elf"})
    for (const char* const threads : {"1", "2"})
      for (const std::string& output :
           {"dir:" + bench.path() + "/crash", std::string("-o out"), std::string("-o - >stream")}) {
        const std::string arguments = std::string(" -d 15 --format ") + format + " --threads " +
                                      threads + " --report report " + output;
        CAPTURE(arguments);
        std::filesystem::remove_all(bench.path() + "/crash");
        std::filesystem::create_directory(bench.path() + "/crash");
        for (const char* const name : {"out", "out-incomplete", "stream", "report"})
          std::filesystem::remove(bench.path() + "/" + name);
        each(arguments);
      }
}

}  // namespace

TEST_CASE("a page of memory that cannot be read is counted, and everything else is saved") {
  Bench bench;
  const auto core = make_tiny_core();
  const SpreadCore spread;
  const auto file = UnreadableFile::make(spread.content);
  if (!file) return;
  const uint64_t log = spread.content.find(kTinyPanic);
  REQUIRE(log != std::string::npos);
  struct Place {
    const char* name;
    uint64_t offset;
  };
  const Place places[] = {
      {"page tables", core->file_offset(core->tables().root_paddr())},
      {"struct pages", core->file_offset(core->tables().struct_page_paddr(64))},
      {"log", log},
      {"data", core->file_offset(600 << 10)},
      {"first page", core->file_offset(0)},
      {"last page", core->file_offset((1 << 20) - 1)},
  };
  for (const auto& [name, offset] : places) {
    CAPTURE(name);
    file->set_unreadable(offset / kPage * kPage, offset / kPage * kPage + kPage);
    each_way(bench, [&](const std::string& arguments) {
      const int status = bench.run("dump " + file->path() + arguments);
      CAPTURE(bench.err);
      CHECK(status == 3);
      is_alive(bench);
      CHECK(says(bench.err, "1 pages of the vmcore cannot be read"));
      CHECK(says(bench.file("report"), "\"unreadable\": 1"));
      if (bench.has("out")) CHECK(bench.run("verify out") == 0);
    });
    CHECK(bench.run("info " + file->path()) == 0);
    CHECK(bench.run("dmesg " + file->path()) <= 3);
    CHECK(bench.run("verify " + file->path()) == 1);
    CHECK(says(bench.out, strerror(EIO)));
  }
}

TEST_CASE("notes that cannot be read cost the choice of pages, not the dump") {
  Bench bench;
  const SpreadCore spread;
  const auto file = UnreadableFile::make(spread.content);
  if (!file) return;
  file->set_unreadable(spread.notes, spread.notes + kPage);
  each_way(bench, [&](const std::string& arguments) {
    const int status = bench.run("dump " + file->path() + arguments);
    CAPTURE(bench.err);
    CHECK(status == 0);  // memory is all there
    is_alive(bench);
    CHECK(says(bench.err, "unreadable notes are omitted"));
  });
  CHECK(bench.run("info " + file->path()) == 0);
  CHECK(bench.run("dmesg " + file->path()) == 1);
}

TEST_CASE("headers that cannot be read are one clear error") {
  Bench bench;
  const SpreadCore spread;
  const auto file = UnreadableFile::make(spread.content);
  if (!file) return;
  for (const uint64_t offset : {uint64_t{0}, spread.program_headers}) {
    CAPTURE(offset);
    file->set_unreadable(offset, offset + kPage);
    for (const char* const verb : {"dump -o out", "info", "dmesg"}) {
      CAPTURE(verb);
      CHECK(bench.run(std::string(verb) + " " + file->path()) == 1);
      CHECK(lines_in(bench.err) == 1);
      CHECK(says(bench.err, (file->path() + " at offset").c_str()));
      CHECK(says(bench.err, strerror(EIO)));
      CHECK_FALSE(bench.has("out-incomplete"));
    }
  }
}

TEST_CASE("a vmcore that is cut short while it is dumped loses what is gone, not the dump") {
  constexpr uint64_t kMemory = 32 << 20, kCut = 20 << 20;
  Bench bench;
  TextCore core("kernel x86_64-6.1\nram 0 32M\ndata 1M\n");
  const int fd = open(core.path().c_str(), O_WRONLY | O_CLOEXEC);
  REQUIRE(fd >= 0);
  for (uint64_t at = 4 << 20; at < kMemory; at += kPage) {
    const std::string page(kPage, static_cast<char>('a' + at / kPage % 25));
    REQUIRE(pwrite(fd, page.data(), kPage, static_cast<off_t>(core.file_offset(at))) ==
            static_cast<ssize_t>(kPage));
  }
  close(fd);
  struct stat whole {};
  REQUIRE(stat(core.path().c_str(), &whole) == 0);
  for (const char* const format : {"kdump --compress none", "elf"})
    for (const char* const threads : {"1", "2"}) {
      CAPTURE(format);
      CAPTURE(threads);
      // It writes to a pipe that is read no further until the file is cut.
      const std::string command = std::string(KDUMP_INIT_PROGRAM " dump -d 0 --format ") + format +
                                  " --threads " + threads + " -o - " + core.path() + " 2>" +
                                  bench.path() + "/err";
      FILE* const pipe = popen(command.c_str(), "r");
      REQUIRE(pipe);
      char part[4096];
      REQUIRE(fread(part, 1, sizeof part, pipe) == sizeof part);
      REQUIRE(truncate(core.path().c_str(), static_cast<off_t>(core.file_offset(kCut))) == 0);
      while (fread(part, 1, sizeof part, pipe) > 0) {
      }
      const int status = pclose(pipe);
      bench.err = bench.file("err");
      CAPTURE(bench.err);
      CHECK(WIFEXITED(status));
      CHECK(WEXITSTATUS(status) == 3);
      is_alive(bench);
      CHECK(says(bench.err, "pages of the vmcore cannot be read"));
      REQUIRE(truncate(core.path().c_str(), whole.st_size) == 0);
    }
}
