// See command_verify.h. The dump's own structure is filter/verify's; here is what surrounds it: the
// crash's directory and its manifest.
#include "init/cli/command_verify.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <string>

#include "filter/base/text.h"
#include "filter/verify/dump_check.h"
#include "init/capture/integrity/manifest.h"
#include "init/capture/report/human_size.h"
#include "init/cli/command_io.h"
#include "targets/crash_files.h"
#include "targets/directory/local_file.h"

namespace kdump {
namespace {

constexpr size_t kMaxManifestBytes = 64 << 10;
constexpr size_t kReadBytes = 1 << 20;
// Of zeros in holes, which take as long to hash as data: half an hour. No capture has that much
// time to list such a file in SHA256SUMS.
constexpr uint64_t kMaxHoleBytes = 1ull << 40;

bool has_too_many_holes(const File& file, uint64_t end) {
  uint64_t holes = 0;
  for (uint64_t at = 0; at < end && holes < kMaxHoleBytes; at += kReadBytes) {
    const uint64_t next = file.next_data(at, end);
    holes += next - at;
    at = next;
  }
  return holes >= kMaxHoleBytes;
}

// A line on standard error now and then, while a large dump is read.
class VerifyProgress final : public Progress {
 public:
  explicit VerifyProgress(Sys& sys) : sys_(sys), next_ms_(sys.monotonic_ms() + kEveryMs) {}

  void update(Phase, uint64_t done, uint64_t total, uint64_t) override {
    const int64_t now_ms = sys_.monotonic_ms();
    if (now_ms < next_ms_) return;
    next_ms_ = now_ms + kEveryMs;
    const double part = total ? static_cast<double>(done) / static_cast<double>(total) : 1;
    fprintf(stderr, "kdump-init: verify: %.0f%% checked\n", 100 * std::min(part, 1.0));
  }

 private:
  static constexpr int64_t kEveryMs = 5000;
  Sys& sys_;
  int64_t next_ms_;
};

class Verification {
 public:
  explicit Verification(const std::string& path) : path_(path) {}

  ExitStatus run();

 private:
  Result<> find_dump();
  Result<> check_dump();
  ExitStatus refuse(const Error& error);
  void check_manifest();
  void check_entry(const Manifest::Entry& entry);
  Result<File> open_regular(const std::string& path);
  Result<std::string> read_manifest(const std::string& path);
  Result<std::string> sum_of(const std::string& path);
  const char* verdict() const;

  Sys& sys_ = real_sys();
  std::string path_;       // as it was given
  std::string directory_;  // of the crash
  std::string dump_;       // file in question
  bool is_directory_ = false;
  bool is_log_only_ = false;   // the directory of a crash whose dump is elsewhere
  bool dump_matches_ = false;  // SHA256SUMS lists the dump with the sum that it has
  bool has_sums_ = false;      // the dump has checksums inside
  std::string bad_note_;
  bool is_incomplete_ = false;
  bool is_damaged_ = false;
  std::string text_;  // what is printed
};

// In a crash's directory: the complete dump, else the incomplete one, else the log alone. Fails:
// io.
Result<> Verification::find_dump() {
  struct stat status {};
  if (const int64_t done = sys_.stat(path_.c_str(), status); done < 0)
    return fail_errno(static_cast<int>(-done), "%s", path_.c_str());
  is_directory_ = S_ISDIR(status.st_mode);
  directory_ = is_directory_ ? path_ : parent_of(path_);
  dump_ = path_;
  if (!is_directory_) return {};
  dump_ = path_ + "/" + kDumpName;
  if (sys_.stat(dump_.c_str(), status) >= 0) return {};
  dump_ = incomplete_name(dump_);
  if (sys_.stat(dump_.c_str(), status) >= 0) return {};
  is_log_only_ = sys_.stat((path_ + "/" + kManifestName).c_str(), status) >= 0;
  if (is_log_only_) return {};
  return fail(Kind::refused, "%s: no dump in it, and no %s", path_.c_str(), kManifestName);
}

ExitStatus Verification::refuse(const Error& error) {
  print_error(error);
  return ExitStatus::unreadable;
}

Result<> Verification::check_dump() {
  const int64_t began_ms = sys_.monotonic_ms();
  const DumpFile file = TRY(DumpFile::open(sys_, dump_));
  VerifyProgress progress(sys_);
  const DumpCheck check = TRY(check_dump_file(file, progress));
  const double seconds =
      std::max(static_cast<double>(sys_.monotonic_ms() - began_ms) / 1000, 0.001);
  text_ += text("%s: %s%s, %" PRIu64 " pages", dump_.c_str(),
                check.format == DumpCheck::Format::kdump ? "kdump" : "ELF",
                file.is_flattened() ? ", flattened" : "", check.pages);
  text_ += text(", %s read in %.2f s (%.0f MiB/s)\n", human_size(check.bytes_read).c_str(), seconds,
                static_cast<double>(check.bytes_read) / seconds / (1 << 20));
  for (const std::string& damage : check.damages) text_ += "  damaged: " + damage + "\n";
  if (check.damage_count > check.damages.size())
    text_ += text("  and %" PRIu64 " more\n", check.damage_count - check.damages.size());
  if (check.damaged_pages != 0)
    text_ +=
        text("  %" PRIu64 " of %" PRIu64 " pages are damaged\n", check.damaged_pages, check.pages);
  if (check.suspect_pages != 0)
    text_ += text("  %" PRIu64 " of %" PRIu64 " pages lie where checksums do not match\n",
                  check.suspect_pages, check.pages);
  has_sums_ = check.sums != DumpCheck::Sums::none;
  if (check.sums == DumpCheck::Sums::match) text_ += "  every byte matches its checksum\n";
  if (check.is_incomplete) text_ += "  it is marked incomplete: pages are missing\n";
  bad_note_ = check.bad_note;
  is_incomplete_ = check.is_incomplete;
  is_damaged_ |= !check.is_sound();
  return {};
}

// Others may have put anything there: a FIFO is not waited for.
Result<File> Verification::open_regular(const std::string& path) {
  File file = TRY(File::open(sys_, path, O_RDONLY | O_NONBLOCK));
  struct stat status {};
  if (sys_.fstat(file.fd(), status) < 0 || !S_ISREG(status.st_mode))
    return fail(Kind::refused, "%s: it is no file", path.c_str());
  return file;
}

// Fails: unsupported, where holes would take hours.
Result<std::string> Verification::sum_of(const std::string& path) {
  const File file = TRY(open_regular(path));
  const uint64_t end = TRY(file.size());
  if (has_too_many_holes(file, end))
    return fail(Kind::unsupported, "%s: not compared: it is larger than its data by %s and more",
                path.c_str(), human_size(kMaxHoleBytes).c_str());
  Sha256 sha;
  VerifyProgress progress(sys_);
  std::vector<uint8_t> buffer(kReadBytes);
  for (uint64_t at = 0;;) {
    progress.update(Phase::finish, at, end, at);
    const size_t got = TRY(file.read_some_at(at, buffer));
    if (got == 0) return sha.finish();
    sha.update(Bytes(buffer).first(got));
    at += got;
  }
}

Result<std::string> Verification::read_manifest(const std::string& path) {
  const File file = TRY(open_regular(path));
  std::string text(kMaxManifestBytes + 1, '\0');
  text.resize(TRY(file.read_some_at(0, {reinterpret_cast<uint8_t*>(text.data()), text.size()})));
  if (text.size() > kMaxManifestBytes)
    return fail(Kind::refused, "%s: larger than %zu bytes", path.c_str(), kMaxManifestBytes);
  return text;
}

void Verification::check_entry(const Manifest::Entry& entry) {
  const std::string path = directory_ + "/" + entry.name;
  const auto sum = sum_of(path);
  if (sum && *sum == entry.sha256) {
    dump_matches_ |= path == dump_;
    text_ += path + ": as in " + kManifestName + "\n";
    return;
  }
  is_damaged_ = true;
  text_ += (sum ? path + ": NOT as in " + kManifestName : std::string(sum.error().text)) + "\n";
}

// Of a directory all that it lists, of a file that alone.
void Verification::check_manifest() {
  const std::string path = directory_ + "/" + kManifestName;
  const std::string name = dump_.substr(dump_.rfind('/') + 1);
  const auto content = read_manifest(path);
  if (!content) {
    if (is_directory_)
      text_ += "no " + std::string(kManifestName) + ": " + content.error().text + "\n";
    return;
  }
  const auto manifest = Manifest::parse(*content);
  if (!manifest) {
    is_damaged_ = true;
    text_ += path + ": " + manifest.error().text + "\n";
    return;
  }
  bool is_listed = false;
  for (const Manifest::Entry& entry : manifest->entries()) {
    is_listed |= entry.name == name;
    if (is_directory_ || entry.name == name) check_entry(entry);
  }
  if (!is_listed && !is_log_only_) text_ += path + " does not list " + name + "\n";
}

const char* Verification::verdict() const {
  if (is_damaged_) return "DAMAGED\n";
  if (is_incomplete_) return "sound, but incomplete\n";
  return has_sums_ || dump_matches_ || is_log_only_
             ? "sound\n"
             : "no checksums: only its structure was checked\n";
}

ExitStatus Verification::run() {
  if (const Result<> found = find_dump(); !found) return refuse(found.error());
  if (is_log_only_) {
    text_ += path_ + ": no dump, the log alone\n";
  } else if (const Result<> checked = check_dump(); !checked) {
    const Error& error = checked.error();
    // In a crash's directory the name says that it was a dump once.
    const bool was_no_dump = error.kind == Kind::unsupported && !is_directory_;
    if (was_no_dump || error.sys_errno != 0)
      return refuse(wrap(error, "%s", dump_.c_str()).error());
    is_damaged_ = true;
    text_ += dump_ + ": " + error.text + "\n";
  }
  check_manifest();
  if (!bad_note_.empty()) {
    text_ += (dump_matches_ ? "  as written: " : "  damaged: ") + bad_note_ + "\n";
    is_damaged_ |= !dump_matches_;
  }
  text_ += verdict();
  const ExitStatus printed = print(text_);
  if (printed != ExitStatus::saved || is_damaged_) return ExitStatus::not_saved;
  return is_incomplete_ ? ExitStatus::incomplete : ExitStatus::saved;
}

}  // namespace

ExitStatus verify_command(const CommandLine& line) {
  return Verification(line.settings.vmcore).run();
}

}  // namespace kdump
