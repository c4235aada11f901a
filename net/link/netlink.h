// The part of rtnetlink that bringing up a network needs: acknowledged requests, lists, multicast
// groups and attributes. Links and addresses: links.h, addresses.h. Mirrors rtnetlink(7) and
// include/uapi/linux/netlink.h. Decision: docs/decisions/0015-netlink.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "filter/base/bytes.h"
#include "filter/base/owned.h"

namespace kdump {

struct DescriptorTraits {
  using Handle = int;
  static constexpr int kNone = -1;
  static void release(int fd);
};
using Descriptor = Owned<DescriptorTraits>;

// A request: the fixed header of its type, then attributes.
class NetlinkRequest {
 public:
  // flags: such as NLM_F_CREATE; NLM_F_REQUEST and NLM_F_ACK or NLM_F_DUMP are implied.
  template <class Header>
  NetlinkRequest(uint16_t type, uint16_t flags, const Header& header) : type_(type), flags_(flags) {
    append(bytes_of(header));
  }

  void put(uint16_t attribute, Bytes value);
  void put(uint16_t attribute, std::string_view text);  // NUL-terminated
  template <class T>
  requires std::is_integral_v<T>
  void put(uint16_t attribute, T value) { put(attribute, bytes_of(value)); }
  // Attributes added between begin() and end() are nested. end() takes the result of begin().
  size_t begin(uint16_t attribute);
  void end(size_t begun);

 private:
  friend class Netlink;
  void append(Bytes bytes);

  uint16_t type_, flags_;
  std::vector<uint8_t> body_;
};

// Reads the attributes after a fixed header. A truncated attribute ends the list.
class NetlinkAttributes {
 public:
  explicit NetlinkAttributes(Bytes data) : data_(data) {}

  // Reads the next attribute; returns false at the end.
  bool next(uint16_t& attribute, Bytes& value);

  // Returns the value of the last attribute of this type; empty if there is none.
  Bytes find(uint16_t attribute) const;
  template <class T>
  T find_or(uint16_t attribute, T fallback) const {
    const Bytes value = find(attribute);
    return value.size() >= sizeof(T) ? load<T>(value.data()) : fallback;
  }

 private:
  Bytes data_;
};

// Returns the text of an attribute, up to its NUL.
std::string netlink_text(Bytes value);

struct NetlinkReply {
  uint16_t type;
  Bytes body;  // fixed header and attributes; valid until the next call of Netlink
};

class Netlink {
 public:
  // Opens a socket. Fails: io.
  static Result<Netlink> open();
  // Subscribes to a multicast group, RTNLGRP_*; drain() returns its messages.
  Result<> subscribe(int group);

  // Sends a request and waits for its acknowledgement. Fails: with the kernel's errno and extended
  // error text; timeout, without an answer for ten seconds.
  Result<> request(const NetlinkRequest& request);
  // Sends a list request and calls each(reply) for every entry.
  template <class Each>
  Result<> list(const NetlinkRequest& request, Each each) {
    return list_raw(
        request,
        [](void* context, const NetlinkReply& reply) { (*static_cast<Each*>(context))(reply); },
        &each);
  }
  // Sends a question about one object and calls each(reply) for what the kernel sends before its
  // acknowledgement. Fails: as request().
  template <class Each>
  Result<> get(const NetlinkRequest& request, Each each) {
    return get_raw(
        request,
        [](void* context, const NetlinkReply& reply) { (*static_cast<Each*>(context))(reply); },
        &each);
  }
  // Calls each(reply) for every pending message of the subscribed groups; does not wait.
  template <class Each>
  void drain(Each each) {
    drain_raw(
        [](void* context, const NetlinkReply& reply) { (*static_cast<Each*>(context))(reply); },
        &each);
  }

 private:
  using Visit = void (*)(void* context, const NetlinkReply&);

  explicit Netlink(Descriptor socket);
  Result<> send(const NetlinkRequest& request, uint16_t flags);
  Result<> list_raw(const NetlinkRequest& request, Visit visit, void* context);
  Result<> get_raw(const NetlinkRequest& request, Visit visit, void* context);
  void drain_raw(Visit visit, void* context);
  Result<Bytes> receive();

  Descriptor socket_;
  uint32_t sequence_ = 0;
  std::vector<uint8_t> buffer_;
};

}  // namespace kdump
