#include "init/setup/config/assignments.h"

#include <algorithm>

#include "init/setup/config/words.h"

namespace kdump {
namespace {

bool is_name_start(char c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_name_character(char c) { return is_name_start(c) || (c >= '0' && c <= '9'); }

size_t name_length(std::string_view text) {
  if (text.empty() || !is_name_start(text[0])) return 0;
  size_t length = 1;
  while (length < text.size() && is_name_character(text[length])) ++length;
  return length;
}

// More than any value has; a variable that is made of itself, line after line, would fill memory.
constexpr size_t kMaxValueBytes = 64 << 10;

constexpr std::string_view kTargets[] = {"NFS", "SSH", "FTP", "KDUMP_COREDIR", "KDUMP_SAVEDIR"};

bool is_target_name(std::string_view name) {
  return std::find(std::begin(kTargets), std::end(kTargets), name) != std::end(kTargets);
}

// Whether a line that is not understood may assign a target: by its name, or in another file.
bool may_assign_target(std::string_view line) {
  const std::string_view first = line.substr(0, line.find_first_of(" \t"));
  if (is_among(first, {".", "source", "eval"})) return true;
  while (!line.empty()) {
    const size_t length = name_length(line);
    if (length > 0 && is_target_name(line.substr(0, length))) return true;
    line.remove_prefix(std::max<size_t>(length, 1));
  }
  return false;
}

// The name and the text after = of an assignment; an empty name where it is none.
std::pair<std::string_view, std::string_view> split_assignment(std::string_view line) {
  line = line.substr(std::min(line.find_first_not_of(" \t"), line.size()));
  if (line.starts_with("export ") || line.starts_with("export\t")) {
    line.remove_prefix(6);
    line = line.substr(std::min(line.find_first_not_of(" \t"), line.size()));
  }
  const size_t length = name_length(line);
  if (length == 0 || length == line.size() || line[length] != '=') return {};
  return {line.substr(0, length), line.substr(length + 1)};
}

class Splitter {
 public:
  Splitter(std::string_view text, const Assignments& variables)
      : text_(text), variables_(variables) {}

  ShellWords split() {
    expand_home();
    while (!text_.empty() && result_.problem.empty() && !result_.is_open) step();
    if (quote_) result_.is_open = true;
    if (result_.problem.empty() && !result_.is_open) end_word();
    return std::move(result_);
  }

 private:
  void step();
  void escape();
  void expand();
  void expand_home();
  void end_word() {
    if (in_word_) result_.words.push_back(word_);
    word_.clear();
    in_word_ = false;
  }
  void add(char c) {
    word_ += c;
    in_word_ = true;
  }

  std::string_view text_;
  const Assignments& variables_;
  ShellWords result_;
  std::string word_;
  bool in_word_ = false;
  char quote_ = 0;
};

void Splitter::expand_home() {
  if (!text_.starts_with('~')) return;
  const size_t end = std::min(text_.find_first_of("/ \t;"), text_.size());
  if (end != 1) {
    result_.problem = "needs a shell: the home directory of a user";
    return;
  }
  for (const char c : with_home("~")) add(c);
  text_.remove_prefix(1);
}

void Splitter::escape() {
  text_.remove_prefix(1);
  if (text_.empty()) {
    result_.is_open = true;
    return;
  }
  const char c = text_[0];
  text_.remove_prefix(1);
  // Within double quotes a backslash is one, unless it protects what would be expanded.
  if (quote_ && std::string_view("\"\\$`\n").find(c) == std::string_view::npos) add('\\');
  if (c != '\n') add(c);
}

void Splitter::expand() {
  text_.remove_prefix(1);
  const bool has_brace = text_.starts_with('{');
  const std::string_view after = has_brace ? text_.substr(1) : text_;
  const size_t length = name_length(after);
  if (length == 0 || (has_brace && !after.substr(length).starts_with('}'))) {
    if (has_brace || text_.starts_with('(')) {
      result_.problem = "needs a shell: an expansion";
      return;
    }
    return add('$');
  }
  const std::string name(after.substr(0, length));
  text_.remove_prefix(length + (has_brace ? 2 : 0));
  const Assignments::Setting* const setting = variables_.find(name);
  if (!setting) {
    result_.problem = "needs a shell: a variable that this file does not assign";
    return;
  }
  if (word_.size() + setting->value.size() > kMaxValueBytes) {
    result_.problem = "is too long";
    return;
  }
  word_ += setting->value;
  in_word_ = true;
  result_.used.insert(name);
}

void Splitter::step() {
  const char c = text_[0];
  if (quote_ == '\'') {
    text_.remove_prefix(1);
    if (c == '\'')
      quote_ = 0;
    else
      add(c);
    return;
  }
  if (c == '\\') return escape();
  if (c == '$') return expand();
  if (c == '`') {
    result_.problem = "needs a shell: a command in backquotes";
    return;
  }
  if (quote_ == '"' || c == '"' || c == '\'') {
    text_.remove_prefix(1);
    if (c == quote_) {
      quote_ = 0;
    } else if (quote_) {
      add(c);
    } else {
      quote_ = c;
      in_word_ = true;
    }
    return;
  }
  if (kWhiteSpace.find(c) != kWhiteSpace.npos) {
    end_word();
  } else if (c == '#' && !in_word_) {
    text_.remove_prefix(std::min(text_.find('\n'), text_.size() - 1));
  } else if (std::string_view(";&|<>()").find(c) != std::string_view::npos) {
    result_.problem = std::string("needs a shell: '") + c + "' outside of quotes";
    return;
  } else {
    add(c);
  }
  text_.remove_prefix(1);
}

}  // namespace

ShellWords split_shell_words(std::string_view text, const Assignments& variables) {
  return Splitter(text, variables).split();
}

const Assignments::Setting* Assignments::find(const std::string& name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &settings_[found->second];
}

std::string Assignments::value(const std::string& name) const {
  const Setting* const setting = find(name);
  return setting ? setting->value : std::string();
}

// The values of some are secret, so no message shows any. A target that cannot be read must not
// become another one.
void Assignments::refuse(const std::string& name, const std::string& reason, Translator& into) {
  // The value of an earlier line is not what its author wants now.
  if (const auto found = index_.find(name); found != index_.end())
    settings_[found->second].value.clear();
  if (!is_target_name(name)) return into.refuse(name, reason);
  target_is_refused_ = true;
  into.refuse_target(name, reason);
}

void Assignments::refuse_unknown(const Setting& setting, const char* manual_page,
                                 Translator& into) const {
  if (used_.contains(setting.name))
    into.explain(setting.name, "part of other values");
  else
    into.refuse(setting.name, std::string(manual_page) + " has no such variable");
}

Assignments Assignments::read(std::string_view text, Translator& into) {
  Assignments result;
  text = without_byte_order_mark(text);
  unsigned number = 0, depth = 0;
  while (const auto line = next_line(text)) {
    into.set_line(++number);
    const std::string_view plain = trimmed(*line);
    if (plain.empty() || plain.starts_with('#')) continue;
    const std::string_view first = plain.substr(0, plain.find_first_of(" \t"));
    if (is_among(first, {"if", "for", "while", "until", "case"})) ++depth;
    if (is_among(plain.substr(0, plain.find_first_of(" \t;")), {"fi", "done", "esac"}))
      depth -= depth > 0;
    const auto [name, begin] = split_assignment(*line);
    if (name.empty()) {
      const std::string command = shown(plain.substr(0, plain.find_first_of(" \t;=")));
      const char* const reason = "is a shell command; only NAME=value is read";
      if (may_assign_target(plain)) {
        result.target_is_refused_ = true;
        into.refuse_target(command, reason);
      } else {
        into.refuse(command, reason);
      }
      continue;
    }
    // A quoted value may continue on further lines, as may one with a backslash at the end.
    std::string value(begin);
    ShellWords words = split_shell_words(value, result);
    while (words.is_open && words.problem.empty()) {
      const auto more = next_line(text);
      if (!more || value.size() > kMaxValueBytes) break;
      ++number;
      value += "\n" + std::string(*more);
      words = split_shell_words(value, result);
    }
    if (!words.problem.empty()) {
      result.refuse(std::string(name), words.problem, into);
    } else if (words.is_open) {
      result.refuse(std::string(name), "a quote is not closed", into);
    } else if (depth > 0) {
      result.refuse(std::string(name), "needs a shell: it is within if, for, while or case", into);
    } else if (words.words.size() > 1) {
      result.refuse(std::string(name), "more than one word after =; quote the value", into);
    } else {
      const auto [at, is_new] =
          result.index_.try_emplace(std::string(name), result.settings_.size());
      if (is_new) result.settings_.emplace_back();
      result.settings_[at->second] = {std::string(name),
                                      words.words.empty() ? std::string() : words.words.front(),
                                      into.line()};
      result.used_.merge(words.used);
    }
  }
  return result;
}

}  // namespace kdump
