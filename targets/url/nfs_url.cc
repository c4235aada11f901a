#include "targets/url/nfs_url.h"

#include <algorithm>

#include "targets/url/url.h"

namespace kdump {
namespace {

constexpr uint16_t kNfsPort = 2049;
constexpr const char* kVersions[] = {"4.2", "4.1", "4.0", "3"};

struct RefusedOption {
  std::string_view name;
  const char* because;
};
constexpr RefusedOption kRefused[] = {
    {"addr", "the host determines it"},
    {"clientaddr", "the route to the host determines it"},
    {"port", "it belongs after the host"},
    {"proto", "only TCP is used"},
    {"udp", "only TCP is used"},
    {"mountproto", "only TCP is used"},
    {"hard", "a dead server would hang the capture"},
    {"bg", "a dead server would hang the capture"},
    {"ro", "a dump is written"},
    {"lock", "dumps are not locked"},
};

// 4 means any of version 4.
Result<std::vector<std::string>> parse_versions(const std::string& value) {
  std::vector<std::string> chosen;
  for (const std::string version : kVersions)
    if (value == version || (value == "4" && version[0] == '4')) chosen.push_back(version);
  if (chosen.empty())
    return fail(Kind::refused, "vers must be 3, 4, 4.0, 4.1 or 4.2, not '%s'", value.c_str());
  return chosen;
}

Result<> add_option(const ServerUrl::Option& option, std::string& options) {
  for (const RefusedOption& refused : kRefused)
    if (option.name == refused.name)
      return fail(Kind::refused, "the option %s is not permitted: %s", option.name.c_str(),
                  refused.because);
  // The kernel splits them at commas.
  if (option.name.empty() || (option.name + option.value).find(',') != std::string::npos)
    return fail(Kind::refused, "invalid mount option '%s'", option.name.c_str());
  options += (options.empty() ? "" : ",") + option.name;
  if (!option.value.empty()) options += "=" + option.value;
  return {};
}

}  // namespace

Result<NfsUrl> parse_nfs_url(std::string_view rest) {
  NfsUrl url{.server = TRY(parse_server_url(rest)),
             .directory = "/",
             .versions = {std::begin(kVersions), std::end(kVersions)},
             .options = {}};
  if (!url.server.user.empty())
    return fail(Kind::refused, "nfs: has no user before the host: files belong to root");
  if (url.server.port == 0) url.server.port = kNfsPort;
  for (const ServerUrl::Option& option : url.server.options) {
    if (option.name == "path")
      url.directory = TRY(check_directory(option.value));
    else if (option.name == "vers" || option.name == "nfsvers")
      url.versions = TRY(parse_versions(option.value));
    else
      TRY(add_option(option, url.options));
  }
  return url;
}

}  // namespace kdump
