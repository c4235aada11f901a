#include "net/network.h"

#include "net/reach.h"

namespace kdump {
namespace {

class ExistingNetwork final : public Network {
 public:
  Result<Route> reach(const std::string& host, uint16_t port, uint32_t step_s,
                      Observer& observer) override {
    return resolve_and_connect(host, port, step_s, observer);
  }
};

}  // namespace

std::unique_ptr<Network> existing_network() { return std::make_unique<ExistingNetwork>(); }

}  // namespace kdump
