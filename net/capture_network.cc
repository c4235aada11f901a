#include "net/capture_network.h"

#include <algorithm>
#include <functional>

#include "filter/base/sys.h"
#include "filter/base/text.h"
#include "net/base/resolver_files.h"
#include "net/interface_setup.h"
#include "net/link/devices.h"
#include "net/reach.h"

namespace kdump {
namespace {

using Method = IpRequest::Method;

constexpr int64_t kLookEveryMs = 100, kConnectEveryMs = 500;
// Between default routes of interfaces that are all named: the first one's goes first.
constexpr uint32_t kMetricStep = 100;
constexpr uint32_t kFurtherSeconds = 10;

// One run through the story of capture_network.h.
class Attempt {
 public:
  Attempt(Netlink& netlink, const NetworkSettings& settings, uint32_t step_s, Observer& observer)
      : netlink_(netlink),
        settings_(settings),
        step_s_(step_s),
        observer_(observer),
        devices_(netlink, settings, step_s, observer),
        setup_(netlink, devices_, settings, step_s, observer) {}

  Result<> bring_up();
  Result<Route> reach(const std::string& host, uint16_t port);

 private:
  Result<Route> connect(const std::string& host, uint16_t port);
  Result<> set_up_named();
  Result<> by_any(const std::function<Result<>(const Link&)>& way);
  Result<> give_address(const Link& link);
  void want_any(IpRequest::Method unless_asked);
  Result<> set_up_zone(const std::string& host);
  Result<> configure_named(const IpRequest& request, uint32_t metric);
  std::optional<Link> next_untried();
  bool may_be_tried(const Link& link) const;
  Result<bool> is_any_configured();
  void add_routes();
  void note(const char* text) { observer_.note(kdump::text("network: %s", text).c_str()); }

  Netlink& netlink_;
  const NetworkSettings& settings_;
  uint32_t step_s_;
  Observer& observer_;
  Devices devices_;
  InterfaceSetup setup_;
  std::vector<IpRequest> for_any_;  // what each interface in turn is given
  std::vector<uint32_t> named_;     // interfaces that an ip= names: not for trying
  std::vector<uint32_t> tried_;
  bool is_forbidden_ = false;  // ip=off
};

Result<> Attempt::set_up_named() {
  // The loopback interface is down in a fresh kernel, and addresses on it are used all the same.
  for (const Link& link : TRY(devices_.list()))
    if (link.is_loopback && !link.is_up) TRY(set_up(netlink_, link));
  if (!settings_.nameservers.empty() && !is_in_resolv_conf(settings_.nameservers[0]))
    if (const auto done = write_resolv_conf(settings_.nameservers, {}); !done)
      note(kdump::text("%s; going on", done.error().text).c_str());
  devices_.prepare();

  std::vector<const IpRequest*> requests;
  for (const IpRequest& request : settings_.addresses) {
    if (!request.device.empty())
      requests.push_back(&request);
    else if (request.method == Method::fixed && !request.address)
      is_forbidden_ = true;
    else
      for_any_.push_back(request);
  }
  std::stable_sort(requests.begin(), requests.end(), [&](const IpRequest* a, const IpRequest* b) {
    return (a->device == settings_.boot_device) > (b->device == settings_.boot_device);
  });
  uint32_t metric = 0;
  for (const IpRequest* const request : requests) {
    if (const auto done = configure_named(*request, metric); !done)
      note(kdump::text("%s; going on", done.error().text).c_str());
    metric += kMetricStep;
  }
  add_routes();
  return {};
}

Result<> Attempt::configure_named(const IpRequest& request, uint32_t metric) {
  const auto link = devices_.wait_for(request.device);
  if (!link) {
    // Capture kernels name interfaces as they come: the settings are likely meant for another.
    if (request.method != Method::fixed || request.address) for_any_.push_back(request);
    return std::unexpected(link.error());
  }
  named_.push_back(link->index);
  return setup_.configure(*link, request, metric);
}

void Attempt::add_routes() {
  for (const RouteRequest& wanted : settings_.routes) {
    LinkRoute route{.network = wanted.network,
                    .prefix = wanted.prefix,
                    .gateway = wanted.gateway,
                    .source = {}};
    if (!wanted.device.empty()) {
      const auto link = devices_.wait_for(wanted.device);
      if (!link) {
        note(kdump::text("%s; going on", link.error().text).c_str());
        continue;
      }
      route.link = link->index;
    }
    if (const auto done = add_route(netlink_, route); !done)
      note(kdump::text("%s; going on", done.error().text).c_str());
  }
}

Result<bool> Attempt::is_any_configured() {
  for (const Link& link : TRY(devices_.list())) {
    if (link.is_loopback || !TRY(setup_.is_configured(link))) continue;
    tried_.push_back(link.index);
  }
  return !tried_.empty();
}

// fe80::1%eth0: that link, and no more than its link-local address.
Result<> Attempt::set_up_zone(const std::string& host) {
  const Link link = TRY(devices_.wait_for(host.substr(host.find('%') + 1)));
  IpRequest request;
  request.method = Method::link6;
  return setup_.configure(link, request, 0);
}

// A link that has just come up need not carry packets yet. So what says "no way there" is asked
// again until step_s is over, or a switch must have learnt; a refusal is an answer.
Result<Route> Attempt::connect(const std::string& host, uint16_t port) {
  const int64_t until_ms = std::max(real_sys().monotonic_ms() + int64_t{step_s_} * 1000,
                                    devices_.stp_settle_deadline_ms());
  uint32_t left_s = step_s_;
  for (;;) {
    auto route = resolve_and_connect(host, port, left_s, observer_);
    const int64_t left_ms = until_ms - real_sys().monotonic_ms();
    if (route || !is_transient(route.error()) || left_ms < kConnectEveryMs) return route;
    real_sys().sleep_ms(kConnectEveryMs);
    left_s = std::min(step_s_, static_cast<uint32_t>(left_ms / 1000) + 1);
  }
}

Result<Route> Attempt::reach(const std::string& host, uint16_t port) {
  TRY(set_up_named());
  const auto number = IpAddress::parse(host);
  if (number && number->is_loopback()) return connect(host, port);
  if (host.find('%') != std::string::npos) {
    TRY(set_up_zone(host));
    return connect(host, port);
  }
  if (TRY(is_any_configured())) {
    auto route = connect(host, port);
    const bool no_candidates = !named_.empty() && for_any_.empty();
    if (route || no_candidates || is_forbidden_) return route;
    note(kdump::text("%s; trying other interfaces", route.error().text).c_str());
  } else if (!named_.empty() && for_any_.empty()) {
    return fail(Kind::io, "no interface of an ip= argument has come up");
  }
  if (is_forbidden_)
    return fail(Kind::refused, "no interface is configured, and ip=off forbids it");
  want_any(number && number->is_v6() ? Method::auto6 : Method::dhcp4);
  Route route;
  const auto way = [&](const Link& link) -> Result<> {
    TRY(give_address(link));
    const auto found = connect(host, port);
    if (!found) return wrap(found.error(), "by %s", link.text().c_str());
    route = *found;
    return {};
  };
  TRY(by_any(way));
  return route;
}

// Without a server to reach, an address is all that can be proven.
Result<> Attempt::bring_up() {
  TRY(set_up_named());
  const bool no_candidates = !named_.empty() && for_any_.empty();
  if (TRY(is_any_configured()) || no_candidates || is_forbidden_) return {};
  want_any(Method::dhcp4);
  return by_any([&](const Link& link) { return give_address(link); });
}

// What each interface in turn is given, where no ip= says it.
void Attempt::want_any(Method unless_asked) {
  if (!for_any_.empty()) return;
  for_any_.emplace_back();
  for_any_.back().method = unless_asked;
}

bool Attempt::may_be_tried(const Link& link) const {
  const auto is_in = [&](const std::vector<uint32_t>& list) {
    return std::find(list.begin(), list.end(), link.index) != list.end();
  };
  // Bonds, VLANs and bridges are here because we were asked for them, or the machine has them.
  const bool is_made = link.kind == "bond" || link.kind == "vlan" || link.kind == "bridge";
  return (is_hardware(link) || is_made) && link.master == 0 && !is_in(named_) && !is_in(tried_);
}

// The next interface that has a carrier: what was made of others first, then in the kernel's
// order. All that may be tried are up from the first look on.
std::optional<Link> Attempt::next_untried() {
  const auto links = devices_.list();
  if (!links) return std::nullopt;
  const Link* best = nullptr;
  for (const Link& link : *links) {
    if (!may_be_tried(link)) continue;
    if (!link.is_up) {
      if (const auto done = devices_.bring_link_up(link); !done) {
        note(kdump::text("%s; going on", done.error().text).c_str());
        tried_.push_back(link.index);
      }
    }
    if (link.has_carrier && (!best || (is_hardware(*best) && !is_hardware(link)))) best = &link;
  }
  if (!best) return std::nullopt;
  tried_.push_back(best->index);
  return *best;
}

// The interfaces that have a carrier are tried in turn, until `way` succeeds by one.
Result<> Attempt::by_any(const std::function<Result<>(const Link&)>& way) {
  // Where one has a carrier and an address already, others are not worth as long a wait.
  const uint32_t timeout_s = tried_.empty() ? step_s_ : std::min(step_s_, kFurtherSeconds);
  const int64_t until_ms = real_sys().monotonic_ms() + int64_t{timeout_s} * 1000;
  Error last = fail(Kind::timeout, "no interface has a carrier after %u s", timeout_s).error();
  bool is_reported = false;
  // Those that come up while others are tried have their turn too.
  while (true) {
    if (const auto link = next_untried()) {
      const Result<> done = way(*link);
      if (done) return {};
      last = done.error();
      note(kdump::text("%s; going on", last.text).c_str());
      is_reported = false;
      continue;
    }
    if (real_sys().monotonic_ms() >= until_ms) return std::unexpected(last);
    if (!is_reported) observer_.waiting_for("an interface with a carrier", timeout_s);
    is_reported = true;
    real_sys().sleep_ms(kLookEveryMs);
  }
}

Result<> Attempt::give_address(const Link& link) {
  setup_.drop_leases_except(link);
  bool is_set_up = false;
  Result<> done;
  for (const IpRequest& request : for_any_) {
    done = setup_.configure(link, request, 0);
    is_set_up |= done.has_value();
  }
  if (!is_set_up) {
    // A network may have IPv6 alone. Its routers have had the time of the DHCP exchange to say so.
    if (!TRY(setup_.is_configured(link))) return std::unexpected(done.error());
    TRY(setup_.read_router_advertisements(link));
  }
  add_routes();
  return {};
}

class CaptureNetworkOf final : public CaptureNetwork {
 public:
  explicit CaptureNetworkOf(NetworkSettings settings) : settings_(std::move(settings)) {}

  Result<Route> reach(const std::string& host, uint16_t port, uint32_t step_s,
                      Observer& observer) override {
    Netlink netlink = TRY(Netlink::open());
    return Attempt(netlink, settings_, step_s, observer).reach(host, port);
  }

  Result<> bring_up(uint32_t step_s, Observer& observer) override {
    Netlink netlink = TRY(Netlink::open());
    return Attempt(netlink, settings_, step_s, observer).bring_up();
  }

 private:
  NetworkSettings settings_;
};

}  // namespace

std::unique_ptr<CaptureNetwork> capture_network(NetworkSettings settings) {
  return std::make_unique<CaptureNetworkOf>(std::move(settings));
}

}  // namespace kdump
