// Files of shell assignments, /etc/default and /etc/sysconfig, read without a shell: plain words,
// both quotes, backslashes, ~ at the front, $NAME of an earlier assignment. What a shell would have
// to execute is refused by its line.
#pragma once

#include <map>
#include <set>

#include "init/setup/config/translator.h"

namespace kdump {

class Assignments {
 public:
  struct Setting {
    std::string name, value;
    unsigned line = 0;
  };

  // Reports what is no assignment to the translator.
  static Assignments read(std::string_view text, Translator& into);

  // In the order of their first lines; the last value of a name counts.
  const std::vector<Setting>& all() const { return settings_; }
  // Null: not assigned.
  const Setting* find(const std::string& name) const;
  // "" where it is not assigned.
  std::string value(const std::string& name) const;
  // An assignment of one of the names that are targets is refused.
  bool target_is_refused() const { return target_is_refused_; }

  // Refuses a name that the format's manual page lacks, unless later values are made of it.
  void refuse_unknown(const Setting& setting, const char* manual_page, Translator& into) const;

 private:
  void refuse(const std::string& name, const std::string& reason, Translator& into);

  std::vector<Setting> settings_;
  std::map<std::string, size_t> index_;
  std::set<std::string> used_;
  bool target_is_refused_ = false;
};

// A text as a shell splits it into words. variables: of the file, by name; which were used is
// recorded.
struct ShellWords {
  std::vector<std::string> words;
  std::string problem;   // what a shell is needed for
  bool is_open = false;  // a quote, or a backslash at the end
  std::set<std::string> used;
};
ShellWords split_shell_words(std::string_view text, const Assignments& variables);

}  // namespace kdump
