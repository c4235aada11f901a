#include "net/base/resolver_files.h"

#include <fcntl.h>

#include "filter/base/file.h"
#include "filter/base/text.h"

namespace kdump {

bool is_in_resolv_conf(const IpAddress& nameserver) {
  constexpr size_t kMaxBytes = 4096;
  const auto text = read_small_file(real_sys(), kResolvConf, kMaxBytes);
  return text && text->find("nameserver " + nameserver.text() + "\n") != std::string::npos;
}

Result<> write_resolv_conf(const std::vector<IpAddress>& nameservers,
                           const std::vector<std::string>& search) {
  std::string text;
  for (size_t i = 0; i < nameservers.size() && i < kMaxNameservers; ++i)
    text += "nameserver " + nameservers[i].text() + "\n";
  if (!search.empty()) {
    text += "search";
    for (const std::string& name : search) text += " " + name;
    text += "\n";
  }
  text += "options timeout:5 attempts:3\n";
  Sys& sys = real_sys();
  sys.mkdir("/etc", 0755);  // if this fails, open says why
  File file = TRY(File::open(sys, kResolvConf, O_WRONLY | O_CREAT | O_TRUNC, 0644));
  return file.append(bytes_of_text(text));
}

}  // namespace kdump
