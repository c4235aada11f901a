#include "targets/schemes.h"

#include "targets/factories.h"
#include "targets/url/nfs_url.h"
#include "targets/url/server_url.h"
#include "targets/url/url.h"

namespace kdump {
namespace {

// A parsed URL is checked by throwing the fields away.
template <auto parse>
Result<> check(std::string_view rest) {
  const auto url = parse(rest);
  if (!url) return std::unexpected(url.error());
  return {};
}

struct Scheme {
  std::string_view name;
  Result<> (*check)(std::string_view rest);
  Result<std::unique_ptr<Target>> (*make)(const std::string& text, std::string_view rest,
                                          const TargetContext& context);
};

constexpr Scheme kSchemes[] = {
    {"fs", check<parse_file_system_url>, make_file_system_target},
    {"raw", check<parse_raw_url>, make_raw_target},
    {"dir", check<parse_directory_url>, make_directory_target},
    {"nfs", check<parse_nfs_url>, make_nfs_target},
    {"ssh", check<parse_ssh_url>, make_ssh_target},
};

Result<const Scheme*> scheme_of(const std::string& url) {
  const std::string_view name = std::string_view(url).substr(0, url.find(':'));
  std::string known;
  for (const Scheme& scheme : kSchemes) {
    if (name == scheme.name && name.size() < url.size()) return &scheme;
    known += (known.empty() ? "" : " ") + std::string(scheme.name) + ":";
  }
  return fail(Kind::refused, "target %s: unknown scheme; expected %s",
              without_password(url).c_str(), known.c_str());
}

std::string_view after_colon(const std::string& url, const Scheme& scheme) {
  return std::string_view(url).substr(scheme.name.size() + 1);
}

}  // namespace

Result<std::unique_ptr<Target>> make_target(const std::string& url, const TargetContext& context) {
  const Scheme* scheme = TRY(scheme_of(url));
  auto target = scheme->make(url, after_colon(url, *scheme), context);
  if (!target) return wrap(target.error(), "target %s", without_password(url).c_str());
  return target;
}

Result<> check_target_url(const std::string& url) {
  const Scheme* scheme = TRY(scheme_of(url));
  if (auto good = scheme->check(after_colon(url, *scheme)); !good)
    return wrap(good.error(), "target %s", without_password(url).c_str());
  return {};
}

}  // namespace kdump
