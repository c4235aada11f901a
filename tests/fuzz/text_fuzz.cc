// What people write and images carry: arguments, URLs, files of keys.
#include "filter/pages/page_class.h"
#include "init/capture/console.h"
#include "init/capture/kernel_arguments.h"
#include "net/cmdline/network_arguments.h"
#include "net/ssh/certificate.h"
#include "net/ssh/digest.h"
#include "net/ssh/known_hosts.h"
#include "net/ssh/user_key.h"
#include "net/ssh/wire.h"
#include "targets/schemes.h"
#include "targets/url/nfs_url.h"
#include "targets/url/server_url.h"
#include "targets/url/url.h"
#include "tests/fakes/fake_sys.h"
#include "tests/fuzz/fuzzer.h"

namespace kdump {
namespace {

void check_warnings(const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) {
    promised(!warning.empty(), "a warning says something");
    EventLine line;
    const size_t length = format_event(line, 0, warning);
    for (const char c : std::string_view(line, length))
      promised((c >= ' ' && c <= '~') || c == '\n', "what the console gets is printable");
  }
}

// Every path that a URL can give is absolute and stays below where it begins.
void check_directory_of(const std::string& directory) {
  promised(directory.starts_with('/'), "a directory begins with /");
  promised((directory + "/").find("/../") == std::string::npos, "a directory does not climb");
  promised(directory.find('\0') == std::string::npos, "a directory has no NUL in it");
}

std::string key_type(std::string_view blob) {
  ByteReader reader(bytes_of_text(blob), "key");
  const auto type = take_wire_string(reader);
  return type ? std::string(*type) : "none";
}

}  // namespace

void fuzz_kernel_arguments(Bytes input) {
  Pieces pieces(input);
  const std::string_view packed = pieces.text();
  for (const bool has_shell : {false, true}) {
    const auto read = parse_kernel_arguments(packed, as_text(pieces.rest()), has_shell);
    check_warnings(read.warnings);
    const Settings& settings = read.settings;
    promised(settings.targets.size() <= kMaxTargets, "targets are bounded");
    promised(!settings.levels.empty(), "there is a level");
    for (const uint32_t level : settings.levels) promised(level <= kMaxLevel, "levels exist");
    promised(
        settings.step_timeout_s > 0 && settings.stall_timeout_s > 0 && settings.shell_timeout_s > 0,
        "no wait is endless or none");
    promised(has_shell || settings.failure != FailureAction::shell, "no shell where none is");
  }
}

void fuzz_network_arguments(Bytes input) {
  Pieces pieces(input);
  const std::string_view packed = pieces.text();
  const auto read = parse_network_arguments(packed, as_text(pieces.rest()));
  check_warnings(read.warnings);
  promised(read.settings.addresses.size() <= 2 * kMaxNetworkArguments, "requests are bounded");
}

void fuzz_target_url(Bytes input) {
  const std::string_view text = as_text(input);
  if (const auto known = check_target_url(std::string(text)); !known)
    promised(known.error().text[0] != '\0', "a refusal says why");
  if (const auto url = parse_file_system_url(text); url) check_directory_of(url->directory);
  if (const auto url = parse_directory_url(text); url) check_directory_of(url->directory);
  (void)parse_raw_url(text);
  if (const auto url = parse_nfs_url(text); url) {
    check_directory_of(url->directory);
    check_directory_of(url->server.path);
    promised(!url->versions.empty(), "there is a version to try");
  }
  if (const auto url = parse_ssh_url(text); url) {
    check_directory_of(url->server.path);
    promised(!url->server.user.empty() && url->server.port != 0, "user and port are filled in");
  }
}

void fuzz_known_hosts(Bytes input) {
  Pieces pieces(input);
  const std::string host(pieces.text());
  const std::string_view file = as_text(pieces.rest());
  for (const uint16_t port : {uint16_t{22}, uint16_t{2222}}) {
    const auto known = KnownHosts::of_server(file, host, "192.0.2.1", port);
    (void)known.algorithms("known_hosts");
    promised(!known.check("a key of somebody else", "known_hosts", 0), "an unknown key is refused");
    for (const KnownHostKey& key : known.keys()) (void)known.check(key.blob, "known_hosts", 0);
  }
}

// For the authority that the certificate names, so that nothing of it goes unread.
void fuzz_certificate(Bytes input) {
  const std::string blob(as_text(input));
  const auto certificate = parse_certificate(blob);
  const auto known = KnownHosts::of_server(
      "@cert-authority * " + key_type(certificate ? certificate->authority : blob) + " " +
          base64_encode(certificate ? certificate->authority : blob),
      "host", "192.0.2.1", 22);
  const auto shown = known.check(blob, "known_hosts", 1'800'000'000);
  promised(shown || shown.error().text[0] != '\0', "a refusal says why");
  if (!certificate) return;
  promised(is_certificate(blob) && !is_certificate(certificate->key), "a certificate holds a key");
  promised(blob.starts_with(certificate->signed_part), "what is signed is the certificate");
  const auto good = check_host_certificate(*certificate, "host", 1'800'000'000);
  promised(good || good.error().text[0] != '\0', "a refusal says why");
}

void fuzz_user_key(Bytes input) {
  FakeSys sys;
  sys.add_file("/key", std::string(as_text(input)));
  const auto key = load_user_key(sys, "/key");
  if (key)
    promised(!key->key.public_blob().empty(), "a key has a public half");
  else
    promised(key.error().text[0] != '\0', "a refusal says why");
}

}  // namespace kdump
