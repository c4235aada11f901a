#include "init/setup/config/makedumpfile.h"

#include <algorithm>

#include "init/setup/config/words.h"

namespace kdump {
namespace {

class Reader {
 public:
  Reader(const std::string& name, const std::vector<std::string>& words, Translator& into)
      : name_(name), words_(words), into_(into) {}

  MakedumpfileOptions read() {
    while (at_ < words_.size()) {
      const std::string& word = words_[at_++];
      if (word.starts_with("--"))
        read_long(word);
      else if (word.starts_with('-') && word.size() > 1)
        read_letters(word.substr(1));
      else
        into_.refuse(name_, shown(word) + ": files are named by the target");
    }
    return result_;
  }

 private:
  std::string next_word() { return at_ < words_.size() ? words_[at_++] : std::string(); }
  void read_long(const std::string& word);
  void read_letters(std::string word);
  void read_letter(char letter, const std::string& value);

  const std::string& name_;
  const std::vector<std::string>& words_;
  Translator& into_;
  size_t at_ = 0;
  MakedumpfileOptions result_;
};

void Reader::read_long(const std::string& word) {
  const size_t equals = word.find('=');
  const std::string option = word.substr(0, equals);
  const auto with_value = [&] { return equals == word.npos ? word + " " + next_word() : word; };
  if (is_among(option, {"--message-level", "--num-threads", "--cyclic-buffer", "--splitblock-size",
                        "--work-dir", "--vtop", "--kaslr", "--exclude-threshold"}))
    return into_.explain(name_, with_value() + ": not needed");
  if (is_among(word, {"--non-cyclic", "--non-mmap", "--show-stats", "--check-params",
                      "--exclude-unused-vm"}))
    return into_.explain(name_, word + ": not needed");
  if (word == "--split")
    return into_.explain(name_, "--split: one file is written, in one thread for each CPU");
  if (is_among(option, {"--config", "--eppic"}))
    return into_.refuse(name_, shown(with_value()) +
                                   ": nothing is erased from a dump here; who may read it must not "
                                   "be many");
  if (word.starts_with("--xen") || word == "--sadump" || word.starts_with("--diskset="))
    return into_.refuse(name_,
                        shown(word) + ": a Linux kernel's /proc/vmcore is read, nothing else");
  if (word == "--dump-dmesg")
    return into_.refuse(name_, "--dump-dmesg: the log is saved first, then the dump too");
  if (is_among(word, {"--dry-run", "--mem-usage", "--reassemble", "--diskset"}))
    return into_.refuse(name_, word + ": writes no dump");
  into_.refuse(name_, shown(word) + ": makedumpfile(8) has no such option");
}

void Reader::read_letters(std::string word) {
  while (!word.empty()) {
    const char letter = word[0];
    word.erase(0, 1);
    if (std::string_view("dxigLb").find(letter) == std::string_view::npos) {
      read_letter(letter, {});
      continue;
    }
    // The value: the rest of the word, or the next one.
    return read_letter(letter, word.empty() ? next_word() : word);
  }
}

void Reader::read_letter(char letter, const std::string& value) {
  const std::string option = std::string("-") + letter;
  switch (letter) {
    case 'd':
      result_.level = value;
      return;
    case 'c':
    case 'l':
    case 'p':
    case 'z':
      result_.compresses = true;
      return into_.explain(name_,
                           option + ": compressed with zstd, as well as the target's speed allows");
    case 'E':
      result_.is_elf = true;
      return;
    case 'F':
      return into_.explain(
          name_, "-F: the file is an ordinary one also on a server; makedumpfile -R is not needed");
    case 'f':
    case 'D':
    case 'v':
    case 'x':
    case 'i':
    case 'g':
    case 'b':
    case 'e':
      return into_.explain(name_, option + (value.empty() ? "" : " " + value) + ": not needed");
    case 'X':
      return into_.refuse(name_, "-X: Xen's memory is not distinguished; all of it is saved");
    case 'L':
      return into_.refuse(name_,
                          "-L: the dump takes what room there is; name further levels instead, as "
                          "-d 31,1");
    case 'R':
      return into_.refuse(name_, "-R: writes no dump");
    default:
      return into_.refuse(name_, shown(option) + ": makedumpfile(8) has no such option");
  }
}

}  // namespace

MakedumpfileOptions read_makedumpfile_options(const std::string& name,
                                              const std::vector<std::string>& words,
                                              Translator& into) {
  return Reader(name, words, into).read();
}

void set_collected(const std::string& name, const MakedumpfileOptions& options, Translator& into) {
  into.set_argument(name, "level", options.level.value_or("0"));
  if (options.is_elf)
    into.set_argument(name, "format", "elf");
  else if (!options.compresses)
    into.set_argument(name, "compress", "none");
}

void read_collector(const std::string& name, const std::string& command, Translator& into) {
  std::vector<std::string> words = split_words(command);
  const std::string program =
      words.empty() ? std::string() : words[0].substr(words[0].rfind('/') + 1);
  if (program == "makedumpfile") {
    words.erase(words.begin());
    return set_collected(name, read_makedumpfile_options(name, words, into), into);
  }
  if (!is_among(program, {"cp", "dd", "cat", "scp"}))
    return into.refuse(name,
                       shown(program) +
                           ": only makedumpfile, cp, cat, dd and scp are understood; the dump "
                           "is made as by makedumpfile -l -d 31");
  into.explain(name, program + ": every page, as it is");
  into.set_argument(name, "level", "0");
  into.set_argument(name, "format", "elf");
}

}  // namespace kdump
