// See output_target.h.
#include "init/capture/job/output_target.h"

#include "init/capture/standard_output.h"
#include "targets/directory/crash_directory.h"
#include "targets/directory/local_file.h"

namespace kdump {
namespace {

// FILE: positional, with the room that its file system has.
class OutputFile final : public Target {
 public:
  OutputFile(Sys& sys, const std::string& path) : sys_(sys), path_(path) {}

  const char* describe() const override { return path_.c_str(); }
  Access access() const override { return Access::positional; }
  // A FILE that is in the way is noticed now, not after minutes of counting pages.
  Result<Space> preflight() override {
    TRY(LocalFile::refuse_existing(sys_, path_));
    return TRY(read_mounted_fs(sys_, parent_of(path_))).space;
  }
  Result<> begin(const std::string&) override { return {}; }
  std::string location() const override { return path_; }
  Result<std::unique_ptr<TargetFile>> create(const char*, uint64_t) override {
    return TRY(LocalFile::create(sys_, path_));
  }
  Result<> finish() override { return {}; }

 private:
  Sys& sys_;
  std::string path_;
};

// There is nothing to rename in a stream: a whole one is known by its end marker.
class OutputStreamFile final : public TargetFile {
 public:
  explicit OutputStreamFile(Sys& sys) : out_(sys) {}

  Result<> write_at(uint64_t offset, Bytes data) override { return out_.write_at(offset, data); }
  Result<> sync() override { return {}; }
  Result<> commit() override { return {}; }
  Result<> keep_incomplete() override { return {}; }
  Result<> read_back(uint64_t, MutableBytes) override {
    return fail(Kind::unsupported, "standard output cannot be read");
  }

 private:
  StandardOutput out_;
};

class OutputStream final : public Target {
 public:
  explicit OutputStream(Sys& sys) : sys_(sys) {}

  const char* describe() const override { return "standard output"; }
  Access access() const override { return Access::append_only; }
  Result<Space> preflight() override { return Space{}; }
  Result<> begin(const std::string&) override { return {}; }
  std::string location() const override { return describe(); }
  Result<std::unique_ptr<TargetFile>> create(const char*, uint64_t) override {
    return std::make_unique<OutputStreamFile>(sys_);
  }
  Result<> finish() override { return {}; }

 private:
  Sys& sys_;
};

}  // namespace

std::unique_ptr<Target> make_output_target(const std::string& path, Sys& sys) {
  if (path == "-") return std::make_unique<OutputStream>(sys);
  return std::make_unique<OutputFile>(sys, path);
}

}  // namespace kdump
