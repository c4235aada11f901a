// Dumps over SSH, by the command as people run it and read back, with each kind of host key, user
// key, key exchange and cipher, to OpenSSH of Debian 12 and of Debian 13, dropbear and asyncssh.
// Prints the combinations as rows of a table. Each value once; with
// KDUMP_INIT_ALL set, each pair of host and user key, of key exchange and cipher, and of key
// exchange and host key.
#include <doctest/doctest.h>
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

#include "tests/init/tiny_core.h"
#include "tests/targets/ssh/ssh_server.h"

using namespace kdump;

namespace {

using Values = std::vector<std::string>;

// File names below keys(), each made by the command of its row; $k: the name.
struct Form {
  const char* name;
  const char* made_by;
};
#define CURVE(bits)                                                                     \
  {"ecdsa" bits "-openssh", "ssh-keygen -q -t ecdsa -b " bits " -N '' -f $k"},          \
      {"ecdsa" bits "-pem", "ssh-keygen -q -t ecdsa -b " bits " -m PEM -N '' -f $k"}, { \
    "ecdsa" bits "-pkcs8", "ssh-keygen -q -t ecdsa -b " bits " -m PKCS8 -N '' -f $k"    \
  }
constexpr Form kForms[] = {
    {"ed25519-openssh", "ssh-keygen -q -t ed25519 -N '' -f $k"},
    // ssh-keygen reads no such key: its public half is openssl's, behind 12 bytes of DER.
    {"ed25519-pkcs8",
     "openssl genpkey -algorithm ed25519 -out $k && { printf "
     "'\\0\\0\\0\\13ssh-ed25519\\0\\0\\0\\40'; "
     "openssl pkey -in $k -pubout -outform DER | tail -c 32; } | base64 -w0 | "
     "sed 's/^/ssh-ed25519 /; s/$/\\n/' > $k.pub"},
    CURVE("256"),
    CURVE("384"),
    CURVE("521"),
    {"rsa-openssh", "ssh-keygen -q -t rsa -b 3072 -N '' -f $k"},
    {"rsa-pem", "ssh-keygen -q -t rsa -b 2048 -m PEM -N '' -f $k"},
    {"rsa-pkcs8", "ssh-keygen -q -t rsa -b 2048 -m PKCS8 -N '' -f $k"},
};

const Values kHostKeys = {"ed25519-openssh", "ecdsa256-openssh", "ecdsa384-openssh",
                          "ecdsa521-openssh", "rsa-openssh"};
const Values kExchanges = {"curve25519-sha256",
                           "curve25519-sha256@libssh.org",
                           "ecdh-sha2-nistp256",
                           "ecdh-sha2-nistp384",
                           "ecdh-sha2-nistp521",
                           "diffie-hellman-group14-sha256",
                           "diffie-hellman-group16-sha512",
                           "diffie-hellman-group18-sha512"};
const Values kCiphers = {"aes128-gcm@openssh.com", "aes256-gcm@openssh.com",
                         "chacha20-poly1305@openssh.com", "aes128-ctr", "aes256-ctr"};

struct Combination {
  std::string host_key, user_key, exchange, cipher;
};

class Keys {
 public:
  Keys() {
    char name[] = "/tmp/kdump-keys.XXXXXX";
    REQUIRE(mkdtemp(name));
    directory_ = name;
    for (const Form& form : kForms) {
      must_run("cd " + directory_ + " && k=" + form.name + " && " + form.made_by +
               " && chmod 600 $k");
      users_.push_back(form.name);
    }
    // The public halves are the server's alone: a user may have none beside the key.
    must_run("cd " + directory_ +
             " && cat *.pub > authorized && mkdir user && for k in *.pub; do "
             "cp ${k%.pub} user; done");
    std::ofstream(directory_ + "/core", std::ios::binary) << tiny_core();
  }
  ~Keys() { std::filesystem::remove_all(directory_); }

  const Values& users() const { return users_; }
  std::string path(const std::string& name) const { return directory_ + "/" + name; }

 private:
  std::string directory_;
  Values users_;
};

int run(const std::string& command, std::string& output) {
  FILE* const pipe = popen((command + " 2>&1").c_str(), "r");
  REQUIRE(pipe);
  for (int c = getc(pipe); c != EOF; c = getc(pipe)) output += static_cast<char>(c);
  const int status = pclose(pipe);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// Whether the dump arrived; a line of the table.
void dump_to(const Keys& keys, const Combination& each, const SshServer& server,
             const std::string& host_key, const char* program, const std::string& dumper) {
  must_run("cat " + keys.path("authorized") + " > " + server.path("authorized") +
           " && printf '[127.0.0.1]:" + std::to_string(server.port()) +
           " %s\\n' \"$(cut -d' ' -f1,2 " + host_key + ".pub)\" > " + server.path("known_hosts"));
  const std::string url = "ssh://root@127.0.0.1:" + std::to_string(server.port()) +
                          server.directory() + "/crash?key=" + keys.path("user/" + each.user_key) +
                          "&known_hosts=" + server.path("known_hosts");
  std::string output;
  const int saved = run(dumper + " dump " + keys.path("core") + " '" + url + "'", output);
  // Without SFTP it is flattened, which verify does not read.
  const std::string read_back =
      server.is_dropbear() ? "cd " + server.path("crash/*") + " && sha256sum --quiet -c SHA256SUMS"
                           : KDUMP_INIT_PROGRAM " verify " + server.path("crash/*/vmcore");
  const int whole = saved == 0 ? run(read_back, output) : -1;
  static const int head = printf(
      "| server | host key | user key | key exchange | cipher | dump "
      "|\n|---|---|---|---|---|---|\n");
  CHECK(head > 0);
  printf("| %s | %s | %s | %s | %s%s | %s |\n", program, each.host_key.c_str(),
         each.user_key.c_str(), each.exchange.c_str(), each.cipher.c_str(),
         dumper == KDUMP_INIT_PROGRAM ? "" : ", by a CPU without AES",
         whole == 0 ? "whole" : "FAILED");
  fflush(stdout);
  INFO(output);
  INFO(content_of(server.path("log")));
  CHECK(saved == 0);
  CHECK(whole == 0);
}

// The server allows nothing but the combination. dumper: the command, or its portable twin.
void dump_with(const Keys& keys, const Combination& each, const char* program,
               const std::string& dumper = KDUMP_INIT_PROGRAM) {
  const bool is_ed25519 = each.host_key.starts_with("ed25519");
  const bool has_own = is_ed25519 || each.host_key.starts_with("ecdsa256");  // SshServer's
  const SshServer server((has_own ? "" : "HostKey " + keys.path(each.host_key)) +
                             "\nHostKeyAlgorithms " +
                             (each.host_key.starts_with("rsa") ? "rsa-sha2-512"
                              : is_ed25519                     ? "ssh-ed25519"
                                           : "ecdsa-sha2-nistp" + each.host_key.substr(5, 3)) +
                             "\nKexAlgorithms " + each.exchange + "\nCiphers " + each.cipher +
                             "\n" + SshServer::kWithSftp,
                         program);
  dump_to(keys, each, server,
          is_ed25519 ? server.path("host_ed")
          : has_own  ? server.path("host")
                     : keys.path(each.host_key),
          program, dumper);
}

// dropbear chooses key exchange and cipher by its own order.
void dump_to_dropbear(const Keys& keys, const std::string& host_key, const std::string& user_key) {
  SshServer server(SshServer::kDropbear);
  server.kill();
  must_run("cat " + keys.path("authorized") + " > " + server.path("authorized") + "; rm " +
           server.path("host.db"));
  server.use_dropbear_key(keys.path(host_key));
  server.start();
  dump_to(keys, {host_key, user_key, "its choice", "its choice"}, server, keys.path(host_key),
          "dropbear", KDUMP_INIT_PROGRAM);
}

const std::string& at(const Values& values, size_t i) { return values[i % values.size()]; }

std::vector<Combination> combinations(const Values& users, const Values& exchanges) {
  std::vector<Combination> all;
  for (size_t i = 0; i < users.size(); ++i)
    all.push_back({at(kHostKeys, i), users[i], at(exchanges, i), at(kCiphers, i)});
  if (!getenv("KDUMP_INIT_ALL")) return all;
  all.clear();
  for (size_t host = 0; host < kHostKeys.size(); ++host)
    for (size_t user = 0; user < users.size(); ++user)
      all.push_back({kHostKeys[host], users[user], at(exchanges, user + 3 * host),
                     at(kCiphers, 2 * user + host)});
  // What these leave out of the other pairs.
  size_t turn = 0;
  const auto add = [&](const Combination& each, auto a, auto b) {
    for (const Combination& there : all)
      if (there.*a == each.*a && there.*b == each.*b) return;
    all.push_back(each);
  };
  for (const auto& exchange : exchanges)
    for (const auto& cipher : kCiphers) {
      ++turn;
      add({at(kHostKeys, turn), at(users, turn), exchange, cipher}, &Combination::exchange,
          &Combination::cipher);
    }
  for (const auto& exchange : exchanges)
    for (const auto& host : kHostKeys) {
      ++turn;
      add({host, at(users, turn), exchange, at(kCiphers, turn)}, &Combination::exchange,
          &Combination::host_key);
    }
  return all;
}

}  // namespace

TEST_CASE("a dump is whole over every kind of host key, user key, key exchange and cipher") {
  const Keys keys;
  for (const auto& each : combinations(keys.users(), kExchanges)) dump_with(keys, each, "sshd");
}

TEST_CASE("a dump is whole with each cipher on a CPU without instructions for it") {
  const Keys keys;
  for (const auto& cipher : kCiphers)
    dump_with(keys, {kHostKeys[0], kHostKeys[0], kExchanges[0], cipher}, "sshd",
              KDUMP_INIT_PORTABLE_PROGRAM);
}

TEST_CASE("a dump is whole with what OpenSSH 10 uses by default, and with nothing else allowed") {
  const Keys keys;
  Values exchanges = {"mlkem768x25519-sha256"};
  if (!getenv("KDUMP_INIT_ALL")) {
    for (const char* const host : {"ed25519-openssh", "ecdsa256-openssh", "rsa-openssh"})
      dump_with(keys, {host, host, exchanges[0], kCiphers[0]}, "sshd13");
    return;
  }
  exchanges.insert(exchanges.end(), kExchanges.begin(), kExchanges.end());
  for (const auto& each : combinations(keys.users(), exchanges)) dump_with(keys, each, "sshd13");
}

TEST_CASE("a dump is whole on dropbear, with each kind of host key") {
  const Keys keys;
  const Values hosts = {"ed25519-openssh", "ecdsa256-openssh", "ecdsa521-openssh", "rsa-openssh"};
  for (size_t i = 0; i < hosts.size(); ++i)
    for (size_t j = 0; j < keys.users().size(); ++j)
      if (getenv("KDUMP_INIT_ALL") || j == 4 * i) dump_to_dropbear(keys, hosts[i], keys.users()[j]);
}

TEST_CASE("a dump is whole on asyncssh, which shares no code with OpenSSH") {
  const Keys keys;
  const auto all = combinations(keys.users(), kExchanges);
  for (size_t i = 0; i < all.size(); ++i)
    if (getenv("KDUMP_INIT_ALL") || i % 6 == 0) dump_with(keys, all[i], "asyncssh");
}

// kdumpctl propagate (Fedora) and kdump-config propagate (Debian) make the key; ssh itself, by each
// distribution's ssh_config, writes known_hosts at the first login.
TEST_CASE("a key and known_hosts as Fedora's and Debian's kdump make them work untouched") {
  const Keys keys;
  struct Distribution {
    const char *name, *make_key, *ssh_config;
  };
  for (const Distribution& each :
       {Distribution{"Fedora", "ssh-keygen -t rsa -f $k -N '' -q", "-o HashKnownHosts=no"},
        Distribution{"Debian", "ssh-keygen -t rsa -N '' -q -f $k", "-o HashKnownHosts=yes"}}) {
    CAPTURE(each.name);
    const SshServer server;
    const std::string key = server.path("kdump_id_rsa"), hosts = server.path("hosts");
    must_run("k=" + key + "; " + each.make_key + " && cat $k.pub > " + server.path("authorized") +
             " && ssh -F none -o BatchMode=yes -o StrictHostKeyChecking=accept-new " +
             each.ssh_config + " -o UserKnownHostsFile=" + hosts +
             " -o GlobalKnownHostsFile=none -i $k -p " + std::to_string(server.port()) +
             " root@127.0.0.1 mkdir -p " + server.path("crash") + " 2>/dev/null");
    std::string output;
    const int saved =
        run(KDUMP_INIT_PROGRAM " dump " + keys.path("core") +
                " 'ssh://root@127.0.0.1:" + std::to_string(server.port()) + server.directory() +
                "/crash?key=" + key + "&known_hosts=" + hosts + "'",
            output);
    INFO(output);
    CHECK(saved == 0);
    CHECK(run(KDUMP_INIT_PROGRAM " verify " + server.path("crash/*/vmcore"), output) == 0);
  }
}
