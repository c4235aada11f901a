// Prints how the capture kernel reaches servers; scripts/mkinitramfs packs it.
#include <net/if.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "init/setup/config/words.h"
#include "init/setup/network/network_plan.h"
#include "init/setup/network/server_names.h"
#include "init/setup/setup_commands.h"
#include "targets/url/server_url.h"
#include "targets/url/url.h"

namespace kdump {
namespace {

constexpr char kUsage[] =
    R"(usage: kdump-init-setup pack-network [URL...] [--fence NODE[,NODE...]]

Prints how this machine reaches the servers of the targets and the fence nodes, a line each:
  card NAME              a network card that leads there
  module NAME            of bonds, VLANs and bridges over it
  argument TEXT          of the capture kernel
  host ADDRESS NAME      for /etc/hosts
  fence ADDRESS          of a node that is not this machine
  note TEXT              about a node that is left out
  absent TEXT            a server that no card of this machine leads to now
What the arguments cannot express is refused on standard error; the other servers are printed.

Exit status: 0 done, 1 something was refused, 2 wrong usage.
)";

struct Server {
  std::string what;  // for messages, without a password
  std::string host, zone;
  bool is_fence = false;
};

Result<Server> server_of(const std::string& url) {
  Server server{.what = "target '" + without_password(url) + "'", .host = {}, .zone = {}};
  const size_t colon = std::min(url.find(':'), url.size() - 1);
  const std::string scheme = url.substr(0, colon);
  const std::string_view rest = std::string_view(url).substr(colon + 1);
  if (scheme == "ssh") {
    const SshUrl ssh = TRY(parse_ssh_url(rest));
    server.host = ssh.jump ? ssh.jump->host : ssh.server.host;
  } else if (scheme == "nfs") {
    server.host = TRY(parse_server_url(rest)).host;
  } else {
    return fail(Kind::refused, "expected ssh:// or nfs://");
  }
  if (const size_t percent = server.host.find('%'); percent != server.host.npos) {
    server.zone = server.host.substr(percent + 1);
    server.host.resize(percent);
  }
  return server;
}

// What is printed, in order.
class Packer {
 public:
  Packer(Netlink& netlink, NetworkPlan plan) : netlink_(netlink), plan_(std::move(plan)) {}

  void add(const Server& server);
  void refuse(const std::string& what, const std::string& why) {
    fprintf(stderr, "%s: %s\n", what.c_str(), why.c_str());
    is_refused_ = true;
  }
  int print();

 private:
  Netlink& netlink_;
  NetworkPlan plan_;
  std::vector<std::string> lines_;  // host, fence, note, absent
  bool needs_resolver_ = false, is_refused_ = false;
};

void Packer::add(const Server& server) {
  uint32_t zone = 0;
  if (!server.zone.empty()) {
    const LinkFacts* const link = plan_.links().find(server.zone);
    if (!link)
      return refuse(server.what,
                    "there is no interface " + server.zone + ", the zone of " + server.host);
    zone = link->link.index;
  }
  const auto addresses = addresses_of(server.host);
  const bool is_name = !IpAddress::parse(server.host);
  std::string why_not = addresses.empty() ? "its name has no address now" : "no route", why_refused;
  size_t packed = 0;
  bool is_here = false;
  for (const IpAddress& address : addresses) {
    const auto route = find_server_route(netlink_, address, zone);
    if (!route) {
      // A rule or route that forbids the way is no missing cable.
      if (route.error().sys_errno != ENETUNREACH)
        why_refused = "the kernel has no way to " + address.text() + ": " + route.error().text;
      continue;
    }
    if (route->is_local) {
      is_here = true;
      why_not = "it is this machine";
      continue;
    }
    if (plan_.add_cards(route->link) == 0) {
      const LinkFacts* const link = plan_.links().find(route->link);
      why_refused = link ? "interface " + link->link.name + " (" +
                               (link->link.kind.empty() ? "no card" : link->link.kind) +
                               ") has no network card below it"
                         : "its interface has gone";
      // A tunnel's own card is not known: what makes it is refused with its kind.
    }
    const auto added = plan_.add_route(*route, zone != 0);
    if (!added) {
      why_refused = added.error().text;
      continue;
    }
    ++packed;
    if (is_name) lines_.push_back("host " + address.text() + " " + server.host);
    needs_resolver_ |= is_name;
    if (server.is_fence) {
      lines_.push_back("fence " + address.text());
      break;
    }
  }
  if (packed > 0 || (server.is_fence && is_here)) return;
  if (server.is_fence) {
    // It must keep neither the other nodes nor the dump from being packed.
    lines_.push_back("note " + server.what + ": node " + server.host +
                     " is left out, and may fence this machine: " +
                     (why_refused.empty() ? why_not : why_refused));
    return;
  }
  if (!why_refused.empty())
    return refuse(server.what, server.host + " cannot be reached as here: " + why_refused);
  lines_.push_back("absent " + server.what + ": no network card of this machine leads to " +
                   server.host + " (" + why_not + ")");
}

int Packer::print() {
  for (const std::string& card : plan_.cards()) printf("card %s\n", card.c_str());
  for (const std::string& module : plan_.modules()) printf("module %s\n", module.c_str());
  for (const std::string& argument : plan_.arguments()) printf("argument %s\n", argument.c_str());
  if (needs_resolver_ && plan_.has_fixed_address())
    for (const IpAddress& nameserver : real_nameservers(""))
      printf("argument nameserver=%s\n", nameserver.text().c_str());
  for (size_t i = 0; i < lines_.size(); ++i)
    if (std::find(lines_.begin(), lines_.begin() + static_cast<ptrdiff_t>(i), lines_[i]) ==
        lines_.begin() + static_cast<ptrdiff_t>(i))
      printf("%s\n", lines_[i].c_str());
  return fflush(stdout) == 0 && !is_refused_ ? 0 : 1;
}

Result<NetworkPlan> read_plan(Netlink& netlink) {
  Links links = TRY(Links::read(netlink));
  return NetworkPlan(std::move(links), TRY(list_addresses(netlink)));
}

}  // namespace

int pack_network_command(const SetupWords& words) {
  std::vector<std::string> urls, nodes;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--fence" && i + 1 < words.size()) {
      for (const std::string& node : split_at(words[++i], ','))
        if (!node.empty()) nodes.push_back(node);
    } else if (words[i].starts_with('-') || words[i].empty()) {
      fputs(kUsage, stderr);
      return 2;
    } else {
      urls.push_back(words[i]);
    }
  }
  auto netlink = Netlink::open();
  auto plan = netlink ? read_plan(*netlink) : std::unexpected(netlink.error());
  if (!plan) {
    fprintf(stderr, "pack-network: %s\n", plan.error().text);
    return 1;
  }
  Packer packer(*netlink, *std::move(plan));
  for (const std::string& url : urls) {
    const auto server = server_of(url);
    if (server)
      packer.add(*server);
    else
      packer.refuse("target '" + without_password(url) + "'", server.error().text);
  }
  for (const std::string& node : nodes)
    packer.add({.what = "rd.kdump.fence", .host = node, .zone = {}, .is_fence = true});
  return packer.print();
}

}  // namespace kdump
