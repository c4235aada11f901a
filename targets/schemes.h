// From a target URL to a Target: the table of schemes. design.md has the grammar.
#pragma once

#include "net/network.h"
#include "targets/target.h"

namespace kdump {

// What the targets of one capture share.
struct TargetContext {
  Sys& sys;
  Target::Limits limits;
  Observer& observer;
  Network& network;
  // PID 1 sets these. dir: refuses rootfs and tmpfs, where nothing would survive the reboot.
  bool refuse_tmpfs = false;
  std::string mount_root = "/mnt";  // where file systems are mounted, one directory each
  // PID 1: the crashed host's name. NFS servers tell their clients apart by what these call
  // themselves. Empty: the machine keeps the names it has.
  std::string client_name = {};
  uint64_t buffer_bytes = 4 << 20;  // a target may hold so much of what it has not sent yet
};

// Parses only; touches no device. Fails: refused, with the URL and what is wrong in it.
Result<std::unique_ptr<Target>> make_target(const std::string& url, const TargetContext& context);

// True if the URL parses; for checking arguments before they are needed.
Result<> check_target_url(const std::string& url);

}  // namespace kdump
