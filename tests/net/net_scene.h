// Networks made of the kernel's own parts: the test runs in a separate network namespace,
// whose "eth0" leads to a server in another one (veth), with dnsmasq on it and a TCP port that
// answers. Names, mounts and the host name are the scene's too, and everything is gone with it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "filter/base/observer.h"
#include "filter/base/result.h"
#include "net/capture_network.h"
#include "net/cmdline/network_arguments.h"

namespace kdump {

struct RecordingObserver : Observer {
  std::vector<std::string> waits, notes;
  void waiting_for(const char* what, uint32_t) override { waits.emplace_back(what); }
  void note(const char* what) override { notes.emplace_back(what); }
  // Whether any note has this part.
  bool has_noted(std::string_view part) const;
  std::string all() const;
};

class NetScene {
 public:
  // Moves the test into new namespaces, until the scene ends. Fails the test where it is not root.
  NetScene();
  ~NetScene();
  NetScene(const NetScene&) = delete;
  NetScene& operator=(const NetScene&) = delete;

  // A shell command here, which must succeed; %s is the server's pid.
  void here(const std::string& command);
  // The same in the server's namespace.
  void there(const std::string& command);
  // In the background, here, after the given milliseconds.
  void later(int milliseconds, const std::string& command);
  // What a command here prints.
  std::string output(const std::string& command);

  // Whether this kernel makes such links. A machine's own need not have the modules: the tests
  // are run again in a guest that has them all (tests/vm/scenarios/network), where a missing one
  // fails.
  bool has_kind(const std::string& kind);

  // A cable from `name` here, with this MAC address, to `far` there. Both are down.
  void cable(const std::string& name, const std::string& far, const std::string& mac);
  // One that is up at the far end, where it has this address; "" for none.
  void live_cable(const std::string& name, const std::string& far, const std::string& mac,
                  const std::string& address);
  // dnsmasq on an interface there, with these options; it answers names too.
  void dnsmasq(const std::string& far, const std::string& options);
  // A child there, which ends with the scene.
  void run_there(const std::function<void()>& work);
  // TCP connections to this port of any address there are accepted.
  void listen(uint16_t port);

  // Eight seconds hold a second question by DHCP, after four, where the server was not up yet.
  Result<Route> reach(const std::string& arguments, const std::string& host, uint16_t port = 22,
                      uint32_t step_s = 8);

  RecordingObserver observer;

 private:
  int start(const std::string& command, bool is_there);

  int before_ = -1;            // the network namespace outside
  int server_ = -1;            // the process that holds the server's namespace
  std::vector<int> children_;  // ended with the scene
};

}  // namespace kdump
