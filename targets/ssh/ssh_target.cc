// ssh://USER@HOST[:PORT]/DIR: a directory on a server, by SFTP with positional writes; by streams
// into cat where it has none.
#include <algorithm>

#include "targets/factories.h"
#include "targets/ssh/sftp_directory.h"
#include "targets/ssh/sftp_stored_files.h"
#include "targets/ssh/sftp_upload.h"
#include "targets/ssh/ssh_link.h"
#include "targets/ssh/ssh_stream.h"

namespace kdump {
namespace {

class SshTarget final : public Target {
 public:
  SshTarget(std::string text, SshUrl url, const TargetContext& context)
      : text_(std::move(text)), link_(std::move(url), context) {}

  const char* describe() const override { return text_.c_str(); }
  Access access() const override { return is_stream_ ? Access::append_only : Access::positional; }

  Result<Space> preflight() override {
    TRY(link_.connect());
    is_stream_ = link_.sftp() == nullptr;
    return is_stream_ ? stream_space(link_) : sftp_space();
  }

  Result<> begin(const std::string& name) override {
    TRY(link_.usable());
    if (is_stream_) {
      stream_ = TRY(StreamDirectory::make(link_, link_.directory(), name));
      path_ = stream_->path();
      return {};
    }
    directory_ = TRY(SftpDirectory::make(link_, link_.directory(), name));
    path_ = directory_->path();
    return {};
  }

  // What follows the host in the URL is the directory; options are of no use to a reader.
  std::string location() const override {
    if (path_.empty()) return {};
    const size_t host_end = text_.find('/', text_.find("//") + 2);
    return text_.substr(0, host_end) + path_;
  }

  Result<std::unique_ptr<TargetFile>> create(const char* name, uint64_t) override {
    if (path_.empty()) return fail(Kind::refused, "%s: no directory for %s yet", describe(), name);
    const std::string path = path_ + "/" + name;
    if (is_stream_) return stream_->create(path);
    directory_->register_file(path);
    return TRY(SftpUpload::create(link_, path));
  }

  bool keeps_earlier_crashes() const override { return true; }
  bool can_remove_files() const override { return true; }
  bool can_discard() const override { return true; }

  Result<> discard() override {
    if (path_.empty()) return {};
    return is_stream_ ? stream_->remove() : directory_->remove();
  }

  Result<std::unique_ptr<StoredFiles>> stored_files() override {
    TRY(link_.connect());
    if (!link_.sftp())
      return fail(Kind::unsupported, "%s has no SFTP; files cannot be listed",
                  link_.host().c_str());
    return std::make_unique<SftpStoredFiles>(link_);
  }

  // Every file and directory is synced as it is made.
  Result<> finish() override {
    path_.clear();
    directory_.reset();
    stream_.reset();
    link_.disconnect();
    return {};
  }

 private:
  // The directory need not be there yet: then it is the one above that has the space. A server that
  // does not say, or breaks off over the question, may take the dump all the same.
  Result<Space> sftp_space() {
    constexpr int kMaxTries = 2;
    int tries = 0;
    return link_.exchange(
        "to report its free space", [&](SftpClient& sftp, int64_t until_ms, bool) -> Result<Space> {
          if (tries++ == kMaxTries) return Space{};
          std::string path = link_.directory();
          while (path.size() > 1 && !sftp.stat(path, until_ms) && !sftp.is_lost())
            path.resize(std::max<size_t>(path.rfind('/'), 1));
          const auto found = sftp.space(path, until_ms);
          if (!found && sftp.is_lost()) return std::unexpected(found.error());
          if (!found || !*found) return Space{};
          // That of a directory above says nothing where the server does not show
          // the one below.
          if ((*found)->is_read_only && path == link_.directory())
            return fail(Kind::refused, "%s: %s lies on a read-only file system",
                        link_.host().c_str(), path.c_str());
          return Space{.free_bytes = (*found)->free_bytes, .largest_file = {}, .is_hint = true};
        });
  }

  const std::string text_;
  SshLink link_;
  bool is_stream_ = false;
  std::string path_;  // of the crash's directory
  std::optional<SftpDirectory> directory_;
  std::optional<StreamDirectory> stream_;
};

}  // namespace

Result<std::unique_ptr<Target>> make_ssh_target(const std::string& text, std::string_view rest,
                                                const TargetContext& context) {
  return std::make_unique<SshTarget>(text, TRY(parse_ssh_url(rest)), context);
}

}  // namespace kdump
