// Makes a Target from a URL, by the table of schemes. Grammar of URLs: targets/url.
#pragma once

#include "net/network.h"
#include "targets/target.h"

namespace kdump {

// Parameters that the targets of one capture share.
struct TargetContext {
  Sys& sys;
  Target::Limits limits;
  Observer& observer;
  Network& network;
  // PID 1 sets the following. refuse_tmpfs: dir: refuses rootfs and tmpfs, which are lost at
  // reboot.
  bool refuse_tmpfs = false;
  std::string mount_root = "/mnt";  // directory of the mount points
  // The crashed host's name, by which NFS servers identify the client. Empty: the machine's names
  // stay unchanged.
  std::string client_name = {};
  uint64_t buffer_bytes = 4 << 20;  // limit of a target's unsent or unacknowledged data
};

// Parses the URL; accesses no device. Fails: refused; the text has the URL and the error in it.
Result<std::unique_ptr<Target>> make_target(const std::string& url, const TargetContext& context);

// Checks a URL. Fails as make_target() does.
Result<> check_target_url(const std::string& url);

}  // namespace kdump
