// rtnetlink, as much of it as bringing up a network needs: requests that the kernel answers with
// yes or no, lists, and attributes on both ways. Knows no links and addresses; those are in
// links.h and addresses.h. Mirrors rtnetlink(7) and include/uapi/linux/netlink.h.
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

// A request: its type's fixed header, then attributes.
class NetlinkRequest {
 public:
  // flags: NLM_F_CREATE and the like; NLM_F_REQUEST and what asks for an answer are implied.
  template <class Header>
  NetlinkRequest(uint16_t type, uint16_t flags, const Header& header) : type_(type), flags_(flags) {
    append(bytes_of(header));
  }

  void put(uint16_t attribute, Bytes value);
  void put(uint16_t attribute, std::string_view text);  // NUL-terminated
  template <class T>
  requires std::is_integral_v<T>
  void put(uint16_t attribute, T value) { put(attribute, bytes_of(value)); }
  // What is put between the two lies inside the attribute.
  size_t begin(uint16_t attribute);
  void end(size_t begun);

 private:
  friend class Netlink;
  void append(Bytes bytes);

  uint16_t type_, flags_;
  std::vector<uint8_t> body_;
};

// The attributes behind a fixed header. Whatever is cut short ends the list.
class NetlinkAttributes {
 public:
  explicit NetlinkAttributes(Bytes data) : data_(data) {}

  // The next one; false at the end.
  bool next(uint16_t& attribute, Bytes& value);

  // The value of the last of this type; empty if there is none.
  Bytes find(uint16_t attribute) const;
  template <class T>
  T find_or(uint16_t attribute, T fallback) const {
    const Bytes value = find(attribute);
    return value.size() >= sizeof(T) ? load<T>(value.data()) : fallback;
  }

 private:
  Bytes data_;
};

// The text of an attribute, up to its NUL.
std::string netlink_text(Bytes value);

struct NetlinkReply {
  uint16_t type;
  Bytes body;  // fixed header and attributes; valid until the next call
};

class Netlink {
 public:
  static Result<Netlink> open();
  // group: RTNLGRP_*, whose messages drain() hands out.
  Result<> listen_to(int group);

  // Sends, and waits for the kernel's yes. Fails: with the errno and the kernel's own words;
  // timeout, if it says nothing for ten seconds.
  Result<> request(const NetlinkRequest& request);
  // All of what the kernel lists.
  template <class Each>
  Result<> list(const NetlinkRequest& request, Each each) {
    return list_raw(
        request,
        [](void* context, const NetlinkReply& reply) { (*static_cast<Each*>(context))(reply); },
        &each);
  }
  // The messages of groups that have come in, without waiting.
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
  void drain_raw(Visit visit, void* context);
  Result<Bytes> receive();

  Descriptor socket_;
  uint32_t sequence_ = 0;
  std::vector<uint8_t> buffer_;
};

}  // namespace kdump
