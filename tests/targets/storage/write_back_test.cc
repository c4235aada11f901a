// What of a file is written back and awaited while it grows; its failures are in the tests of those
// who write (contract_test.cc, tests/init/capture/job/dump_job_test.cc).
#include "targets/storage/write_back.h"

#include <doctest/doctest.h>
#include <fcntl.h>

#include "tests/fakes/fake_sys.h"

namespace kdump {
namespace {

constexpr uint64_t kMiB = 1 << 20;

File some_file(FakeSys& sys) {
  sys.add_file("/dump", "");
  return *File::open(sys, "/dump", O_RDWR);
}

std::vector<FakeSys::WriteBackCall> calls_with(const FakeSys& sys, unsigned flags) {
  std::vector<FakeSys::WriteBackCall> found;
  for (const auto& call : sys.write_back_calls)
    if (call.flags == flags) found.push_back(call);
  return found;
}

}  // namespace

TEST_CASE("each MiB is written back once it is there, and awaited four later") {
  for (const auto how : {WriteBack::How::sync_file_range, WriteBack::How::commit}) {
    FakeSys sys;
    const File file = some_file(sys);
    WriteBack write_back(how);
    for (uint64_t at = 0; at < 10 * kMiB; at += kMiB / 2)
      CHECK(write_back.wrote(sys, file, at, kMiB / 2));
    const auto started = calls_with(sys, SYNC_FILE_RANGE_WRITE);
    const auto awaited = calls_with(sys, SYNC_FILE_RANGE_WAIT_BEFORE);
    CHECK(started.size() == 10);
    CHECK(awaited.size() == 6);
    for (uint64_t i = 0; i < started.size(); ++i) {
      CHECK(started[i].offset == i * kMiB);
      CHECK(started[i].size == kMiB);
    }
    for (uint64_t i = 0; i < awaited.size(); ++i) CHECK(awaited[i].offset == started[i].offset);
  }
}

TEST_CASE("what is written elsewhere meanwhile is written back as well") {
  FakeSys sys;
  const File file = some_file(sys);
  WriteBack write_back;
  CHECK(write_back.wrote(sys, file, 100 * kMiB, kMiB / 2));
  CHECK(write_back.wrote(sys, file, 4096, 4096));
  CHECK(sys.write_back_calls.empty());
  CHECK(write_back.wrote(sys, file, 100 * kMiB + kMiB / 2, kMiB / 2));
  const std::vector<FakeSys::WriteBackCall> all = {
      {.offset = 4096, .size = 101 * kMiB - 4096, .flags = SYNC_FILE_RANGE_WRITE}};
  CHECK(sys.write_back_calls == all);
}

TEST_CASE("a file that cannot be written back is asked once") {
  for (const int error : {ENOSYS, ESPIPE, EINVAL}) {
    FakeSys sys({.fail_nth = 2, .with = error});  // after open
    const File file = some_file(sys);
    WriteBack write_back;
    for (uint64_t at = 0; at < 10 * kMiB; at += kMiB) CHECK(write_back.wrote(sys, file, at, kMiB));
    CHECK(sys.write_back_calls.size() == 1);
  }
}

TEST_CASE("a write-back that fails fails the write, one that is interrupted does not") {
  for (const int error : {EIO, ENOSPC, EINTR}) {
    FakeSys sys({.fail_nth = 2, .with = error});
    const File file = some_file(sys);
    WriteBack write_back;
    const Result<> wrote = write_back.wrote(sys, file, 0, kMiB);
    CHECK(wrote.has_value() == (error == EINTR));
    if (!wrote) CHECK(std::string_view(wrote.error().text).starts_with("write back /dump: "));
  }
}

}  // namespace kdump
