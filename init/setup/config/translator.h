// What the readers of all formats share: they walk a file and report here, line by line, what each
// directive means. Checks each value against the capture's own grammar, so that a wrong one is
// refused by file and line now instead of ignored in the moment of a crash.
#pragma once

#include "init/setup/config/configuration.h"
#include "init/setup/config/machine.h"

namespace kdump {

struct Place {  // of place.h: a target's URL, or why there is none
  std::string url, problem;
};

class Translator {
 public:
  Translator(const Machine& machine, ConfigKind kind, std::string file);

  const Machine& machine() const { return machine_; }
  const Configuration& result() const { return result_; }
  Configuration take() { return std::move(result_); }
  // Where the reader is; 0: at no line. Messages carry both.
  void set_line(unsigned line) { line_ = line; }
  unsigned line() const { return line_; }
  void set_file(std::string file) { file_ = std::move(file); }

  void explain(const std::string& name, const std::string& result);
  void refuse(const std::string& name, const std::string& reason);
  void note(const std::string& name, const std::string& text);
  // A target that is understood, but not possible.
  void refuse_target(const std::string& name, const std::string& reason);

  void add_target(const std::string& name, const std::string& url);
  void add_target(const std::string& name, const Place& place);
  // rd.kdump.KEY=VALUE, the last one of a key counts.
  void set_argument(const std::string& name, const std::string& key, const std::string& value);
  // One of ip=, nameserver= and the like.
  void add_network_argument(const std::string& name, const std::string& word);
  // A word for the capture kernel's own command line.
  void add_kernel_argument(const std::string& name, const std::string& word);
  // The same of a command line that was made for another capture initramfs: leaves out what
  // scripts/load adds by itself, and what only that initramfs reads.
  void add_foreign_kernel_argument(const std::string& name, const std::string& word);
  void pack_option(const std::string& name, const std::vector<std::string>& words);
  void pack_shell(const std::string& name);
  // which: pre or post.
  void pack_hook(const std::string& name, const std::string& which, const std::string& file);
  // Commas or white space between them.
  void set_fence_nodes(const std::string& name, const std::string& nodes);
  // Options of fence_kdump_send(8).
  void set_fence_arguments(const std::string& name, const std::string& options);
  void set_force_rebuild() { result_.force_rebuild = true; }

 private:
  std::string here(const std::string& name) const;
  void set_fence_option(const std::string& name, const std::string& option,
                        const std::string& value);

  const Machine& machine_;
  Configuration result_;
  std::string file_;
  unsigned line_ = 0;
};

// Whether a word is one of the capture's network arguments (docs/network.md).
bool is_network_argument(std::string_view word);
// Whether a text looks like a target of any of the formats: a mistyped directive with such a value
// may have been one.
bool may_be_target(std::string_view value);

}  // namespace kdump
