// known_hosts as we read it beside ssh(1) on the same file: a table of files, each with the verdict
// of both.
#include "net/ssh/known_hosts.h"

#include <doctest/doctest.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>

#include "net/ssh/digest.h"
#include "tests/targets/ssh/ssh_server.h"

using namespace kdump;

namespace {

// $K the server's key, $C its certificate's authority, $O another key, $P the port's name,
// $H the hashed plain name, $Q the hashed name with the port.
struct Row {
  uint16_t port;
  bool accepted;
  const char* file;
};
constexpr Row kRows[] = {
    {22, false, ""},
    {22, true, "dumps.example $K\n"},
    {22, true, "  dumps.example   $K a comment\r\n"},
    {22, true, "DUMPS.Example $K\n"},
    {22, true, "other,dumps.example $K\n"},
    {22, false, "other.example $K\n"},
    {22, false, "dumps.example $O\n"},
    {22, true, "dumps.example $O\ndumps.example $K\n"},
    {22, true, "*.example $K\n"},
    {22, true, "d?mps.* $K\n"},
    {22, false, "d?mps $K\n"},
    {22, false, "*.example,!dumps.example $K\n"},
    {22, false, "!dumps.example,*.example $K\n"},
    {22, true, "!other.example,*.example $K\n"},
    {22, false, "!other.example $K\n"},
    {22, true, "$H $K\n"},
    {22, false, "$Q $K\n"},
    {22, false, "|1|AAAA|BBBB $K\n"},
    {22, true, "#dumps.example $O\ndumps.example $K\n"},
    {22, false, "# dumps.example $K\n"},
    {22, false, "dumps.example ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIA==\n"},
    {22, true, "dumps.example ssh-rsa AAAA\nnonsense\ndumps.example $K\n"},
    {22, false, "[dumps.example]:2222 $K\n"},
    {22, true, "[dumps.example]:22,dumps.example $K\n"},
    {22, false, "@revoked * $K\n"},
    {22, false, "@revoked * $K\ndumps.example $K\n"},
    {22, false, "dumps.example $K\n@revoked dumps.example $K\n"},
    {22, true, "dumps.example $K\n@revoked other.example $K\n"},
    {22, true, "dumps.example $K\n@revoked * $O\n"},
    {22, false, "@unknown dumps.example $K\n"},
    {22, true, "@cert-authority dumps.example $C\n"},
    {22, true, "@cert-authority *.example,!other.example $C\n"},
    {22, true, "@cert-authority $H $C\n"},
    {22, false, "@cert-authority other.example $C\n"},
    {22, false, "@cert-authority dumps.example $O\n"},
    {22, false, "@cert-authority dumps.example $K\n"},
    {22, false, "dumps.example $C\n"},
    {22, true, "@cert-authority dumps.example $O\ndumps.example $K\n"},
    {22, true, "@cert-authority dumps.example $C\ndumps.example $O\n"},
    {22, false, "@cert-authority * $C\n@revoked * $C\n"},
    {22, false, "@cert-authority * $C\n@revoked * $K\n"},
    {22, false, "@cert-authority * $C\n@revoked * $C\ndumps.example $K\n"},
    {2222, true, "$P $K\n"},
    {2222, true, "$Q $K\n"},
    {2222, true, "dumps.example $K\n"},
    {2222, true, "$H $K\n"},
    {2222, true, "$P $K\ndumps.example $O\n"},
    {2222, false, "@revoked * $K\ndumps.example $K\n"},
    {2222, true, "@revoked * $O\ndumps.example $K\n"},
    {2222, false, "dumps.example $K\n@revoked dumps.example $K\n"},
    {2222, true, "[*.example]:2222 $K\n"},
    {2222, false, "[dumps.example]:2223 $K\n"},
    {2222, true, "@cert-authority $P $C\n"},
    {2222, true, "@cert-authority dumps.example $C\n"},
    {2222, true, "@cert-authority *.example $C\n$P $O\n"},
    {2222, true, "@cert-authority $P $O\n@cert-authority dumps.example $C\n"},
};

std::string public_half(const std::string& path) {
  const std::string line = content_of(path);
  return line.substr(0, line.find(' ', line.find(' ') + 1));
}

std::string hashed(const std::string& name) {
  return "|1|" + base64_encode("a salt of 20 bytes..") + "|" +
         base64_encode(hmac_sha1("a salt of 20 bytes..", name));
}

std::string filled(std::string file, const SshServer& server) {
  const std::pair<const char*, std::string> values[] = {
      {"$K", public_half(server.path("host_ed.pub"))},
      {"$C", public_half(server.path("ca.pub"))},
      {"$O", public_half(server.path("key_ed.pub"))},
      {"$P", "[dumps.example]:2222"},
      {"$H", hashed("dumps.example")},
      {"$Q", hashed("[dumps.example]:2222")}};
  for (const auto& [name, value] : values)
    for (size_t at; (at = file.find(name)) != file.npos;) file.replace(at, 2, value);
  return file;
}

// It shows its certificate to a client that offers to read one.
bool accepted_here(const std::string& file, uint16_t port, const SshServer& server) {
  const auto known = KnownHosts::of_server(file, "dumps.example", "192.0.2.7", port);
  const auto algorithms = known.algorithms("file");
  if (!algorithms) return false;
  const bool has_certificate = algorithms->find("-cert-") != algorithms->npos;
  const std::string line =
      public_half(server.path(has_certificate ? "host_ed-cert.pub" : "host_ed.pub"));
  const auto blob = base64_decode(line.substr(line.find(' ') + 1));
  REQUIRE(blob);
  return known.check(*blob, "file", time(nullptr)).has_value();
}

// Without a login: it gets as far as being refused one.
bool accepted_by_ssh(uint16_t port, const SshServer& server) {
  const std::string command =
      "ssh -F none -o BatchMode=yes -o StrictHostKeyChecking=yes -o GlobalKnownHostsFile=none "
      "-o PreferredAuthentications=none -o UserKnownHostsFile=" +
      server.path("hosts") + " -o ProxyCommand=" + server.path("way") + " -p " +
      std::to_string(port) + " root@dumps.example true > " + server.path("out") + " 2>&1";
  CHECK(WEXITSTATUS(system(command.c_str())) == 255);
  const std::string out = content_of(server.path("out"));
  const bool accepted = out.find("Permission denied") != out.npos;
  CAPTURE(out);
  CHECK(accepted != (out.find("Host key verification failed") != out.npos));
  return accepted;
}

}  // namespace

TEST_CASE("known_hosts: the verdict is ssh's own on the same file") {
  SshServer server("HostKeyAlgorithms ssh-ed25519-cert-v01@openssh.com,ssh-ed25519\n");
  server.kill();
  must_run("cd " + server.directory() +
           " && ssh-keygen -q -t ed25519 -N '' -f ca && ssh-keygen -q -t ed25519 -N '' -f key_ed &&"
           " ssh-keygen -q -s ca -h -I id -n dumps.example host_ed.pub &&"
           " echo HostCertificate $PWD/host_ed-cert.pub >> config && printf '#!/bin/bash\\nexec "
           "3<>/dev/tcp/127.0.0.1/%s; cat <&3 & cat >&3' " +
           std::to_string(server.port()) + " > way && chmod 755 way");
  server.start();
  for (const Row& row : kRows) {
    const std::string file = filled(row.file, server);
    CAPTURE(row.port);
    CAPTURE(row.file);
    CHECK(accepted_here(file, row.port, server) == row.accepted);
    std::ofstream(server.path("hosts")) << file;
    CHECK(accepted_by_ssh(row.port, server) == row.accepted);
  }
}
