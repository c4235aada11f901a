#include "init/setup/config/read_configuration.h"

#include <algorithm>

#include "filter/base/file.h"
#include "init/setup/config/formats.h"
#include "init/setup/config/place.h"
#include "init/setup/config/words.h"

namespace kdump {
namespace {

constexpr size_t kMaxFileBytes = 1 << 20;
constexpr const char* kOwnFile = "/etc/kdump-init.conf";
constexpr const char* kFedoraFile = "/etc/kdump.conf";
constexpr const char* kSysconfigFile = "/etc/sysconfig/kdump";

struct Candidate {
  ConfigKind kind;
  const char* file;
};
// In the order in which they count.
constexpr Candidate kOthers[] = {{ConfigKind::fedora, kFedoraFile},
                                 {ConfigKind::debian, "/etc/default/kdump-tools"},
                                 {ConfigKind::suse, kSysconfigFile}};

struct KindWord {
  ConfigKind kind;
  const char* word;
};
constexpr KindWord kKinds[] = {{ConfigKind::own, "own"},
                               {ConfigKind::fedora, "fedora"},
                               {ConfigKind::debian, "debian"},
                               {ConfigKind::suse, "suse"},
                               {ConfigKind::none, "none"}};

struct Read {
  Configuration configuration;
  bool means_something;
};

Read read_as(const Machine& machine, ConfigKind kind, const std::string& file,
             std::string_view text) {
  Translator into(machine, kind, file);
  bool means_something = true;
  switch (kind) {
    case ConfigKind::none:
    case ConfigKind::own:
      read_own(text, into);
      break;
    case ConfigKind::fedora: {
      const size_t slash = file.rfind('/');
      std::string directory = slash == file.npos ? "." : file.substr(0, slash);
      if (directory.starts_with(machine.root())) directory.erase(0, machine.root().size());
      read_fedora(text, directory, into);
      if (file != machine.outer(kFedoraFile)) break;
      if (const auto more = machine.read(kSysconfigFile)) {
        into.set_file(machine.outer(kSysconfigFile));
        read_fedora_sysconfig(*more, into);
      }
      break;
    }
    case ConfigKind::debian:
      means_something = read_debian(text, into);
      break;
    case ConfigKind::suse:
      means_something = read_suse(text, into);
      break;
  }
  Configuration result = into.take();
  if (result.explained.empty()) means_something = false;
  return {std::move(result), means_something};
}

// Where no line names a target: the file system of /var/crash.
void add_default_target(const Machine& machine, Configuration& result) {
  if (!result.targets.empty() || result.target_is_refused) return;
  const std::string reason =
      (result.file.empty() ? "no configuration" : result.file) + ": no target is named";
  const Place place = find_place(machine, "/var/crash");
  if (place.problem.empty()) {
    result.targets.push_back(place.url);
    result.notes.push_back(reason + "; /var/crash of this machine is taken: " + place.url);
  } else {
    result.refused.push_back(reason + ", and " + place.problem);
  }
}

std::string key_of(const std::string& argument) { return argument.substr(0, argument.find('=')); }

// A file that may name a target must not be passed over in silence.
void refuse_unreadable(Configuration& result, ConfigKind kind, const std::string& file,
                       const Error& error) {
  result.kind = kind;
  result.file = file;
  result.refused.push_back(file + ": cannot be read: " + error.text);
  result.target_is_refused = true;
}

template <class T>
void append(std::vector<T>& to, const std::vector<T>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

// What the own file sets without naming a target counts over the file that names one.
Configuration laid_over(Configuration below, const Configuration& own) {
  for (const std::string& argument : own.arguments)
    std::erase_if(below.arguments,
                  [&](const std::string& each) { return key_of(each) == key_of(argument); });
  append(below.arguments, own.arguments);
  append(below.kernel_arguments, own.kernel_arguments);
  append(below.pack_options, own.pack_options);
  append(below.refused, own.refused);
  append(below.notes, own.notes);
  append(below.explained, own.explained);
  below.notes.push_back(own.file + ": names no target: those of " + below.file +
                        " count, and what both set counts as it is here");
  return below;
}

}  // namespace

const char* kind_word(ConfigKind kind) {
  for (const KindWord& row : kKinds)
    if (row.kind == kind) return row.word;
  return "none";
}

std::optional<ConfigKind> parse_kind(std::string_view word) {
  for (const KindWord& row : kKinds)
    if (word == row.word && row.kind != ConfigKind::none) return row.kind;
  return std::nullopt;
}

ConfigKind kind_of_file(std::string_view name, std::string_view text) {
  const size_t slash = name.rfind('/');
  const std::string_view base = slash == name.npos ? name : name.substr(slash + 1);
  if (base.ends_with(".conf") && base.find("kdump-init") != base.npos) return ConfigKind::own;
  if (base.ends_with("kdump.conf")) return ConfigKind::fedora;
  if (name.find("kdump-tools") != name.npos) return ConfigKind::debian;
  if (name.ends_with("/sysconfig/kdump")) return ConfigKind::suse;
  bool is_debian = false, is_fedora = false, is_own = false;
  text = without_byte_order_mark(text);
  while (const auto each = next_line(text)) {
    const std::string_view line = trimmed(*each);
    const std::string_view first = line.substr(0, line.find_first_of("= \t"));
    const bool has_value = line.size() > first.size() && line[first.size()] == '=';
    const std::vector<std::string> words = split_words(line);
    if (has_value && first == "KDUMP_SAVEDIR") return ConfigKind::suse;
    if (has_value && is_among(first, {"USE_KDUMP", "KDUMP_COREDIR", "MAKEDUMP_ARGS"}))
      is_debian = true;
    if (words.size() > 1 && !words[1].starts_with('=') &&
        is_among(words[0],
                 {"path", "core_collector", "ext2", "ext3", "ext4", "xfs", "nfs", "ssh", "raw"}))
      is_fedora = true;
    if (!first.empty() && first.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == first.npos &&
        trimmed(line.substr(first.size())).starts_with('='))
      is_own = true;
  }
  if (is_debian) return ConfigKind::debian;
  if (is_fedora) return ConfigKind::fedora;
  return is_own ? ConfigKind::own : ConfigKind::none;
}

Result<Configuration> read_configuration_file(const Machine& machine, const std::string& file,
                                              ConfigKind kind) {
  const std::string text = TRY(read_small_file(machine.sys(), file, kMaxFileBytes));
  if (kind == ConfigKind::none) kind = kind_of_file(file, text);
  if (kind == ConfigKind::none)
    return fail(Kind::unsupported,
                "cannot tell whose format this is; say --kind own, fedora, debian or suse");
  Configuration result = read_as(machine, kind, file, text).configuration;
  add_default_target(machine, result);
  return result;
}

Configuration read_machine_configuration(const Machine& machine) {
  Configuration own;
  if (const auto text = machine.read(kOwnFile))
    own = read_as(machine, ConfigKind::own, machine.outer(kOwnFile), *text).configuration;
  else if (machine.exists(kOwnFile))
    refuse_unreadable(own, ConfigKind::own, kOwnFile, text.error());
  // A refused target of this file must not become another file's.
  if (!own.targets.empty() || own.target_is_refused) return own;
  for (const Candidate& candidate : kOthers) {
    const auto text = machine.read(candidate.file);
    if (!text && !machine.exists(candidate.file)) continue;
    if (!text) {
      refuse_unreadable(own, candidate.kind, candidate.file, text.error());
      return own;
    }
    Read other = read_as(machine, candidate.kind, machine.outer(candidate.file), *text);
    if (!other.means_something) continue;
    Configuration result = own.explained.empty() ? std::move(other.configuration)
                                                 : laid_over(std::move(other.configuration), own);
    add_default_target(machine, result);
    return result;
  }
  if (own.explained.empty()) own = {};
  add_default_target(machine, own);
  return own;
}

}  // namespace kdump
