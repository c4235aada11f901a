// A real SSH server for tests, on loopback, with its keys and directory; an ordinary
// process that is ended with everything it has started. And a target on it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>

#include "targets/schemes.h"
#include "tests/targets/target_scene.h"

namespace kdump {

// A TCP port of 127.0.0.1 on which nothing listens, and which Linux gives to no connection.
uint16_t free_port();

class SshServer {
 public:
  // options: further lines of sshd_config. "dropbear": that one, without SFTP.
  // program: "sshd", "sshd13" for Debian 13's, or "asyncssh".
  explicit SshServer(std::string options = kWithSftp, std::string program = "sshd");
  ~SshServer();

  static constexpr char kWithSftp[] = "Subsystem sftp internal-sftp\n";
  static constexpr char kDropbear[] = "dropbear";

  void start();
  void kill();                  // with every connection
  void signal_all(int number);  // SIGSTOP, SIGCONT
  // Ends every connection, as kill() does, and not the server.
  void drop_connections();
  // dropbear's host key from its next start on; key: a file of OpenSSH's.
  void use_dropbear_key(const std::string& key);
  // A shell command among the mounts that the server sees.
  void must_run_inside(const std::string& command);
  // A ssh:// URL of directory()/crash, with the key and known_hosts that are right.
  std::string url() const;
  std::unique_ptr<Target> target(uint32_t stall_s = 10);
  std::unique_ptr<Target> target(const std::string& url, uint32_t stall_s);

  const std::string& directory() const { return directory_; }
  std::string path(const char* name) const { return directory_ + "/" + name; }
  uint16_t port() const { return port_; }
  bool is_dropbear() const { return options_ == kDropbear; }
  Network& network() { return *network_; }
  SilentObserver observer;

 private:
  std::string directory_;
  std::string options_;
  std::string program_;
  uint16_t port_;
  pid_t pid_ = 0;
  std::unique_ptr<Network> network_ = existing_network();
};

// OpenSSH's program that serves SFTP, for one that stands between.
std::string sftp_server();
// Runs a shell command; fails the test if it does.
void must_run(const std::string& command);
std::string content_of(const std::string& path);  // empty: not there

}  // namespace kdump
