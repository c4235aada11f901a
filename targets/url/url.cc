#include "targets/url/url.h"

#include <algorithm>

#include "filter/base/text.h"

namespace kdump {
namespace {

Result<DeviceName> parse_device(std::string_view encoded) {
  struct Tag {
    std::string_view prefix;
    DeviceName::By by;
  };
  constexpr Tag kTags[] = {{"UUID=", DeviceName::By::uuid},
                           {"LABEL=", DeviceName::By::label},
                           {"PARTUUID=", DeviceName::By::partuuid},
                           {"PARTLABEL=", DeviceName::By::partlabel}};
  for (const Tag& tag : kTags) {
    if (!encoded.starts_with(tag.prefix)) continue;
    DeviceName name{tag.by, TRY(percent_decode(encoded.substr(tag.prefix.size())))};
    if (name.value.empty()) return fail(Kind::refused, "nothing after %s", tag.prefix.data());
    return name;
  }
  DeviceName name{DeviceName::By::path, TRY(percent_decode(encoded))};
  if (!name.value.starts_with("/dev/") || name.value == "/dev/")
    return fail(Kind::refused,
                "the device must be UUID=, LABEL=, PARTUUID=, PARTLABEL= or /dev/… (%s)",
                name.value.c_str());
  return name;
}

}  // namespace

std::string without_options(const std::string& url) {
  return url.substr(0, url.find("://") == url.npos ? url.npos : url.find('?'));
}

Result<std::string> parse_directory(std::string_view encoded) {
  return check_directory(TRY(percent_decode(encoded)));
}

Result<std::string> check_directory(std::string path) {
  if (path.empty() || path[0] != '/')
    return fail(Kind::refused, "the directory must begin with / (%s)", path.c_str());
  // A path that climbs could leave the file system that it is meant to lie on.
  if ((path + "/").find("/../") != std::string::npos)
    return fail(Kind::refused, ".. in the directory %s", path.c_str());
  return path;
}

Result<FileSystemUrl> parse_file_system_url(std::string_view rest) {
  const size_t colon = rest.find(":/");
  if (colon == std::string_view::npos)
    return fail(Kind::refused, "no :/DIR after the device (fs:DEVICE:/DIR)");
  if (rest.find('?') != std::string_view::npos)
    return fail(Kind::refused, "fs: has no options (a ? in a name is written %%3F)");
  // One after the other: g++ 12 leaks what a braced list had when a later part of it returns.
  FileSystemUrl url;
  url.device = TRY(parse_device(rest.substr(0, colon)));
  url.directory = TRY(parse_directory(rest.substr(colon + 1)));
  return url;
}

Result<RawUrl> parse_raw_url(std::string_view rest) {
  const size_t query = rest.find('?');
  const std::string_view option =
      query == std::string_view::npos ? std::string_view() : rest.substr(query + 1);
  if (query != std::string_view::npos && option != "force")
    return fail(Kind::refused, "raw: has one option, force, not %.*s (a ? in a name is %%3F)",
                static_cast<int>(option.size()), option.data());
  return RawUrl{.device = TRY(parse_device(rest.substr(0, query))), .force = option == "force"};
}

Result<DirectoryUrl> parse_directory_url(std::string_view rest) {
  if (rest.find('?') != std::string_view::npos)
    return fail(Kind::refused, "dir: has no options (a ? in a name is written %%3F)");
  return DirectoryUrl{.directory = TRY(parse_directory(rest))};
}

namespace {

// Replaces what may be the password of USER:PASSWORD@HOST between these positions.
void hide_password(std::string& text, size_t begin, size_t end) {
  const size_t at = std::string_view(text.data(), end).rfind('@');
  if (at == std::string_view::npos) return;
  for (size_t colon = text.find(':', begin); colon < at; colon = text.find(':', colon + 1)) {
    size_t first = colon + 1;
    if (text[first] == '/') ++first;
    if (first < at && text[first] != '/') {
      text.replace(colon + 1, at - colon - 1, "***");
      return;
    }
  }
}

}  // namespace

std::string without_password(std::string_view url) {
  constexpr char kJump[] = "jump=";  // of a bastion
  std::string shown(url);
  const size_t query = std::min(shown.find('?'), shown.size());
  // The later part first: the positions before it stay.
  if (const size_t jump = shown.find(kJump, query); jump < shown.size())
    hide_password(shown, jump + sizeof kJump - 1, std::min(shown.find('&', jump), shown.size()));
  hide_password(shown, 0, query);
  return shown;
}

}  // namespace kdump
