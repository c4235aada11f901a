// The decompressors of other programs' pages, on what zlib, liblzo2 and libsnappy made of one page,
// whole and damaged everywhere.
#include "filter/dump_file/peer_decoders.h"

#include <doctest/doctest.h>

#include <functional>
#include <string_view>
#include <vector>

using namespace kdump;

namespace {

constexpr char kDynamic[] =
    "78da3b56d798edfdfbd1ef906f7befd7c83c6c67dc6f782fac88df3d3dad3d7255874de4ab30e1ea4bad0b6f"
    "d88484ea9baf4b8dbec55439e3cc63a9b2bef89b33fbe5edcd1846c1281805c31e64a794e616e866e6659628"
    "142796a5162b946724962864162be4a4a69528e4a729242ae426266764e6a55a2b8caa1d553baa9632b5c728"
    "ac97ff8f02a201033b9fa88cb296a185bd9b6f4874526641795d6bcfe4590b57acdfb6f7c8e94b371f3c7ff7"
    "f50f3397a084bc9aae89b5936740785c6a4e71556347ffb4b94b566fda79e0f8b9ab771ebffaf8e33f1baf88"
    "b492a681b99dab4f705462467e596d4bf7a4990b96afdbbae7f0a98b37ee3f7bfbe53713a780b89caa8eb195"
    "a3877f586c4a765165437bdfd4398b576ddcb1ffd8d92bb71fbdfcf0fd1f2b8fb094a286be99ad8b77506442"
    "7a5e694d73d7c419f397adddb2fbd0c90bd7ef3d7df3f9172307bf98ac8ab691a583bb5f684c725661457d5b"
    "ef94d98b566ed8beefe899cbb71ebe78ffed2f0bb790a482ba9ea98db35760447c5a6e497553e784e9f396ae"
    "d9bcebe089f3d7ee3e79fde92729fe1f6d078e8251300a46c1f00000cb953fe9";
constexpr char kLzo[] =
    "0031c67e816b4bfbe2fb54f6bddf7c1ce18701bf31de56720f4767668759aa883c59ea56137bd285a1d83c54"
    "552f37ae655bda027998cce31a768e5fd9998f1f3f3600000020000000c70800001a6b64756d702d696e6974"
    "2073617665732077686174206973206c656674206f662061206d616368696e653b202000000026ac00201f5d"
    "1eff20000b000000f300070e151c232a31383f464d545b626970777e858c939aa1a8afb6bdc4cbd2d9e0e7ee"
    "f5fc030a11181f262d343b424950575e656c737a81888f969da4abb2b9c0c7ced5dce3eaf1f8ff060d141b22"
    "2930373e454c535a61686f767d848b9299a0a7aeb5bcc3cad1d8dfe6edf4fb020910171e252c333a41484f56"
    "5d646b727980878e959ca3aab1b8bfc6cdd4dbe2e9f0f7fe050c131a21282f363d444b525960676e757c838a"
    "91989fa6adb4bbc2c9d0d7dee5ecf3fa01080f161d242b323940474e555c636a71787f868d949ba2a9b0b7be"
    "c5ccd3dae1e8eff6fd040b121920272e353c434a51585f666d747b828990979ea5acb3bac1c8cfd6dde4ebf2"
    "f900070e151c2006fc0320000000e21c2820009cb03700020000000000000000000000000000000000000000"
    "110000";
constexpr char kSnappy[] =
    "8020f043c67e816b4bfbe2fb54f6bddf7c1ce18701bf31de56720f4767668759aa883c59ea56137bd285a1d8"
    "3c54552f37ae655bda027998cce31a768e5fd9998f1f3f3600000000fe0300fe0300fe0300fe0300fe0300fe"
    "0300fe0300fe0300fe0300fe0300fe0300fe0300fe0300fe0300fe03008e0300b06b64756d702d696e697420"
    "73617665732077686174206973206c656674206f662061206d616368696e653b206bfe2c00fe2c00fe2c00fe"
    "2c00fe2c00fe2c00fe2c00fe2c00fe2c00fe2c00fe2c00fe2c00ee2c000d2cfe980700fffe0100fe0100fe01"
    "00fe0100aa0100f4050100070e151c232a31383f464d545b626970777e858c939aa1a8afb6bdc4cbd2d9e0e7"
    "eef5fc030a11181f262d343b424950575e656c737a81888f969da4abb2b9c0c7ced5dce3eaf1f8ff060d141b"
    "222930373e454c535a61686f767d848b9299a0a7aeb5bcc3cad1d8dfe6edf4fb020910171e252c333a41484f"
    "565d646b727980878e959ca3aab1b8bfc6cdd4dbe2e9f0f7fe050c131a21282f363d444b525960676e757c83"
    "8a91989fa6adb4bbc2c9d0d7dee5ecf3fa01080f161d242b323940474e555c636a71787f868d949ba2a9b0b7"
    "bec5ccd3dae1e8eff6fd040b121920272e353c434a51585f666d747b828990979ea5acb3bac1c8cfd6dde4eb"
    "f2f900070e151c23960001003cfe080afe080afe080afe080afe080afe080afe080afe080afe080afe080afe"
    "080afe080afe080afe080afe080afa080afe0100fe0100fe0100fe0100fe0100fe0100fe01003e0100";
constexpr char kFixed[] =
    "78013b56d798edfdfbd1ef906f7befd7c83c6c67dc6f782fac88df3d3dad3d7255874de4ab30e1ea4bad0b6f"
    "d88484ea9baf4b8dbec55439e3cc63a9b2bef89b33fbe5edcd1846c168088c86c0b00f81ec94d2dc02ddccbc"
    "cc1285e2c4b2d46285f28cc41285cc62859cd4b41285fc34854485dcc4e48cccbc546b8551b5a3e1309a1e28"
    "cb17c728ac97ff8f02a24380819d4f544659cbd0c2decd37243a29b3a0bcaeb567f2ac852bd66fdb7be4f4a5"
    "9b0f9ebffbfa87994b50425e4dd7c4dac933203c2e35a7b8aab1a37fdadc25ab37ed3c70fcdcd53b8f5f7dfc"
    "f19f8d57445a49d3c0dcced527382a3123bfacb6a57bd2cc05cbd76ddd73f8d4c51bf79fbdfdf29b8953405c"
    "4e55c7d8cad1c33f2c3625bba8b2a1bd6fea9cc5ab36eed87fecec95db8f5e7ef8fe8f9547584a5143dfccd6"
    "c53b2832213dafb4a6b96be28cf9cbd66ed97de8e485ebf79ebef9fc8b91835f4c5645dbc8d2c1dd2f342639"
    "abb0a2bead77caec452b376cdf77f4cce55b0f5fbcfff697855b4852415dcfd4c6d92b30223e2db7a4baa973"
    "c2f4794bd76cde75f0c4f96b779fbcfef49314ff8fb603877d553feac1d110180d8111120200cb953fe9";

std::vector<uint8_t> from_hex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::vector<uint8_t> out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    out.push_back(static_cast<uint8_t>(digit(hex[i]) << 4 | digit(hex[i + 1])));
  return out;
}

// Noise, zeros, a text repeated, the noise again from far back, runs.
std::vector<uint8_t> make_page() {
  std::vector<uint8_t> page;
  const auto repeat = [&](size_t from, size_t count) {
    for (size_t i = 0; i < count; ++i) page.push_back(page[from + i]);
  };
  uint32_t state = 1;
  for (int i = 0; i < 64; ++i) {
    state = state * 1103515245 + 12345;
    page.push_back(static_cast<uint8_t>(state >> 16));
  }
  page.resize(64 + 1000);
  constexpr std::string_view kText = "kdump-init saves what is left of a machine; ";
  for (int i = 0; i < 20; ++i) page.insert(page.end(), kText.begin(), kText.end());
  repeat(0, 64);
  page.insert(page.end(), 300, 0xff);
  for (int i = 0; i < 300; ++i) page.push_back(static_cast<uint8_t>(i * 7));
  repeat(40, 50);
  page.resize(4096);
  return page;
}

struct Row {
  const char* name;
  const char* (*decode)(Bytes, MutableBytes);
  const char* hex;
};
constexpr Row kRows[] = {{"zlib, dynamic codes", decode_zlib, kDynamic},
                         {"zlib, fixed codes", decode_zlib, kFixed},
                         {"lzo", decode_lzo, kLzo},
                         {"snappy", decode_snappy, kSnappy}};

}  // namespace

TEST_CASE("what other programs' compressors made of a page becomes the page") {
  const std::vector<uint8_t> page = make_page();
  for (const Row& row : kRows) {
    CAPTURE(row.name);
    std::vector<uint8_t> out(page.size());
    const char* const fault = row.decode(from_hex(row.hex), out);
    CHECK_MESSAGE(fault == nullptr, fault);
    CHECK(out == page);
  }
}

TEST_CASE("a page that is cut off anywhere, or that is not of the page's size, is refused") {
  for (const Row& row : kRows) {
    CAPTURE(row.name);
    const std::vector<uint8_t> stored = from_hex(row.hex);
    std::vector<uint8_t> out(4096);
    for (size_t size = 0; size < stored.size(); ++size)
      CHECK(row.decode(Bytes(stored).first(size), out) != nullptr);
    for (const size_t size : {size_t{0}, size_t{1}, size_t{4095}, size_t{4097}}) {
      std::vector<uint8_t> other(size);
      CHECK(row.decode(stored, other) != nullptr);
    }
  }
}

TEST_CASE("no damaged byte makes a decompressor leave its page, and zlib notices each") {
  const std::vector<uint8_t> page = make_page();
  for (const Row& row : kRows) {
    const std::vector<uint8_t> stored = from_hex(row.hex);
    for (size_t at = 0; at < stored.size(); ++at)
      for (unsigned bit = 0; bit < 8; ++bit) {
        std::vector<uint8_t> damaged = stored;
        damaged[at] = static_cast<uint8_t>(damaged[at] ^ 1u << bit);
        std::vector<uint8_t> out(page.size());
        const char* const fault = row.decode(damaged, out);
        if (row.decode == decode_zlib) CHECK((fault != nullptr || out == page));
      }
  }
}

TEST_CASE("a zlib page that was stored as it is, and one of several blocks") {
  std::vector<uint8_t> stored = {0x78, 0x01, 0x00, 0x03, 0x00, 0xfc, 0xff, 'a',  'b',  'c',
                                 0x01, 0x01, 0x00, 0xfe, 0xff, 'd',  0x03, 0xd8, 0x01, 0x8b};
  std::vector<uint8_t> out(4);
  const char* const fault = decode_zlib(stored, out);
  CHECK_MESSAGE(fault == nullptr, fault);
  CHECK(std::string_view(reinterpret_cast<const char*>(out.data()), 4) == "abcd");
}
