#include "targets/url/server_url.h"

#include <algorithm>

#include "filter/base/numbers.h"
#include "filter/base/text.h"
#include "targets/url/url.h"

namespace kdump {
namespace {

constexpr uint16_t kSshPort = 22;

Result<uint16_t> parse_port(std::string_view digits) {
  const auto port = whole_number<uint16_t>(digits);
  if (!port || *port == 0)
    return fail(Kind::refused, "the port must be 1 to 65535, not '%.*s'",
                static_cast<int>(digits.size()), digits.data());
  return *port;
}

// HOST[:PORT]; an IPv6 address is in brackets.
Result<> parse_authority(std::string_view text, ServerUrl& url) {
  std::string_view host = text, after;
  if (text.starts_with('[')) {
    const size_t close = text.find(']');
    if (close == std::string_view::npos) return fail(Kind::refused, "a [ without its ]");
    host = text.substr(1, close - 1);
    after = text.substr(close + 1);
    if (host.find(':') == std::string_view::npos)
      return fail(Kind::refused, "only an IPv6 address stands in brackets");
  } else if (const size_t colon = text.find(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    after = text.substr(colon);
    if (after.find(':', 1) != std::string_view::npos)
      return fail(Kind::refused, "an IPv6 address is written in brackets: [%.*s]",
                  static_cast<int>(text.size()), text.data());
  }
  url.host = TRY(percent_decode(host));
  if (url.host.empty()) return fail(Kind::refused, "no host (//HOST/DIR)");
  // Hosts go to resolvers, into mount options and messages: none of them takes these.
  if (url.host.find_first_of(" \t\r\n,/\\'\"") != std::string::npos || url.host[0] == '-')
    return fail(Kind::refused, "'%s' is no host", url.host.c_str());
  if (after.empty()) return {};
  if (after[0] != ':') return fail(Kind::refused, "only :PORT may follow the host's ]");
  url.port = TRY(parse_port(after.substr(1)));
  return {};
}

Result<> parse_options(std::string_view text, ServerUrl& url) {
  while (!text.empty()) {
    const size_t end = text.find('&');
    const std::string_view each = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (each.empty()) continue;
    const size_t equals = each.find('=');
    ServerUrl::Option option{TRY(percent_decode(each.substr(0, equals))), {}};
    if (equals != std::string_view::npos)
      option.value = TRY(percent_decode(each.substr(equals + 1)));
    url.options.push_back(std::move(option));
  }
  return {};
}

}  // namespace

Result<> ServerUrl::only_options(std::initializer_list<std::string_view> known) const {
  for (size_t i = 0; i < options.size(); ++i) {
    const std::string& name = options[i].name;
    if (std::find(known.begin(), known.end(), name) == known.end())
      return fail(Kind::refused, "no option is called '%s'", name.c_str());
    for (size_t earlier = 0; earlier < i; ++earlier)
      if (options[earlier].name == name)
        return fail(Kind::refused, "the option %s is given twice", name.c_str());
  }
  return {};
}

std::string ServerUrl::option(std::string_view name, std::string_view otherwise) const {
  for (const Option& each : options)
    if (each.name == name) return each.value;
  return std::string(otherwise);
}

Result<ServerUrl> parse_server_url(std::string_view rest) {
  if (!rest.starts_with("//")) return fail(Kind::refused, "no //HOST after the scheme");
  rest.remove_prefix(2);
  const size_t query = rest.find('?');
  const std::string_view before_query = rest.substr(0, query);
  const size_t slash = before_query.find('/');
  if (slash == std::string_view::npos) return fail(Kind::refused, "no /DIR after the host");

  ServerUrl url;
  std::string_view authority = before_query.substr(0, slash);
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) {
    url.user = TRY(percent_decode(authority.substr(0, at)));
    if (url.user.empty()) return fail(Kind::refused, "no user before the @");
    authority.remove_prefix(at + 1);
  }
  TRY(parse_authority(authority, url));
  url.path = TRY(parse_directory(before_query.substr(slash)));
  if (query != std::string_view::npos) TRY(parse_options(rest.substr(query + 1), url));
  return url;
}

Result<SshUrl> parse_ssh_url(std::string_view rest) {
  SshUrl url{.server = TRY(parse_server_url(rest)), .key = {}, .known_hosts = {}};
  TRY(url.server.only_options({"key", "known_hosts"}));
  if (url.server.user.empty()) return fail(Kind::refused, "no USER@ before the host");
  if (url.server.user.find(':') != std::string::npos)
    return fail(Kind::refused, "a password has no place in a URL: only keys are used");
  if (url.server.port == 0) url.server.port = kSshPort;
  const std::string directory = kSshDirectory;
  url.key = url.server.option("key", directory + "/key");
  url.known_hosts = url.server.option("known_hosts", directory + "/known_hosts");
  for (const std::string* file : {&url.key, &url.known_hosts})
    if (!file->starts_with('/'))
      return fail(Kind::refused, "key= and known_hosts= must begin with / ('%s')", file->c_str());
  return url;
}

}  // namespace kdump
