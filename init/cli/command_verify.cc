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

struct NoProgress final : Progress {
  void update(Phase, uint64_t, uint64_t, uint64_t) override {}
};

class Verification {
 public:
  explicit Verification(const std::string& path) : path_(path) {}

  ExitStatus run();

 private:
  void find_dump();
  Result<> check_dump();
  void check_manifest();
  void check_entry(const Manifest::Entry& entry);
  Result<std::string> sum_of(const std::string& path);

  Sys& sys_ = real_sys();
  std::string path_;       // as it was given
  std::string directory_;  // of the crash
  std::string dump_;       // file in question
  bool is_directory_ = false;
  bool is_incomplete_ = false;
  bool is_damaged_ = false;
  std::string text_;  // what is printed
};

// Of a crash's directory it is the one that bears the name of a whole dump, else the other.
void Verification::find_dump() {
  struct stat status {};
  is_directory_ = sys_.stat(path_.c_str(), status) >= 0 && S_ISDIR(status.st_mode);
  directory_ = is_directory_ ? path_ : parent_of(path_);
  dump_ = path_;
  if (!is_directory_) return;
  dump_ = path_ + "/" + kDumpName;
  if (sys_.stat(dump_.c_str(), status) < 0) dump_ = incomplete_name(dump_);
}

Result<> Verification::check_dump() {
  const int64_t began_ms = sys_.monotonic_ms();
  const DumpFile file = TRY(DumpFile::open(sys_, dump_));
  NoProgress progress;
  const DumpCheck check = TRY(check_dump_file(file, progress));
  const double seconds =
      std::max(static_cast<double>(sys_.monotonic_ms() - began_ms) / 1000, 0.001);
  text_ += text("%s: %s%s, %" PRIu64 " pages", dump_.c_str(), check.format,
                file.is_flattened() ? ", flattened" : "", check.pages);
  text_ += text(", %s read in %.2f s (%.0f MiB/s)\n", human_size(check.bytes_read).c_str(), seconds,
                static_cast<double>(check.bytes_read) / seconds / (1 << 20));
  for (const std::string& damage : check.damages) text_ += "  damaged: " + damage + "\n";
  if (check.damage_count > check.damages.size())
    text_ += text("  and %" PRIu64 " more\n", check.damage_count - check.damages.size());
  if (check.damaged_pages != 0)
    text_ +=
        text("  %" PRIu64 " of %" PRIu64 " pages are damaged\n", check.damaged_pages, check.pages);
  if (check.unchecked_pages != 0)
    text_ += text("  %" PRIu64 " pages are compressed in a way that is not checked here\n",
                  check.unchecked_pages);
  if (check.is_incomplete) text_ += "  it is marked incomplete: pages are missing\n";
  is_incomplete_ = check.is_incomplete;
  is_damaged_ |= !check.is_sound();
  return {};
}

Result<std::string> Verification::sum_of(const std::string& path) {
  const File file = TRY(File::open(sys_, path, O_RDONLY | O_NONBLOCK));
  struct stat status {};
  if (sys_.fstat(file.fd(), status) < 0 || !S_ISREG(status.st_mode))
    return fail(Kind::refused, "it is no file");
  Sha256 sha;
  std::vector<uint8_t> buffer(kReadBytes);
  for (uint64_t at = 0;;) {
    const size_t got = TRY(file.read_some_at(at, buffer));
    if (got == 0) return sha.finish();
    sha.update(Bytes(buffer).first(got));
    at += got;
  }
}

void Verification::check_entry(const Manifest::Entry& entry) {
  const std::string path = directory_ + "/" + entry.name;
  const auto sum = sum_of(path);
  if (sum && *sum == entry.sha256) {
    text_ += path + ": as in " + kManifestName + "\n";
    return;
  }
  is_damaged_ = true;
  text_ += path + ": " +
           (sum ? std::string("NOT as in ") + kManifestName : std::string(sum.error().text)) + "\n";
}

// Of a directory all that it lists, of a file that alone.
void Verification::check_manifest() {
  const std::string path = directory_ + "/" + kManifestName;
  const std::string name = dump_.substr(dump_.rfind('/') + 1);
  const auto content = read_small_file(sys_, path, kMaxManifestBytes);
  if (!content) {
    text_ += "no checksums: " + std::string(content.error().text) + "\n";
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
  if (!is_listed) text_ += path + " does not list " + name + "\n";
}

ExitStatus Verification::run() {
  find_dump();
  if (const Result<> checked = check_dump(); !checked) {
    is_damaged_ = true;
    text_ += dump_ + ": " + checked.error().text + "\n";
  }
  check_manifest();
  text_ += is_damaged_ ? "DAMAGED\n" : is_incomplete_ ? "sound, but incomplete\n" : "sound\n";
  const ExitStatus printed = print(text_);
  if (printed != ExitStatus::saved || is_damaged_) return ExitStatus::not_saved;
  return is_incomplete_ ? ExitStatus::incomplete : ExitStatus::saved;
}

}  // namespace

ExitStatus verify_command(const CommandLine& line) {
  return Verification(line.settings.vmcore).run();
}

}  // namespace kdump
