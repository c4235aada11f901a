#include "net/network.h"

#include "filter/base/text.h"
#include "net/reach.h"

namespace kdump {
namespace {

class NetworkAsItIs final : public Network {
 public:
  Result<Route> reach(const std::string& host, uint16_t port, uint32_t step_s,
                      Observer& observer) override {
    observer.waiting_for(text("%s to answer on port %u", host.c_str(), port).c_str(), step_s);
    const auto servers = resolve(host, port);
    if (!servers) return std::unexpected(servers.error());
    return first_that_answers(*servers, step_s);
  }
};

}  // namespace

std::unique_ptr<Network> network_as_it_is() { return std::make_unique<NetworkAsItIs>(); }

}  // namespace kdump
