// What is read before any server is asked: known_hosts, and SFTP's packets from hostile servers.
#include <doctest/doctest.h>

#include "net/sftp/sftp_packet.h"
#include "net/ssh/digest.h"
#include "net/ssh/known_hosts.h"

using namespace kdump;

namespace {

// A key's own bytes begin with its type.
std::string blob(const std::string& type, char filling) {
  std::string bytes = {0, 0, 0, static_cast<char>(type.size())};
  return bytes + type + std::string(32, filling);
}

std::string line(const std::string& names, char filling = 'a') {
  const std::string type = "ecdsa-sha2-nistp256";
  return names + " " + type + " " + base64_encode(blob(type, filling)) + " comment\n";
}

size_t keys_of(const std::string& text, const char* host = "dumps.example", uint16_t port = 22) {
  return KnownHosts::of_server(text, host, "192.0.2.7", port).keys().size();
}

}  // namespace

TEST_CASE("known_hosts: names, addresses, ports, patterns, negations and hashes") {
  CHECK(keys_of(line("dumps.example")) == 1);
  CHECK(keys_of(line("DUMPS.example,other")) == 1);
  CHECK(keys_of(line("192.0.2.7")) == 1);
  CHECK(keys_of(line("*.example")) == 1);
  CHECK(keys_of(line("d?mps.ex*e")) == 1);
  CHECK(keys_of(line("*.example,!dumps.*")) == 0);
  CHECK(keys_of(line("dumps")) == 0);
  CHECK(keys_of(line("[dumps.example]:2222"), "dumps.example", 2222) == 1);
  // By its plain name only where nothing else is known, as ssh does.
  CHECK(keys_of(line("dumps.example"), "dumps.example", 2222) == 1);
  CHECK(keys_of(line("dumps.example") + line("[dumps.example]:2222"), "dumps.example", 2222) == 1);
  CHECK(keys_of("|1|" + base64_encode("salt") + "|" +
                base64_encode(hmac_sha1("salt", "dumps.example")) + line("")) == 1);
  CHECK(keys_of("|1|c2FsdA==|" + base64_encode(hmac_sha1("salt", "others")) + line("")) == 0);
  CHECK(keys_of("# dumps.example\n\n\r\n  \t\ndumps.example\ndumps.example ssh-rsa\n"
                "dumps.example ssh-rsa !!!!\n|1|x\n@ \n") == 0);
  CHECK(keys_of(line("@cert-authority dumps.example")) == 0);
}

TEST_CASE("known_hosts: a revoked key's type is asked for only where no other key is known") {
  const auto algorithms = [](const std::string& text) {
    return KnownHosts::of_server(text, "dumps.example", "192.0.2.7", 22).algorithms("file");
  };
  const std::string ed25519 = " ssh-ed25519 " + base64_encode(blob("ssh-ed25519", 'e')) + "\n";
  const std::string revoked = "dumps.example" + ed25519 + "@revoked *" + ed25519;
  CHECK(*algorithms(revoked) == "ssh-ed25519");
  CHECK(*algorithms(revoked + line("dumps.example")) == "ecdsa-sha2-nistp256");
}

TEST_CASE("known_hosts: a key that is not there, is another or is revoked is refused") {
  const std::string type = "ecdsa-sha2-nistp256";
  const auto known = [](const std::string& text) {
    return KnownHosts::of_server(text, "dumps.example", "192.0.2.7", 22);
  };
  const std::string both = line("dumps.example", 'a') + line("@revoked *", 'r');
  CHECK(known(both).check(blob(type, 'a'), "file", 0));
  CHECK(!known(both).check(blob(type, 'b'), "file", 0));
  CHECK(!known(both).check(blob(type, 'r'), "file", 0));
  CHECK(!known(both + line("dumps.example", 'r')).check(blob(type, 'r'), "file", 0));
  CHECK(!known("").check("", "file", 0));
  CHECK(*known(both).algorithms("file") == type);
  CHECK(known(line("@cert-authority *")).algorithms("file")->ends_with("-cert-v01@openssh.com"));
  // In OpenSSH's order, whatever the file's.
  const auto typed = [](const std::string& name) {
    return "dumps.example " + name + " " + base64_encode(blob(name, 'k')) + "\n";
  };
  CHECK(*known(typed("ssh-rsa") + both + typed("ssh-ed25519")).algorithms("file") ==
        "ssh-ed25519," + type + ",rsa-sha2-512,rsa-sha2-256");
  const auto token = known(typed("sk-ssh-ed25519@openssh.com")).algorithms("file");
  REQUIRE(!token);
  CHECK(std::string(token.error().text).ends_with("; ssh-keyscan -p 22 dumps.example >> file"));
  CHECK(key_fingerprint("").starts_with("SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"));
}

TEST_CASE("SFTP: truncated answers are detected, and give nothing") {
  sftp::Parser parser(
      std::string_view("\0\0\0\x05"
                       "abc",
                       7));
  CHECK(parser.string().empty());
  CHECK(!parser.ok());
  CHECK(parser.u64() == 0);
  sftp::Parser attributes(std::string_view("\0\0\0\x01\0\0", 6));
  CHECK(!sftp::parse_attributes(attributes).has_size);
}

TEST_CASE("SFTP: a write's head lies right before its data") {
  uint8_t buffer[sftp::kMaxWriteHead + 4] = {};
  uint8_t* const end = buffer + sftp::kMaxWriteHead;
  const uint8_t* const begin = sftp::put_write_head(end, 7, "hand", 0x100000002, 3);
  sftp::Parser parser({reinterpret_cast<const char*>(begin), static_cast<size_t>(end - begin)});
  CHECK(parser.u32() == static_cast<uint32_t>(end - begin - 4 + 3));
  CHECK(begin[4] == sftp::kWrite);
  sftp::Parser fields(
      {reinterpret_cast<const char*>(begin + 5), static_cast<size_t>(end - begin - 5)});
  CHECK(fields.u32() == 7);
  CHECK(fields.string() == "hand");
  CHECK(fields.u64() == 0x100000002);
  CHECK(fields.u32() == 3);
  CHECK((fields.ok() && fields.at_end()));
}
