#include "targets/url/url.h"

#include <doctest/doctest.h>

#include <string>

#include "filter/base/text.h"
#include "tests/targets/target_scene.h"

using namespace kdump;

TEST_CASE("fs: splits at the first :/, and every field is percent-decoded") {
  const auto url = parse_file_system_url("LABEL=my%20disk%3a:/var/cr%61sh");
  REQUIRE(url);
  CHECK((url->device.by == DeviceName::By::label));
  CHECK(url->device.value == "my disk:");
  CHECK(url->directory == "/var/crash");
  const auto path = parse_file_system_url("/dev/disk/by-path/pci-0000:00:1f.2-ata-1:/:/x");
  REQUIRE(path);
  CHECK(path->device.value == "/dev/disk/by-path/pci-0000:00:1f.2-ata-1");
  CHECK(path->directory == "/:/x");
}

TEST_CASE("raw: knows one option") {
  CHECK(!parse_raw_url("/dev/vdb")->force);
  CHECK(parse_raw_url("/dev/vdb?force")->force);
  CHECK(!parse_raw_url("/dev/vdb?Force"));
  CHECK(!parse_raw_url("/dev/vdb?"));
}

TEST_CASE("invalid URLs are refused with the URL in the message") {
  for (const char* url : {"",
                          "fs",
                          "fs:",
                          "fs:UUID=1",
                          "fs:UUID=:/d",
                          "fs:vda:/d",
                          "fs:/dev/:/d",
                          "fs:LABEL=a%2:/d",
                          "fs:LABEL=a%zz:/d",
                          "fs:LABEL=a%00:/d",
                          "fs:UUID=1:/a/../b",
                          "fs:UUID=1:/..",
                          "fs:/dev/a:/d?x",
                          "raw:",
                          "raw:vda",
                          "dir:",
                          "dir:relative",
                          "dir:/a/..",
                          "nfs://host",
                          "ssh://h/d"}) {
    CAPTURE(url);
    const auto checked = check_target_url(url);
    REQUIRE(!checked);
    CHECK(checked.error().kind == Kind::refused);
    CHECK(std::string(checked.error().text).find(url) != std::string::npos);
    FakeSys sys;
    SilentObserver observer;
    NoNetwork network;
    CHECK(!make_target(url, {.sys = sys, .limits = {}, .observer = observer, .network = network}));
  }
}

TEST_CASE("the error for an unknown scheme lists the known ones") {
  const auto checked = check_target_url("ftp://host/x");
  REQUIRE(!checked);
  CHECK(std::string(checked.error().text) ==
        "target ftp://host/x: unknown scheme; expected fs: raw: dir: nfs: ssh:");
}

TEST_CASE("a NUL is refused, written as %00 or as it is") {
  for (const std::string_view text : {std::string_view("a\0b", 3), std::string_view("a%00b")})
    CHECK(!percent_decode(text));
  CHECK(!parse_file_system_url(std::string_view("UUID=1:/d\0/e", 12)));
  CHECK(!check_target_url(std::string("ssh://u@h/d\0", 12)));
}

TEST_CASE("a message of a wrong URL shows no password") {
  for (const char* url : {"ssh://u:hunter2@h/x", "ssh://u:hun@ter2@h/x", "ftp://u:hunter2@h/x"}) {
    const auto checked = check_target_url(url);
    REQUIRE(!checked);
    CHECK(std::string(checked.error().text).find("ter2") == std::string::npos);
  }
  CHECK(without_password("ssh://u@h/x?jump=j:p@b") == "ssh://u@h/x?jump=j:***@b");
  CHECK(without_password("ssh://u:q@h/x?jump=j:p@b:22&key=/k") ==
        "ssh://u:***@h/x?jump=j:***@b:22&key=/k");
  CHECK(without_password("ssh://u@h/x?jump=j@b:22") == "ssh://u@h/x?jump=j@b:22");
  CHECK(without_password("ssh://u@h:22/x?key=/a@b") == "ssh://u@h:22/x?key=/a@b");
  CHECK(without_password("nfs://[fe80::1]:2049/x") == "nfs://[fe80::1]:2049/x");
}

TEST_CASE("a directory may have .. inside a name") { CHECK(check_target_url("dir:/a..b/...")); }
