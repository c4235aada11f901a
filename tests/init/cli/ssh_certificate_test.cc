// Certificates of hosts and users, and bastions, by the command as people run it, with real
// servers.
#include <doctest/doctest.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "tests/init/tiny_core.h"
#include "tests/targets/ssh/ssh_server.h"

using namespace kdump;

namespace {

// `kdump-init COMMAND`, with what it prints.
int run(const std::string& command, std::string& output) {
  output.clear();
  FILE* const pipe = popen((KDUMP_INIT_PROGRAM " " + command + " 2>&1").c_str(), "r");
  REQUIRE(pipe);
  for (int c = getc(pipe); c != EOF; c = getc(pipe)) output += static_cast<char>(c);
  const int status = pclose(pipe);
  return WEXITSTATUS(status);
}

// A dump of a tiny core: the server has to be reached once.
int dump(const SshServer& server, const std::string& url, std::string& output) {
  std::ofstream(server.path("core"), std::ios::binary) << tiny_core();
  return run("dump " + server.path("core") + " '" + url + "'", output);
}

bool has(const std::string& text, const char* part) { return text.find(part) != text.npos; }

std::string in(const SshServer& server, const std::string& command) {
  return "cd " + server.directory() + " && " + command;
}

// The server shows a certificate of `key` by the authority "ca", which alone is known.
void show_certificate(SshServer& server, const std::string& key, const std::string& options) {
  server.kill();
  must_run(in(server,
              "sed -i '/^HostKey /d; /^HostCertificate/d' config && printf 'HostKey %s\\n' $PWD/" +
                  key + " >> config && echo HostCertificate $PWD/" + key +
                  "-cert.pub >> config && ssh-keygen -q -s ca -h -I id " + options + " " + key +
                  ".pub && printf '@cert-authority 127.0.0.* %s\\n' \"$(cut -d' ' -f1,2 ca.pub)\" "
                  "> known_hosts"));
  server.start();
}

}  // namespace

TEST_CASE("a host is known by its certificate alone, whatever kinds of key it and its CA have") {
  struct Kinds {
    const char *host, *authority;
  };
  for (const Kinds& each :
       {Kinds{"ed25519", "ed25519"}, Kinds{"ecdsa -b 256", "ecdsa -b 384"},
        Kinds{"ecdsa -b 384", "ecdsa -b 521"}, Kinds{"ecdsa -b 521", "ecdsa -b 256"},
        Kinds{"rsa -b 2048", "rsa -b 3072"}, Kinds{"rsa -b 3072", "ed25519"}}) {
    CAPTURE(each.host);
    CAPTURE(each.authority);
    SshServer server;
    must_run(in(server, std::string("ssh-keygen -q -N '' -f own -t ") + each.host +
                            " && ssh-keygen -q -N '' -f ca -t " + each.authority));
    show_certificate(server, "own", "-n other.example,127.0.0.1");
    std::string output;
    CHECK_MESSAGE(dump(server, server.url(), output) == 0, output);
  }
}

TEST_CASE("a host certificate that ssh refuses is refused with the reason") {
  SshServer server;
  must_run(
      in(server, "ssh-keygen -q -t ed25519 -N '' -f ca && ssh-keygen -q -t ed25519 -N '' -f c2"));
  struct Row {
    const char *options, *says;
  };
  std::string output;
  for (const Row& row :
       {Row{"-n other.example", "it is of other.example, not of 127.0.0.1"},
        Row{"-n '127.0.0.*'", "it is of 127.0.0.*, not of 127.0.0.1"},
        Row{"-n 127.0.0.1 -O critical:force=x", "its critical option force is unsupported"},
        Row{"-n 127.0.0.1 -V 20200101:20210101", "it has expired at 2021-01-01T"}}) {
    CAPTURE(row.options);
    show_certificate(server, "host_ed", row.options);
    CHECK(dump(server, server.url(), output) == 1);
    CHECK_MESSAGE(has(output, row.says), output);
    // As ssh does, the key itself is enough.
    must_run(in(server, "printf '[127.0.0.1]:%s %s\\n' " + std::to_string(server.port()) +
                            " \"$(cut -d' ' -f1,2 host_ed.pub)\" >> known_hosts"));
    CHECK_MESSAGE(dump(server, server.url(), output) == 0, output);
  }
  // Not yet valid: the clock may be wrong, and a warning says so.
  show_certificate(server, "host_ed", "-n 127.0.0.1 -V 20900101:20910101");
  CHECK(dump(server, server.url(), output) == 0);
  CHECK_MESSAGE(has(output, "valid from 2090-01-01T"), output);
  // Expired within the error of a clock in local time.
  show_certificate(server, "host_ed", "-n 127.0.0.1 -V -2h:-1h");
  CHECK(dump(server, server.url(), output) == 0);
  CHECK_MESSAGE(has(output, "using it"), output);
  show_certificate(server, "host_ed", "-n 127.0.0.1");
  CHECK(dump(server, server.url(), output) == 0);
  CHECK(!has(output, "certificate"));
  must_run(
      in(server, "printf '@cert-authority * %s\\n' \"$(cut -d' ' -f1,2 c2.pub)\" > known_hosts"));
  CHECK(dump(server, server.url(), output) == 1);
  CHECK_MESSAGE(has(output, "has no @cert-authority SHA256:"), output);
  // Without a certificate the way out is named.
  must_run(in(server, "sed -i '/^HostCertificate/d' config"));
  server.kill();
  server.start();
  CHECK(dump(server, server.url(), output) == 1);
  CHECK_MESSAGE(has(output, "has no host certificate, and only a @cert-authority is known"),
                output);
}

TEST_CASE("a user certificate beside the key logs in, and the key alone where it does not") {
  SshServer server;
  must_run(in(server,
              "ssh-keygen -q -t ed25519 -N '' -f ca && echo TrustedUserCAKeys $PWD/ca.pub >> "
              "config && : > authorized"));
  server.kill();
  server.start();
  std::string output;
  for (const char* type : {"ed25519", "ecdsa", "rsa -b 2048"}) {
    CAPTURE(type);
    must_run(in(server, std::string("rm -f key key-cert.pub && ssh-keygen -q -N '' -f key -t ") +
                            type + " && ssh-keygen -q -s ca -I id -n root key.pub"));
    CHECK_MESSAGE(dump(server, server.url(), output) == 0, output);
  }
  must_run(in(server, "ssh-keygen -q -s ca -I id -n root -V 20200101:20200202 key.pub"));
  CHECK(dump(server, server.url(), output) == 1);
  CHECK_MESSAGE(has(output, "its certificate is valid until 2020-02-0"), output);
  must_run(in(server, "ssh-keygen -q -s ca -h -I id -n root key.pub"));
  CHECK(dump(server, server.url(), output) == 1);
  CHECK_MESSAGE(has(output, "is not used: it is of a host"), output);
  must_run(in(server, "cp key.pub authorized"));
  CHECK_MESSAGE(dump(server, server.url(), output) == 0, output);
}

TEST_CASE("a server behind a bastion is reached through it alone") {
  SshServer server, bastion("");
  // Each with its own key, and with the other's user.
  must_run("cat " + bastion.path("known_hosts") + " >> " + server.path("known_hosts"));
  const std::string url = server.url() + "&jump=root@127.0.0.1:" + std::to_string(bastion.port()) +
                          "&jump_key=" + bastion.path("key");
  std::string output;
  CHECK_MESSAGE(dump(server, url, output) == 0, output);
  CHECK_MESSAGE(run("check 'rd.kdump.target=" + url + "'", output) == 0, output);
  CHECK(has(output, "would work"));
  // The URL is long, and shown whole once.
  const size_t first = output.find("jump_key=");
  CHECK(first != output.npos);
  CHECK(output.find("jump_key=", first + 1) == output.npos);

  // The server's key does not open the bastion.
  CHECK(dump(server, server.url() + "&jump=root@127.0.0.1:" + std::to_string(bastion.port()),
             output) == 1);
  CHECK_MESSAGE(has(output, "jump: 127.0.0.1 does not accept the key"), output);
  bastion.kill();
  CHECK(dump(server, url, output) == 1);
  // A bastion that is another machine, or that forwards nothing.
  must_run(in(bastion,
              "rm host host.pub host_ed host_ed.pub && ssh-keygen -q -t ecdsa -N '' -f host "
              "&& ssh-keygen -q -t ed25519 -N '' -f host_ed"));
  bastion.start();
  CHECK(dump(server, url, output) == 1);
  CHECK_MESSAGE(has(output, "differs from the known key"), output);
  must_run("printf '[127.0.0.1]:%s %s\\n' " + std::to_string(bastion.port()) +
           " \"$(cut -d' ' -f1,2 " + bastion.path("host.pub") + ")\" >> " +
           server.path("known_hosts"));
  must_run(in(bastion, "echo AllowTcpForwarding no >> config"));
  bastion.kill();
  bastion.start();
  // It is asked again for a step's time.
  CHECK(run("check rd.kdump.timeout=2 'rd.kdump.target=" + url + "'", output) == 1);
  CHECK_MESSAGE(has(output, "connect to 127.0.0.1 port"), output);
  CHECK(run("check 'rd.kdump.target=" + server.url() + "&jump=gate'", output) != 0);
  CHECK_MESSAGE(has(output, "jump= must be USER@HOST[:PORT]"), output);
}
