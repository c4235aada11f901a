#include "targets/url/server_url.h"

#include <doctest/doctest.h>

using namespace kdump;

TEST_CASE("a server's URL has user, host, port, path and options, each percent-decoded") {
  const auto url = parse_server_url("//kdump@dumps.example:2222/var/cr%61sh?vers=4.1&ro&x=a%26b");
  REQUIRE(url);
  CHECK(url->user == "kdump");
  CHECK(url->host == "dumps.example");
  CHECK(url->port == 2222);
  CHECK(url->path == "/var/crash");
  REQUIRE(url->options.size() == 3);
  CHECK(url->option("vers") == "4.1");
  CHECK(url->option("ro", "no").empty());
  CHECK(url->option("x") == "a&b");
  CHECK(url->option("y", "none") == "none");
}

TEST_CASE("IPv6 addresses stand in brackets, with their zone as %25") {
  const auto url = parse_server_url("//[fe80::1%25eth0]:2049/export");
  REQUIRE(url);
  CHECK(url->host == "fe80::1%eth0");
  CHECK(url->port == 2049);
  CHECK(parse_server_url("//[2001:db8::1]/x")->port == 0);
  CHECK(parse_server_url("//192.0.2.1/x")->host == "192.0.2.1");
}

TEST_CASE("invalid URLs of servers are refused") {
  for (const char* url : {"",
                          "/",
                          "//",
                          "//host",
                          "host/dir",
                          "///dir",
                          "//@host/d",
                          "//host:/d",
                          "//host:0/d",
                          "//host:65536/d",
                          "//host:22x/d",
                          "//2001:db8::1/d",
                          "//[2001:db8::1/d",
                          "//[host]/d",
                          "//[::1]22/d",
                          "//host/a/../b",
                          "//host/%00",
                          "//ho%20st/d",
                          "//a,b/d",
                          "//-oX/d",
                          "//u%0@host/d"}) {
    CAPTURE(url);
    const auto parsed = parse_server_url(url);
    REQUIRE(!parsed);
    CHECK(parsed.error().kind == Kind::refused);
  }
  const auto url = parse_server_url("//host/d?a=1&a=2");
  REQUIRE(url);
  CHECK(!url->only_options({"a"}));
  CHECK(!url->only_options({"b"}));
}

TEST_CASE("ssh: names its files, or they lie where the image carries them") {
  const auto packed = parse_ssh_url("//kdump@host/var/crash");
  REQUIRE(packed);
  CHECK(packed->server.port == 22);
  CHECK(packed->key == "/etc/kdump-init/ssh/key");
  CHECK(packed->known_hosts == "/etc/kdump-init/ssh/known_hosts");
  const auto named = parse_ssh_url("//kdump@host:2222/d?key=/root/id&known_hosts=/root/hosts");
  REQUIRE(named);
  CHECK(named->server.port == 2222);
  CHECK(named->key == "/root/id");
  CHECK(named->known_hosts == "/root/hosts");
  for (const char* url : {"//host/d",
                          "//u:secret@host/d",
                          "//u@host/d?key=id",
                          "//u@host/d?ky=/id",
                          "//u@host/d?key=/a&key=/b",
                          "//u@host/d?jump",
                          "//u@host/d?jump=",
                          "//u@host/d?jump=gate",
                          "//u@host/d?jump=@gate",
                          "//u@host/d?jump=j@",
                          "//u@host/d?jump=j:p@gate",
                          "//u@host/d?jump=j@gate:0",
                          "//u@host/d?jump=j@gate:x",
                          "//u@host/d?jump=j@gate:22:1",
                          "//u@host/d?jump=j@2001:db8::1",
                          "//u@host/d?jump=j@[2001:db8::1",
                          "//u@host/d?jump=j@[gate]",
                          "//u@host/d?jump=j@[::1]22",
                          "//u@host/d?jump=j@a,j@b",
                          "//u@host/d?jump=j@-oX",
                          "//u@host/d?jump=j@a/d",
                          "//u@host/d?jump=j@a&jump=j@b",
                          "//u@host/d?jump_key=/k",
                          "//u@host/d?jump_key=",
                          "//u@host/d?jump=j@a&jump_key=k",
                          "//u@host/d?jump=j@a&jump_key=",
                          "//u@host/d?Jump=j@a"}) {
    CAPTURE(url);
    CHECK(!parse_ssh_url(url));
  }
}

TEST_CASE("ssh: names a bastion, with the same key or one for it") {
  const auto plain = parse_ssh_url("//kdump@host/d?key=/k");
  REQUIRE(plain);
  CHECK(!plain->jump);
  const auto same = parse_ssh_url("//kdump@host/d?key=/k&jump=j@gate.example");
  REQUIRE(same);
  REQUIRE(same->jump);
  CHECK(same->jump->user == "j");
  CHECK(same->jump->host == "gate.example");
  CHECK(same->jump->port == 22);
  CHECK(same->jump->key == "/k");
  const auto own = parse_ssh_url("//kdump@host/d?jump=j%40x@[fe80::1%25eth0]:2222&jump_key=/j");
  REQUIRE(own);
  CHECK(own->jump->user == "j@x");
  CHECK(own->jump->host == "fe80::1%eth0");
  CHECK(own->jump->port == 2222);
  CHECK(own->jump->key == "/j");
  CHECK(own->key == "/etc/kdump-init/ssh/key");
}
