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
struct Authority {
  std::string host;
  uint16_t port = 0;  // 0: none given
};

// decode: of a host in a URL; an option's value is decoded already.
Result<Authority> parse_authority(std::string_view text,
                                  Result<std::string> (*decode)(std::string_view)) {
  Authority found;
  std::string_view host = text, after;
  if (text.starts_with('[')) {
    const size_t close = text.find(']');
    if (close == std::string_view::npos) return fail(Kind::refused, "[ without ]");
    host = text.substr(1, close - 1);
    after = text.substr(close + 1);
    if (host.find(':') == std::string_view::npos)
      return fail(Kind::refused, "only IPv6 addresses have brackets");
  } else if (const size_t colon = text.find(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    after = text.substr(colon);
    if (after.find(':', 1) != std::string_view::npos)
      return fail(Kind::refused, "an IPv6 address needs brackets: [%.*s]",
                  static_cast<int>(text.size()), text.data());
  }
  found.host = TRY(decode(host));
  if (found.host.empty()) return fail(Kind::refused, "no host (//HOST/DIR)");
  // Hosts go to resolvers, into mount options and messages: none of them takes these.
  if (found.host.find_first_of(" \t\r\n,/\\'\"") != std::string::npos || found.host[0] == '-')
    return fail(Kind::refused, "invalid host '%s'", found.host.c_str());
  if (after.empty()) return found;
  if (after[0] != ':') return fail(Kind::refused, "only :PORT may follow the host's ]");
  found.port = TRY(parse_port(after.substr(1)));
  return found;
}

Result<> check_user(const std::string& user) {
  if (user.empty()) return fail(Kind::refused, "no USER@ before the host");
  if (user.find(':') != std::string::npos)
    return fail(Kind::refused, "unsupported password in the URL: only keys are used");
  return {};
}

Result<std::optional<SshUrl::Jump>> parse_jump(const ServerUrl& url, const std::string& key) {
  const auto named = [&](const char* name) {
    return std::ranges::find(url.options, name, &ServerUrl::Option::name);
  };
  const auto option = named("jump");
  if (option == url.options.end()) {
    if (named("jump_key") != url.options.end())
      return fail(Kind::refused, "jump_key= without jump=");
    return std::nullopt;
  }
  const std::string& value = option->value;
  const size_t at = value.rfind('@');
  if (at == std::string::npos || value.find(',') != std::string::npos)
    return fail(Kind::refused, "jump= must be USER@HOST[:PORT], one bastion");
  const auto found = parse_authority(
      std::string_view(value).substr(at + 1),
      [](std::string_view host) -> Result<std::string> { return std::string(host); });
  if (!found) return wrap(found.error(), "jump");
  SshUrl::Jump jump{.user = value.substr(0, at),
                    .host = found->host,
                    .port = found->port ? found->port : kSshPort,
                    .key = url.option("jump_key", key)};
  if (const auto good = check_user(jump.user); !good) return wrap(good.error(), "jump");
  return jump;
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
      return fail(Kind::refused, "unknown option '%s'", name.c_str());
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
  Authority found = TRY(parse_authority(authority, percent_decode));
  url.host = std::move(found.host);
  url.port = found.port;
  url.path = TRY(parse_directory(before_query.substr(slash)));
  if (query != std::string_view::npos) TRY(parse_options(rest.substr(query + 1), url));
  return url;
}

Result<SshUrl> parse_ssh_url(std::string_view rest) {
  SshUrl url;
  url.server = TRY(parse_server_url(rest));
  TRY(url.server.only_options({"key", "known_hosts", "jump", "jump_key"}));
  TRY(check_user(url.server.user));
  if (url.server.port == 0) url.server.port = kSshPort;
  const std::string directory = kSshDirectory;
  url.key = url.server.option("key", directory + "/key");
  url.known_hosts = url.server.option("known_hosts", directory + "/known_hosts");
  url.jump = TRY(parse_jump(url.server, url.key));
  for (const std::string* file : {&url.key, &url.known_hosts, url.jump ? &url.jump->key : &url.key})
    if (!file->starts_with('/'))
      return fail(Kind::refused, "key=, known_hosts= and jump_key= must begin with / ('%s')",
                  file->c_str());
  return url;
}

}  // namespace kdump
