// Configuration files of the running system. They are root's own, but a mistake in one must give a
// message, not a crash of the service.
#include "init/capture/kernel_arguments.h"
#include "init/setup/config/read_configuration.h"
#include "targets/schemes.h"
#include "tests/fakes/fake_sys.h"
#include "tests/fuzz/fuzzer.h"

namespace kdump {
namespace {

constexpr char kMounts[] =
    "21 1 253:0 / / rw - ext4 /dev/vda1 rw\n"
    "22 21 0:40 / /home rw - nfs4 h:/e rw,vers=4.2,sec=sys\n"
    "23 21 0:41 /@/srv /srv rw - btrfs /dev/vdb rw,subvol=/@/srv\n";

void check_messages(const std::vector<std::string>& messages) {
  for (const std::string& message : messages)
    for (const char c : message)
      promised(static_cast<unsigned char>(c) >= ' ' && c != 0x7f, "a message is one line");
}

}  // namespace

void fuzz_configuration(Bytes input) {
  Pieces pieces(input);
  const auto kind = static_cast<ConfigKind>(pieces.byte() % 5);
  FakeSys sys;
  sys.add_file("/m/proc/self/mountinfo", kMounts);
  sys.add_directory("/m/srv");
  sys.add_file("/file", std::string(as_text(pieces.rest())));
  const Machine machine(sys, "/m");
  const auto config = read_configuration_file(machine, "/file", kind);
  if (!config) return promised(config.error().text[0] != '\0', "a refusal says why");
  promised(config->targets.size() <= kMaxTargets, "targets are bounded");
  for (const std::string& target : config->targets) {
    promised(check_target_url(target).has_value(), "a capture takes every target");
    promised(target.find_first_of(" \t\n") == target.npos, "a target is one word");
  }
  constexpr std::string_view kPrefix = "rd.kdump.";
  for (const std::string& argument : config->arguments) {
    if (!argument.starts_with(kPrefix) || argument.starts_with("rd.kdump.fence=")) continue;
    const size_t equals = argument.find('=');
    promised(check_kernel_argument(argument.substr(kPrefix.size(), equals - kPrefix.size()),
                                   argument.substr(equals + 1))
                 .has_value(),
             "a capture takes every argument");
  }
  check_messages(config->refused);
  check_messages(config->notes);
  promised(!config->targets.empty() || !config->refused.empty(), "no target without a reason");
}

}  // namespace kdump
