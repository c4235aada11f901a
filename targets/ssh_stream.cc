#include "targets/ssh_stream.h"

#include <charconv>

#include "filter/base/text.h"

namespace kdump {
namespace {

// Some login shells are not POSIX's: the script is one argument of one that is.
std::string shell_command(const std::string& script) { return "sh -c " + shell_quoted(script); }

// What a remote shell complains of: the first line, without what a terminal would obey.
std::string complaint(const SshChannel::Ending& ending) {
  const std::string& words = ending.errors.empty() ? ending.output : ending.errors;
  std::string line = words.substr(0, std::min<size_t>(words.find('\n'), 120));
  for (char& c : line)
    if (c < ' ' || c > '~') c = '?';
  return line.empty() ? text("exit status %d", ending.status) : line;
}

Result<SshChannel::Ending> run(SshLink& link, const char* what, const std::string& script,
                               int64_t until_ms) {
  TRY(link.usable());
  SshChannel channel = TRY(SshChannel::command(link.session(), shell_command(script), until_ms));
  const SshChannel::Ending ending = TRY(channel.finish(until_ms));
  if (ending.status == 0) return ending;
  return fail(Kind::io, "%s: %s: %s", link.host().c_str(), what, complaint(ending).c_str());
}

class StreamUpload final : public TargetFile {
 public:
  StreamUpload(SshLink& link, std::string path, SshChannel channel)
      : link_(link), path_(std::move(path)), channel_(std::move(channel)) {}

  Result<> write_at(uint64_t offset, Bytes data) override {
    if (failure_) return std::unexpected(*failure_);
    if (offset != position_)
      return fail(Kind::refused, "%s: a stream cannot be written at %" PRIu64 " after %" PRIu64,
                  path_.c_str(), offset, position_);
    link_.wait_for_stall("to take what is written");
    const auto sent = channel_.send_all(data, static_cast<uint32_t>(link_.stall_ms()));
    if (!sent) return fail_for_good(sent.error());
    position_ += data.size();
    return {};
  }

  Result<> commit() override {
    TRY(end_stream());
    const std::string from = shell_quoted(path_ + "-incomplete"), to = shell_quoted(path_);
    const auto done = run(link_, "sync and rename",
                          "test ! -e " + to + " && sync && mv " + from + " " + to + " && sync",
                          link_.wait_for_stall("to sync"));
    if (!done) return std::unexpected(done.error());
    return {};
  }

  Result<> keep_incomplete() override {
    TRY(end_stream());
    const auto done = run(link_, "sync", "sync", link_.wait_for_stall("to sync"));
    if (!done) return std::unexpected(done.error());
    return {};
  }

  Result<> read_back(uint64_t offset, MutableBytes out) override {
    TRY(link_.usable());
    const int64_t until_ms = link_.wait_for_stall("to read back");
    const std::string script = "tail -c +" + std::to_string(offset + 1) + " " +
                               shell_quoted(path_) + " | head -c " + std::to_string(out.size());
    SshChannel channel = TRY(SshChannel::command(link_.session(), shell_command(script), until_ms));
    for (size_t done = 0; done < out.size();) {
      const size_t got = TRY(channel.receive_some(out.subspan(done)));
      done += got;
      if (got != 0) continue;
      if (channel.is_at_end())
        return fail(Kind::corrupt, "%s: %s ends at %" PRIu64, link_.host().c_str(), path_.c_str(),
                    offset + done);
      if (!channel.wait(until_ms))
        return fail(Kind::timeout, "%s does not read %s back", link_.host().c_str(), path_.c_str());
    }
    TRY(channel.finish(until_ms));
    return {};
  }

 private:
  // cat says by its exit status whether all of it has been written.
  Result<> end_stream() {
    if (failure_) return std::unexpected(*failure_);
    if (is_ended_) return {};
    is_ended_ = true;
    const auto ending = channel_.finish(link_.wait_for_stall("to end the file"));
    if (!ending) return fail_for_good(ending.error());
    if (ending->status == 0) return {};
    return fail_for_good(
        fail(Kind::io, "%s: write: %s", link_.host().c_str(), complaint(*ending).c_str()).error());
  }

  std::unexpected<Error> fail_for_good(const Error& why) {
    Error cause = why;
    // A cat that has ended has said why: a full disk, mostly.
    if (!is_ended_ && channel_.is_at_end()) {
      is_ended_ = true;
      const auto ending = channel_.finish(link_.wait_for_step("to say why it ended"));
      if (ending)
        cause = fail(Kind::io, "%s: write: %s", link_.host().c_str(), complaint(*ending).c_str())
                    .error();
    }
    failure_ = cause;
    return std::unexpected(cause);
  }

  SshLink& link_;
  const std::string path_;
  SshChannel channel_;
  uint64_t position_ = 0;
  bool is_ended_ = false;
  std::optional<Error> failure_;
};

}  // namespace

std::string shell_quoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'')
      quoted += "'\\''";
    else
      quoted += c;
  }
  return quoted + "'";
}

Result<Target::Space> stream_space(SshLink& link) {
  const std::string script = "d=" + shell_quoted(link.directory()) +
                             "; while ! test -d \"$d\"; do d=${d%/*}; d=${d:-/}; done; "
                             "df -Pk \"$d\" | tail -n 1 | awk '{ print $4 }'";
  const auto ending = TRY(run(link, "df", script, link.wait_for_step("to tell its free space")));
  uint64_t kilobytes = 0;
  const char* const end = ending.output.data() + ending.output.size();
  const auto [stopped, error] = std::from_chars(ending.output.data(), end, kilobytes);
  Target::Space space;
  // A server that cannot say it is no worse a place.
  if (error == std::errc() && kilobytes < UINT64_MAX / 1024) space.free_bytes = kilobytes * 1024;
  return space;
}

// Prints how many directories had to be made above it, and its name.
Result<StreamDirectory> StreamDirectory::make(SshLink& link, const std::string& directory,
                                              const std::string& name) {
  const std::string base = (directory == "/" ? "" : directory) + "/" + name;
  const std::string script =
      "umask 077; d=" + shell_quoted(directory) + "; b=" + shell_quoted(base) +
      "; p=$d; i=0; while ! test -d \"$p\"; do p=${p%/*}; p=${p:-/}; i=$((i+1)); done; echo $i; "
      "mkdir -p \"$d\" || exit; n=$b; i=0; until mkdir \"$n\" 2>/dev/null; do "
      "test -e \"$n\" || exec mkdir \"$n\"; i=$((i+1)); test $i -lt 1000 || exit 1; n=$b.$i; done; "
      "printf %s \"$n\"";
  const auto ending =
      TRY(run(link, "make directory", script, link.wait_for_step("to make the directory")));
  const size_t line_end = ending.output.find('\n');
  const std::string made = line_end == std::string::npos ? "" : ending.output.substr(line_end + 1);
  // Only what was asked for is believed.
  const bool is_ours = made.starts_with(base) &&
                       (made.size() == base.size() || made[base.size()] == '.') &&
                       made.find_first_not_of(".0123456789", base.size()) == made.npos;
  if (!is_ours) return fail(Kind::io, "%s: make directory: no answer", link.host().c_str());
  StreamDirectory crash(link, made);
  unsigned missing = 0;
  std::from_chars(ending.output.data(), ending.output.data() + line_end, missing);
  std::string parent = directory;
  for (; missing != 0 && parent.size() > 1; --missing) {
    crash.parents_.push_back(parent);
    parent.resize(parent.rfind('/'));
  }
  return crash;
}

Result<std::unique_ptr<TargetFile>> StreamDirectory::create(const std::string& path) {
  TRY(link_->usable());
  const int64_t until_ms = link_->wait_for_step("to create a file");
  const std::string to = shell_quoted(path), incomplete = shell_quoted(path + "-incomplete");
  const auto there = TRY(
      run(*link_, "create",
          "if test -e " + to + " || test -e " + incomplete + "; then echo there; fi", until_ms));
  if (!there.output.empty())
    return fail(Kind::refused, "%s exists; it is not overwritten", path.c_str());
  SshChannel channel = TRY(SshChannel::command(
      link_->session(), shell_command("umask 077; set -C; exec cat > " + incomplete), until_ms));
  files_.push_back(path);
  return std::make_unique<StreamUpload>(*link_, path, std::move(channel));
}

Result<> StreamDirectory::remove() {
  std::string script = "true";
  for (const std::string& file : files_)
    script += "; rm -f " + shell_quoted(file) + " " + shell_quoted(file + "-incomplete");
  script += "; rmdir " + shell_quoted(path_) + " || exit";
  for (const std::string& parent : parents_)
    script += "; rmdir " + shell_quoted(parent) + " 2>/dev/null || exit 0";
  const auto done = run(*link_, "take back", script, link_->wait_for_step("to remove files"));
  if (!done) return std::unexpected(done.error());
  return {};
}

}  // namespace kdump
