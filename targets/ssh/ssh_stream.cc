#include "targets/ssh/ssh_stream.h"

#include <algorithm>
#include <charconv>

#include "filter/base/text.h"
#include "net/ssh/ssh_channel.h"
#include "targets/crash_files.h"

namespace kdump {
namespace {

// Some login shells are not POSIX's: the script is one argument of one that is.
std::string shell_command(const std::string& script) { return "sh -c " + shell_quoted(script); }

std::string last_line(std::string_view words) {
  while (words.ends_with('\n')) words.remove_suffix(1);
  const size_t begin = words.rfind('\n') + 1;  // npos + 1 is 0
  std::string line(words.substr(begin, 120));
  for (char& c : line)
    if (c < ' ' || c > '~') c = '?';
  return line;
}

// Returns the error of a remote shell, printable: the last line, because sshd and start files print
// before it. sshd's message about a missing home directory is not the error; nologin prints its
// message to standard output.
std::string complaint(const SshChannel::ExitStatus& exited) {
  std::string line = last_line(exited.errors);
  const std::string output = last_line(exited.output);
  if (line.empty() || (!output.empty() && line.starts_with("Could not chdir to home")))
    line = output;
  return line.empty() ? text("exit status %d", exited.status) : line;
}

// Names of a step: for errors, and for the observer.
struct Step {
  const char* what;
  const char* wait;
  bool syncs = false;  // may take as long as a write
};

constexpr size_t kPiece = 64 << 10;  // of a stream, between checks of its speed
constexpr int kMaxTries = 5;         // of a step without an exit status

// A status of -1 may mean that the connection ended.
Result<SshChannel::ExitStatus> run_once(SshLink& link, const Step& step,
                                        const std::string& script) {
  const int64_t until_ms =
      step.syncs ? link.wait_for_stall(step.wait) : link.wait_for_step(step.wait);
  SshChannel channel = TRY(SshChannel::command(link.session(), shell_command(script), until_ms));
  const SshChannel::ExitStatus exited = TRY(channel.finish(until_ms));
  if (exited.status != -1) return exited;
  return fail(Kind::io, "%s: %s: it ended without an exit status", link.host().c_str(), step.what);
}

// Runs a step, and repeats it on a new connection if the old one is lost. script: (is_again) ->
// text; is_again: an earlier attempt may have succeeded on the server.
template <class Script>
Result<SshChannel::ExitStatus> run(SshLink& link, const Step& step, Script script) {
  TRY(link.usable());
  const int64_t until_ms = link.now_ms() + link.stall_ms();
  for (int tries = 1;; ++tries) {
    const auto exited = run_once(link, step, script(tries > 1));
    if (exited && exited->status == 0) return exited;
    if (exited)
      return fail(Kind::io, "%s: %s: %s", link.host().c_str(), step.what,
                  complaint(*exited).c_str());
    if (exited.error().kind == Kind::unsupported || tries == kMaxTries) return exited;
    TRY(link.reconnect(exited.error(), until_ms));
  }
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
    for (Bytes left = data; !left.empty(); left = left.subspan(std::min(left.size(), kPiece))) {
      if (const auto fast_enough = link_.may_keep_waiting(); !fast_enough)
        return fail_for_good(fast_enough.error());
      link_.wait_for_stall("to accept data");
      const auto sent = channel_.send_all(left.first(std::min(left.size(), kPiece)),
                                          static_cast<uint32_t>(link_.stall_ms()));
      if (!sent) return fail_for_good(sent.error());
    }
    position_ += data.size();
    return {};
  }

  Result<> sync() override { return end_stream(); }

  Result<> commit() override {
    TRY(end_stream());
    const std::string from = shell_quoted(incomplete_name(path_)), to = shell_quoted(path_);
    TRY(run(link_, {"rename", "to rename the file", true}, [&](bool is_again) {
      const std::string renamed =
          is_again ? "{ test ! -e " + from + " && test -e " + to + "; } || " : std::string();
      return renamed + "{ test ! -e " + to + " && mv " + from + " " + to +
             "; } || exit; sync; true";
    }));
    is_committed_ = true;
    return {};
  }

  Result<> keep_incomplete() override { return end_stream(); }

  // Again on a new connection where the old one is lost.
  Result<> read_back(uint64_t offset, MutableBytes out) override {
    TRY(link_.usable());
    const int64_t until_ms = link_.now_ms() + link_.stall_ms();
    for (int tries = 1;; ++tries) {
      const Result<> done = read_once(offset, out);
      if (done || done.error().kind == Kind::corrupt || tries == kMaxTries) return done;
      TRY(link_.reconnect(done.error(), until_ms));
    }
  }

 private:
  Result<> read_once(uint64_t offset, MutableBytes out) {
    const int64_t until_ms = link_.wait_for_stall("to read back");
    const std::string script = "tail -c +" + std::to_string(offset + 1) + " " +
                               shell_quoted(is_committed_ ? path_ : incomplete_name(path_)) +
                               " | head -c " + std::to_string(out.size());
    SshChannel channel = TRY(SshChannel::command(link_.session(), shell_command(script), until_ms));
    for (size_t done = 0; done < out.size();) {
      const size_t got = TRY(channel.receive_some(out.subspan(done)));
      done += got;
      if (got != 0) continue;
      if (channel.is_at_end())
        return fail(Kind::corrupt, "%s: %s ends at %" PRIu64, link_.host().c_str(), path_.c_str(),
                    offset + done);
      if (!channel.wait(until_ms))
        return fail(Kind::timeout, "%s cannot read %s back", link_.host().c_str(), path_.c_str());
    }
    TRY(channel.finish(until_ms));
    return {};
  }

  // The command says by its exit status whether all has been written, and has synced what was.
  Result<> end_stream() {
    if (failure_) return std::unexpected(*failure_);
    if (is_ended_) return {};
    is_ended_ = true;
    const auto exited = channel_.finish(link_.wait_for_stall("to end the file"));
    if (!exited) return fail_for_good(exited.error());
    if (exited->status == 0) return {};
    return fail_for_good(
        fail(Kind::io, "%s: write: %s", link_.host().c_str(), complaint(*exited).c_str()).error());
  }

  std::unexpected<Error> fail_for_good(const Error& why) {
    Error cause = why;
    // A cat that has exited printed the reason, mostly a full disk.
    if (!is_ended_ && channel_.is_at_end()) {
      is_ended_ = true;
      const auto exited = channel_.finish(link_.wait_for_step("to report why it ended"));
      if (exited)
        cause = fail(Kind::io, "%s: write: %s", link_.host().c_str(), complaint(*exited).c_str())
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
  bool is_committed_ = false;  // bears its final name
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
                             "df -Pk \"$d\" | tail -n 1 | awk '{ print $4 }'; true";
  const auto exited =
      TRY(run(link, {"df", "to report its free space"}, [&](bool) { return script; }));
  uint64_t kilobytes = 0;
  const char* const end = exited.output.data() + exited.output.size();
  const auto [stopped, error] = std::from_chars(exited.output.data(), end, kilobytes);
  Target::Space space;
  space.is_hint = true;
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
      "mkdir -p \"$d\" || test -d \"$d\" || exit; n=$b; i=0; until mkdir \"$n\" 2>/dev/null; do "
      "test -e \"$n\" || exec mkdir \"$n\"; i=$((i+1)); test $i -lt 1000 || exit 1; n=$b.$i; done; "
      "printf %s \"$n\"";
  const auto exited =
      TRY(run(link, {"make directory", "to make the directory"}, [&](bool) { return script; }));
  const size_t line_end = exited.output.find('\n');
  const std::string made = line_end == std::string::npos ? "" : exited.output.substr(line_end + 1);
  // Only what was asked for is believed.
  const bool is_ours = made.starts_with(base) &&
                       (made.size() == base.size() || made[base.size()] == '.') &&
                       made.find_first_not_of(".0123456789", base.size()) == made.npos;
  if (!is_ours) return fail(Kind::io, "%s: make directory: no answer", link.host().c_str());
  StreamDirectory crash(link, made);
  unsigned missing = 0;
  std::from_chars(exited.output.data(), exited.output.data() + line_end, missing);
  std::string parent = directory;
  for (; missing != 0 && parent.size() > 1; --missing) {
    crash.parents_.push_back(parent);
    parent.resize(parent.rfind('/'));
  }
  return crash;
}

Result<std::unique_ptr<TargetFile>> StreamDirectory::create(const std::string& path) {
  const std::string to = shell_quoted(path), incomplete = shell_quoted(incomplete_name(path));
  const auto there = TRY(run(*link_, {"create", "to create a file"}, [&](bool) {
    return "if test -e " + to + " || test -e " + incomplete + "; then echo there; fi";
  }));
  if (!there.output.empty())
    return fail(Kind::refused, "%s exists and is not overwritten", path.c_str());
  const std::string script =
      "umask 077; set -C; cat > " + incomplete + "; status=$?; sync; exit $status";
  SshChannel channel = TRY(SshChannel::command(link_->session(), shell_command(script),
                                               link_->wait_for_step("to create a file")));
  files_.push_back(path);
  return std::make_unique<StreamUpload>(*link_, path, std::move(channel));
}

Result<> StreamDirectory::remove() {
  std::string script = "true";
  for (const std::string& file : files_)
    script += "; rm -f " + shell_quoted(file) + " " + shell_quoted(incomplete_name(file));
  const std::string path = shell_quoted(path_);
  script += "; ! test -d " + path + " || rmdir " + path + " || exit";
  for (const std::string& parent : parents_)
    script += "; rmdir " + shell_quoted(parent) + " 2>/dev/null || exit 0";
  TRY(run(*link_, {"take back", "to remove files"}, [&](bool) { return script; }));
  return {};
}

}  // namespace kdump
