// See next_steps.h. The names of packages and files are the distributions' own: Debian's
// linux-image-RELEASE-dbg, Ubuntu's ddebs, Fedora's and RHEL's kernel-debuginfo, SUSE's
// kernel-FLAVOR-debuginfo.
#include "init/cli/next_steps.h"

#include <string_view>

#include "filter/base/text.h"

namespace kdump {
namespace {

struct DistributionRow {
  const char* name;
  const char* in_release;  // found in `uname -r`, or ...
  const char* in_version;  // ... in `uname -v`; nullptr: not a sign
  const char* install;     // %R: the release, %F: what follows its last '-'
  const char* vmlinux;
};
constexpr DistributionRow kDistributions[] = {
    {"Ubuntu", nullptr, "Ubuntu", "apt install linux-image-%R-dbgsym",
     "/usr/lib/debug/boot/vmlinux-%R"},
    {"Debian", nullptr, "Debian", "apt install linux-image-%R-dbg",
     "/usr/lib/debug/boot/vmlinux-%R"},
    {"Fedora", ".fc", nullptr, "dnf debuginfo-install kernel-%R",
     "/usr/lib/debug/lib/modules/%R/vmlinux"},
    {"Red Hat Enterprise Linux", ".el", nullptr, "dnf debuginfo-install kernel-%R",
     "/usr/lib/debug/lib/modules/%R/vmlinux"},
    {"SUSE", "-default", nullptr, "zypper install kernel-%F-debuginfo",
     "/usr/lib/debug/boot/vmlinux-%R.debug"},
    {"SUSE", "-azure", nullptr, "zypper install kernel-%F-debuginfo",
     "/usr/lib/debug/boot/vmlinux-%R.debug"},
};

bool has(std::string_view text, const char* part) {
  return part != nullptr && text.find(part) != text.npos;
}

std::string expand(std::string_view pattern, const std::string& release) {
  std::string out;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const bool is_field = pattern[i] == '%' && i + 1 < pattern.size();
    if (!is_field)
      out += pattern[i];
    else
      out += pattern[++i] == 'R' ? release : release.substr(release.rfind('-') + 1);
  }
  return out;
}

// As one word of a shell.
std::string quoted(const std::string& word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+:,=@%";
  if (!word.empty() && word.find_first_not_of(kPlain) == word.npos) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

bool is_plain_release(std::string_view release) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+~";
  return !release.empty() && release.find_first_not_of(kPlain) == release.npos;
}

}  // namespace

NextSteps find_next_steps(const CrashedSystem& system, const Vmcoreinfo& info,
                          const std::string& dump) {
  NextSteps next;
  const std::string release = system.release, version = system.version;
  if (const auto id = info.value("BUILD-ID"))
    if (id->find_first_not_of("0123456789abcdef") == id->npos) next.build_id = *id;
  next.vmlinux = "vmlinux";
  // What names a package here is a crashed kernel's word: it goes into a command line.
  if (is_plain_release(release))
    for (const DistributionRow& row : kDistributions) {
      if (!has(release, row.in_release) && !has(version, row.in_version)) continue;
      next.distribution = row.name;
      next.install = expand(row.install, release);
      next.vmlinux = expand(row.vmlinux, release);
      break;
    }
  if (next.install.empty() && !next.build_id.empty())
    next.install = "debuginfod-find debuginfo " + next.build_id;
  next.crash = "crash " + next.vmlinux + " " + quoted(dump);
  next.drgn = "drgn -c " + quoted(dump) + " -s " + next.vmlinux;
  return next;
}

}  // namespace kdump
