// nfs://HOST/EXPORT: mounts the export with the kernel's NFS client. mount(2) resolves no names and
// negotiates no version; this file does both. Then it is a directory like any other, except when
// the server stops answering: after the first timeout all further calls fail at once (ServerState).
// A call times out if the connection is broken and stays so. While a server keeps the connection
// and does not answer, version 4 waits (RPC_TASK_NO_RETRANS_TIMEOUT in net/sunrpc/clnt.c), and the
// supervisor kills the job after the call's named wait.
//
// A dump survives an outage of rd.kdump.stall. After one, the client resumes by TCP's
// retransmission or a new connection, both of which it tries at intervals that double: it may
// resume as long after the outage as that lasted. So a call may take twice stall and kMarginS; if
// another target follows, only stall, so that a server that is gone does not keep the dump from
// that target.
//
// Option names and errors: nfs(5), fs/nfs/fs_context.c. Client identity: fs/nfs/nfs4client.c.
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>

#include "filter/base/text.h"
#include "targets/directory/directory_target.h"
#include "targets/factories.h"
#include "targets/nfs/nfs_probe.h"
#include "targets/url/nfs_url.h"

namespace kdump {
namespace {

constexpr char kHostName[] = "/proc/sys/kernel/hostname";
constexpr char kUniqueId[] = "/sys/module/nfs/parameters/nfs4_unique_id";
constexpr size_t kMacBytes = 64;
// A request is sent this often in all before its call fails, at even intervals.
constexpr uint32_t kTransmissions = 3;
constexpr uint32_t kMarginS = 10;
// The client takes no longer time-outs (NFS_MAX_TCP_TIMEOUT in include/linux/nfs_fs.h).
constexpr uint32_t kLongestTimeoutS = 600;

// How long one call may take.
uint32_t call_seconds(const Target::Limits& limits) {
  return limits.has_next_target ? limits.stall_s : 2 * limits.stall_s + kMarginS;
}

// The first timeout; nullopt: the server answers. Shared by the target and its files.
using ServerState = std::shared_ptr<std::optional<Error>>;

Result<> note_timeout(Result<> result, std::optional<Error>& server_gone) {
  if (!result && result.error().kind == Kind::timeout) server_gone = result.error();
  return result;
}

std::unexpected<Error> server_gone_error(const Error& since) {
  return wrap(since, "the server has stopped answering");
}

class NfsFile final : public TargetFile {
 public:
  NfsFile(std::unique_ptr<TargetFile> file, ServerState server_gone,
          std::function<void()> name_wait)
      : file_(std::move(file)),
        server_gone_(std::move(server_gone)),
        name_wait_(std::move(name_wait)) {}

  Result<> write_at(uint64_t offset, Bytes data) override {
    return call([&] { return file_->write_at(offset, data); });
  }
  Result<> sync() override {
    return call([&] { return file_->sync(); });
  }
  Result<> commit() override {
    return call([&] { return file_->commit(); });
  }
  Result<> keep_incomplete() override {
    return call([&] { return file_->keep_incomplete(); });
  }
  Result<> demote() override {
    return call([&] { return file_->demote(); });
  }
  Result<> read_back(uint64_t offset, MutableBytes out) override {
    return call([&] { return file_->read_back(offset, out); });
  }

 private:
  template <class Call>
  Result<> call(Call call) {
    if (*server_gone_) return server_gone_error(**server_gone_);
    name_wait_();
    return note_timeout(call(), *server_gone_);
  }

  std::unique_ptr<TargetFile> file_;
  ServerState server_gone_;
  std::function<void()> name_wait_;
};

class NfsTarget final : public MountingTarget {
 public:
  NfsTarget(std::string text, NfsUrl url, const TargetContext& context)
      : MountingTarget(std::move(text), url.directory, context),
        url_(std::move(url)),
        step_s_(context.limits.step_s),
        call_s_(call_seconds(context.limits)),
        observer_(context.observer),
        network_(context.network),
        mount_root_(context.mount_root),
        client_name_(context.client_name) {}

  Result<> begin(const std::string& name) override {
    observer_.waiting_for(text("%s to make a directory", url_.server.host.c_str()).c_str(),
                          step_s_);
    return note_timeout(MountingTarget::begin(name), *server_gone_);
  }

  Result<std::unique_ptr<TargetFile>> create(const char* name, uint64_t expected_bytes) override {
    if (*server_gone_) return server_gone_error(**server_gone_);
    auto file = MountingTarget::create(name, expected_bytes);
    if (!file)
      return std::unexpected(note_timeout(std::unexpected(file.error()), *server_gone_).error());
    return std::make_unique<NfsFile>(std::move(*file), server_gone_, [this] {
      observer_.waiting_for(text("%s to accept data", url_.server.host.c_str()).c_str(), call_s_);
    });
  }

  Result<> discard() override {
    if (*server_gone_) return server_gone_error(**server_gone_);
    return note_timeout(MountingTarget::discard(), *server_gone_);
  }

  Result<std::unique_ptr<StoredFiles>> stored_files() override {
    if (*server_gone_) return server_gone_error(**server_gone_);
    observer_.waiting_for(text("%s to list a directory", url_.server.host.c_str()).c_str(),
                          step_s_);
    return MountingTarget::stored_files();
  }

  Result<> finish() override {
    if (mount_ && *server_gone_) {
      mount_->abandon();
      mount_.reset();
    }
    server_gone_->reset();
    return MountingTarget::finish();
  }

 protected:
  Result<Mount> mount() override;
  std::string stable_location(const std::string& name) const override;
  const char* read_only_because() const override { return "the server exports it read-only"; }

 private:
  void name_client(const Route& route);
  void write_parameter(const char* path, const std::string& value);
  std::string options(const Route& route, const std::string& version) const;
  std::string export_name(const std::string& host) const;
  Result<Mount> mount_version(const Route& route, const std::string& version);

  const NfsUrl url_;
  const uint32_t step_s_;
  const uint32_t call_s_;
  Observer& observer_;
  Network& network_;
  const std::string mount_root_;
  const std::string client_name_;
  const ServerState server_gone_ = std::make_shared<std::optional<Error>>();
};

// A hint to the server: without it two machines may expel each other, but both might be alone.
void NfsTarget::write_parameter(const char* path, const std::string& value) {
  auto file = File::open(sys_, path, O_WRONLY);
  const Result<> set = file ? file->append(bytes_of_text(value)) : std::unexpected(file.error());
  if (!set) observer_.note(text("NFS client identity: %s", set.error().text).c_str());
}

// A version 4 server knows a client by "Linux NFSv4.2 UNIQUE_ID/HOSTNAME"; one that comes again
// under the same name has restarted, and loses what it had open. In a capture kernel every machine
// is called (none), and only the panicked kernel's own leases bear the host's name alone: the MAC
// of the interface that leads to the server keeps them all apart.
void NfsTarget::name_client(const Route& route) {
  write_parameter(kHostName, client_name_);
  const auto mac =
      read_small_file(sys_, "/sys/class/net/" + route.interface + "/address", kMacBytes);
  if (!mac) return observer_.note(text("NFS client identity: %s", mac.error().text).c_str());
  write_parameter(kUniqueId, "kdump-init-" + mac->substr(0, mac->find('\n')));
}

std::string NfsTarget::options(const Route& route, const std::string& version) const {
  const char* const family = route.server.is_v6() ? "tcp6" : "tcp";
  const uint32_t timeo =
      std::min(call_s_, kLongestTimeoutS) * 10 / kTransmissions;  // tenths of a second
  std::string list = "vers=" + version + ",proto=" + family +
                     ",softerr,timeo=" + std::to_string(timeo) +
                     ",retrans=" + std::to_string(kTransmissions - 1);
  if (version == "3") list += std::string(",nolock,mountproto=") + family;
  if (!url_.options.empty()) list += "," + url_.options;
  list += ",port=" + std::to_string(url_.server.port) + ",addr=" + route.server.host_text();
  if (version != "3") list += ",clientaddr=" + route.local.host_text();
  return list;
}

std::string NfsTarget::export_name(const std::string& host) const {
  return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" + url_.server.path;
}

// True if another version may do better: the server or this kernel does not speak this one, or the
// server shows its exports under other paths or to other clients there.
bool other_version_may_work(int error) {
  constexpr int kErrors[] = {EPROTONOSUPPORT, EOPNOTSUPP, EINVAL, ENODEV,
                             ENOENT,          EACCES,     EPERM,  EIO};
  return std::find(std::begin(kErrors), std::end(kErrors), error) != std::end(kErrors);
}

// Versions 4.x share paths and permissions: what is refused for those is so in all of them.
bool is_final_for_version_4(int error) {
  return error == ENOENT || error == EACCES || error == EPERM;
}

// One that is mounted and does not work fails with EIO; the last that is left has to do.
Result<Mount> NfsTarget::mount_version(const Route& route, const std::string& version) {
  const std::string name = export_name(url_.server.host);
  observer_.waiting_for(text("%s to be mounted, version %s", name.c_str(), version.c_str()).c_str(),
                        step_s_);
  Mount mounted = TRY(Mount::make(sys_,
                                  {.source = export_name(route.server.host_text()),
                                   .type = version == "3" ? "nfs" : "nfs4",
                                   .options = options(route, version)},
                                  mount_root_));
  if (version == url_.versions.back()) return mounted;
  observer_.waiting_for(text("%s to store a small file", name.c_str()).c_str(), step_s_);
  const auto worked = probe_nfs_mount(sys_, mounted, directory_);
  if (worked) return mounted;
  Error why = worked.error();
  mounted.abandon();
  if (why.kind == Kind::timeout) return server_gone_error(why);
  observer_.note(
      text("%s mounts by version %s but fails with it: %s", name.c_str(), version.c_str(), why.text)
          .c_str());
  why.sys_errno = EIO;
  return std::unexpected(why);
}

Result<Mount> NfsTarget::mount() {
  const Route route = TRY(network_.reach(url_.server.host, url_.server.port, step_s_, observer_));
  if (!client_name_.empty()) name_client(route);
  std::string tried;
  std::optional<Error> first;
  for (const std::string& version : url_.versions) {
    if (first && version != "3" && is_final_for_version_4(first->sys_errno)) continue;
    auto mounted = mount_version(route, version);
    if (mounted) return mounted;
    const int error = mounted.error().sys_errno;
    const char* const why = error == ENODEV ? "this kernel has no NFS client (its module is not "
                                              "loaded)"
                                            : strerror(error);
    if (error == 0 || (url_.versions.size() == 1 && error != ENODEV)) return mounted;
    tried += (tried.empty() ? "" : ", ") + version + ": " + why;
    if (!first) first = mounted.error();
    if (!other_version_may_work(error)) break;
  }
  Error failure = fail(first->kind, "mount %s: version %s",
                       export_name(route.server.host_text()).c_str(), tried.c_str())
                      .error();
  failure.sys_errno = first->sys_errno;
  return std::unexpected(failure);
}

std::string NfsTarget::stable_location(const std::string& name) const {
  const std::string path = url_.server.path == "/" ? "" : url_.server.path;
  const std::string below = url_.directory == "/" ? "" : url_.directory;
  return export_name(url_.server.host).substr(0, export_name(url_.server.host).rfind(':') + 1) +
         path + below + "/" + name;
}

}  // namespace

Result<std::unique_ptr<Target>> make_nfs_target(const std::string& text, std::string_view rest,
                                                const TargetContext& context) {
  return std::make_unique<NfsTarget>(text, TRY(parse_nfs_url(rest)), context);
}

}  // namespace kdump
