#include "tests/targets/target_scene.h"

#include <arpa/inet.h>

#include <algorithm>

#include "targets/raw/raw_format.h"

namespace kdump {
namespace {

struct DirScene final : TargetScene {
  explicit DirScene(FakeFaults faults) : TargetScene(faults) {
    store = &sys.add_fs({});
    sys.add_mount("/dev/vda", "/crash", *store);
    url = "dir:/crash";
  }
  std::optional<std::string> saved(const std::string& crash, const std::string& name) override {
    const std::string path = "/crash/" + crash + "/" + name;
    if (!sys.contains(path)) return std::nullopt;
    return sys.content(path);
  }
};

struct FsScene final : TargetScene {
  FsScene(FakeFaults faults, uint64_t device_bytes) : TargetScene(faults) {
    FakeNode& disk = sys.add_disk("vda", device_bytes, ext4_head(0xab, "dumps"));
    disk.holds = &sys.add_fs({});
    store = disk.holds;
    url = std::string("fs:UUID=") + kSceneUuid + ":/var/crash";
  }
  std::optional<std::string> saved(const std::string& crash, const std::string& name) override {
    NodePtr at = store->root;
    for (const std::string& each : {std::string("var"), std::string("crash"), crash, name}) {
      at = at->entries.find(each);
      if (!at) return std::nullopt;
    }
    return std::string(at->content.now().begin(), at->content.now().end());
  }
};

struct NfsScene final : TargetScene {
  explicit NfsScene(FakeFaults faults) : TargetScene(faults) {
    store = &sys.add_fs({.type = "nfs4", .magic = 0x6969});
    sys.add_export("192.0.2.7:/export", {"4.2"}, *store);
    network = std::make_unique<OneServer>();
    url = "nfs://dumps.example/export?path=/var/crash";
  }
  std::optional<std::string> saved(const std::string& crash, const std::string& name) override {
    NodePtr at = store->root;
    for (const std::string& each : {std::string("var"), std::string("crash"), crash, name}) {
      at = at->entries.find(each);
      if (!at) return std::nullopt;
    }
    return std::string(at->content.now().begin(), at->content.now().end());
  }
};

struct RawScene final : TargetScene {
  RawScene(FakeFaults faults, uint64_t device_bytes) : TargetScene(faults) {
    // Old content everywhere but where a signature could be: no gap may show it.
    const std::vector<uint8_t> old(device_bytes, 0x5a);
    sys.add_disk("vda", device_bytes, old);
    url = "raw:/dev/vda";
  }
  std::optional<std::string> saved(const std::string& crash, const std::string& name) override {
    const std::string disk = sys.content("/dev/vda");
    std::optional<RawLabel> newest;
    const RawLayout layout = *RawLayout::of(disk.size());
    for (const uint64_t offset : layout.labels) {
      RawLabelBlock block;
      std::copy_n(disk.begin() + offset, block.size(), block.begin());
      const auto label = decode_raw_label(block);
      if (label && (!newest || label->sequence > newest->sequence)) newest = label;
    }
    if (!newest || newest->crash != crash) return std::nullopt;
    for (const RawEntry& entry : newest->entries)
      if (entry.name == name && entry.state == RawState::complete)
        return disk.substr(entry.offset, entry.size);
    return std::nullopt;
  }
};

}  // namespace

OneServer::OneServer() {
  route.server.v4 = {};
  route.server.v4.sin_family = AF_INET;
  route.server.v4.sin_port = htons(2049);
  inet_pton(AF_INET, "192.0.2.7", &route.server.v4.sin_addr);
  route.local = route.server;
  route.local.v4.sin_port = 0;
  inet_pton(AF_INET, "192.0.2.99", &route.local.v4.sin_addr);
  route.interface = "eth0";
}

std::unique_ptr<Target> TargetScene::target() {
  auto made = make_target(url, {.sys = sys,
                                .limits = {.step_s = 5},
                                .observer = observer,
                                .network = *network,
                                .refuse_tmpfs = true,
                                .client_name = client_name});
  return made ? std::move(*made) : nullptr;
}

std::unique_ptr<TargetScene> make_scene(const std::string& which, FakeFaults faults,
                                        uint64_t device_bytes) {
  if (which == "dir") return std::make_unique<DirScene>(faults);
  if (which == "fs") return std::make_unique<FsScene>(faults, device_bytes);
  if (which == "nfs") return std::make_unique<NfsScene>(faults);
  return std::make_unique<RawScene>(faults, device_bytes);
}

std::vector<uint8_t> ext4_head(uint8_t uuid_byte, const std::string& label) {
  std::vector<uint8_t> head(2048);
  head[1024 + 32] = 1;  // blocks per group
  head[1024 + 56] = 0x53;
  head[1024 + 57] = 0xef;
  std::fill_n(head.begin() + 1024 + 104, 16, uuid_byte);
  std::copy(label.begin(), label.end(), head.begin() + 1024 + 120);
  return head;
}

}  // namespace kdump
