// A machine in memory with a place to save to, one for each kind of target; the contract tests run
// over all of them.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "targets/schemes.h"
#include "tests/fakes/fake_sys.h"

namespace kdump {

struct SilentObserver final : Observer {
  void waiting_for(const char* what, uint32_t at_most_s) override {
    waits.push_back(what);
    longest_wait_s = std::max(longest_wait_s, at_most_s);
  }
  void note(const char* line) override { notes.push_back(line); }
  std::vector<std::string> waits, notes;
  uint32_t longest_wait_s = 0;
};

// No server is ever reached.
struct NoNetwork final : Network {
  Result<Route> reach(const std::string& host, uint16_t, uint32_t, Observer&) override {
    return fail(Kind::io, "no network to reach %s", host.c_str());
  }
};

// One server answers, whatever is asked for.
struct OneServer final : Network {
  OneServer();
  Result<Route> reach(const std::string&, uint16_t port, uint32_t, Observer&) override {
    asked_port = port;
    return route;
  }
  Route route;
  uint16_t asked_port = 0;
};

struct TargetScene {
  explicit TargetScene(FakeFaults faults = {}) : sys(faults) {}
  virtual ~TargetScene() = default;

  std::unique_ptr<Target> target();
  // The content of a file that is there under its final name, as someone would find it who reads
  // the disk now; nullopt: there is none.
  virtual std::optional<std::string> saved(const std::string& crash, const std::string& name) = 0;

  FakeSys sys;
  SilentObserver observer;
  std::unique_ptr<Network> network = std::make_unique<NoNetwork>();
  std::string client_name;
  std::string url;
  FakeFs* store = nullptr;  // the file system that files come to lie on; of "raw" there is none
};

constexpr uint64_t kSceneDeviceBytes = 256 << 10;

// which: "dir", "fs", "raw" or "nfs".
std::unique_ptr<TargetScene> make_scene(const std::string& which, FakeFaults faults = {},
                                        uint64_t device_bytes = kSceneDeviceBytes);

// An ext4 superblock with this UUID and label, as the first 2 KiB of a device.
std::vector<uint8_t> ext4_head(uint8_t uuid_byte, const std::string& label);
constexpr char kSceneUuid[] = "abababab-abab-abab-abab-abababababab";  // of ext4_head(0xab, …)

}  // namespace kdump
