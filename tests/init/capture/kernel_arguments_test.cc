// Kernel command lines, as people write them and as garbage, against the table of design.md.
#include "init/capture/kernel_arguments.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>

namespace kdump {
namespace {

KernelArguments parse(std::string_view command_line, bool shell_is_packed = false) {
  return parse_kernel_arguments("", command_line, shell_is_packed);
}

bool warns_of(const KernelArguments& arguments, std::string_view what) {
  return std::any_of(arguments.warnings.begin(), arguments.warnings.end(),
                     [&](const std::string& line) { return line.find(what) != line.npos; });
}

using Targets = std::vector<std::string>;

TEST_CASE("an ordinary command line is read whole and without a warning") {
  const auto [settings, warnings] = parse(
      "BOOT_IMAGE=/vmlinuz root=UUID=1 console=ttyS0 rd.kdump.target=fs:UUID=ab-cd:/var/crash "
      "rd.kdump.level=31,0 rd.kdump.format=elf rd.kdump.compress=zstd:3 rd.kdump.failure=halt "
      "rd.kdump.final=poweroff rd.kdump.shell_timeout=20 rd.kdump.timeout=10 rd.kdump.stall=90 "
      "rd.kdump.limit=7200 "
      "ip=dhcp nr_cpus=1\n");
  CHECK(warnings.empty());
  CHECK(settings.targets == Targets{"fs:UUID=ab-cd:/var/crash"});
  CHECK(settings.levels == std::vector<uint32_t>{31, 0});
  CHECK(settings.format == Format::elf);
  CHECK(settings.compression.kind == Compression::Kind::zstd);
  CHECK(settings.compression.level == 3);
  CHECK(settings.failure == FailureAction::halt);
  CHECK(settings.final == FinalAction::poweroff);
  CHECK(settings.shell_timeout_s == 20);
  CHECK(settings.step_timeout_s == 10);
  CHECK(settings.stall_timeout_s == 90);
  CHECK(settings.limit_s == 7200);
}

TEST_CASE("without arguments every default is the contract's") {
  const auto [settings, warnings] = parse("");
  CHECK(warnings.empty());
  CHECK(settings.targets.empty());
  CHECK(settings.levels == std::vector<uint32_t>{31});
  CHECK(settings.format == Format::kdump);
  CHECK(settings.compression.kind == Compression::Kind::automatic);
  CHECK(settings.failure == FailureAction::reboot);
  CHECK(settings.final == FinalAction::reboot);
  CHECK(settings.shell_timeout_s == 300);
  CHECK(settings.step_timeout_s == 30);
  CHECK(settings.stall_timeout_s == 60);
  CHECK(settings.limit_s == 0);  // by the size of the dump
  CHECK(settings.retry_s == 300);
}

TEST_CASE("a shell in the image makes it the default failure action") {
  CHECK(parse("", true).settings.failure == FailureAction::shell);
  CHECK(parse("rd.kdump.failure=reboot", true).settings.failure == FailureAction::reboot);
}

TEST_CASE("a shell that is not in the image cannot be asked for") {
  const KernelArguments arguments = parse("rd.kdump.failure=shell", false);
  CHECK(arguments.settings.failure == FailureAction::reboot);
  CHECK(warns_of(arguments, "no shell"));
}

TEST_CASE("targets come in the order given, up to their greatest number") {
  CHECK(parse("rd.kdump.target=dir:/b rd.kdump.target=dir:/a").settings.targets ==
        Targets{"dir:/b", "dir:/a"});

  std::string many;
  for (size_t i = 0; i <= kMaxTargets; ++i)
    many += "rd.kdump.target=dir:/" + std::to_string(i) + " ";
  const KernelArguments arguments = parse(many);
  CHECK(arguments.settings.targets.size() == kMaxTargets);
  CHECK(warns_of(arguments, "more than 16 targets"));
}

TEST_CASE("a target that no scheme takes is reported, and the others stay") {
  for (const char* bad : {"rd.kdump.target=", "rd.kdump.target", "rd.kdump.target=nonsense"}) {
    CAPTURE(bad);
    const KernelArguments arguments = parse(std::string(bad) + " rd.kdump.target=dir:/a");
    CHECK(arguments.settings.targets == Targets{"dir:/a"});
    CHECK(warns_of(arguments, "rd.kdump.target"));
  }
}

TEST_CASE("a malformed value is reported with its argument and changes nothing") {
  struct Row {
    const char* argument;
    const char* in_force;
  };
  for (const Row& row : {Row{"rd.kdump.level=32", "using 31"},
                         {"rd.kdump.level=", "using 31"},
                         {"rd.kdump.level=31,", "using 31"},
                         {"rd.kdump.level", "using 31"},
                         {"rd.kdump.level=-1", "using 31"},
                         {"rd.kdump.format=lkcd", "using kdump"},
                         {"rd.kdump.compress=lzo", "using auto"},
                         {"rd.kdump.compress=zstd:99", "using auto"},
                         {"rd.kdump.failure=retry", "using reboot"},
                         {"rd.kdump.final=shell", "using reboot"},
                         {"rd.kdump.final=", "using reboot"},
                         {"rd.kdump.shell_timeout=0", "using 300"},
                         {"rd.kdump.shell_timeout=86401", "using 300"},
                         {"rd.kdump.timeout=0", "using 30"},
                         {"rd.kdump.keep=-1", "using 0"},
                         {"rd.kdump.keep=10000", "using 0"},
                         {"rd.kdump.timeout=5m", "using 30"},
                         {"rd.kdump.timeout=99999999999999999999", "using 30"},
                         {"rd.kdump.stall=0x10", "using 60"}}) {
    CAPTURE(row.argument);
    const KernelArguments arguments = parse(row.argument);
    CHECK(arguments.warnings.size() == 1);
    CHECK(warns_of(arguments, row.in_force));
    CHECK(arguments.settings.levels == std::vector<uint32_t>{31});
    CHECK(arguments.settings.failure == FailureAction::reboot);
    CHECK(arguments.settings.shell_timeout_s == 300);
    CHECK(arguments.settings.step_timeout_s == 30);
    CHECK(arguments.settings.stall_timeout_s == 60);
  }
}

TEST_CASE("the ends of the shell's time-out are valid") {
  CHECK(parse("rd.kdump.shell_timeout=1").settings.shell_timeout_s == 1);
  CHECK(parse("rd.kdump.shell_timeout=86400").settings.shell_timeout_s == 86400);
}

TEST_CASE("an unknown argument of ours is reported, others are not ours") {
  CHECK(warns_of(parse("rd.kdump.levle=1"), "rd.kdump.levle=1: unknown argument"));
  CHECK(warns_of(parse("rd.kdump.=1"), "unknown argument"));
  CHECK(parse("quiet rd.neednet=1 kdump.level=7 xrd.kdump.level=7 --").warnings.empty());
}

TEST_CASE("the last of a repeated argument counts, a malformed one not") {
  const KernelArguments arguments =
      parse("rd.kdump.level=1 rd.kdump.level=2,4 rd.kdump.level=many");
  CHECK(arguments.settings.levels == std::vector<uint32_t>{2, 4});
  CHECK(warns_of(arguments, "using 2,4"));
}

TEST_CASE("quotes keep spaces together, around the value or the whole") {
  for (const char* text : {R"(a rd.kdump.target="fs:LABEL=my disk:/crash" b)",
                           R"(a "rd.kdump.target=fs:LABEL=my disk:/crash" b)",
                           R"(rd.kdump.target="fs:LABEL=my disk:/crash)"}) {
    CAPTURE(text);
    const auto [settings, warnings] = parse(text);
    CHECK(warnings.empty());
    CHECK(settings.targets == Targets{"fs:LABEL=my disk:/crash"});
  }
}

TEST_CASE("quotes inside a value stay, as the kernel leaves them") {
  CHECK(parse(R"(rd.kdump.target=dir:/a"b c"d)").settings.targets == Targets{R"(dir:/a"b c"d)"});
}

TEST_CASE("any white space separates") {
  const auto [settings, warnings] = parse(
      "\trd.kdump.level=1\nrd.kdump.timeout=5\v\f\r  rd.kdump.stall=7\xa0rd.kdump.final=halt");
  CHECK(warnings.empty());
  CHECK(settings.levels == std::vector<uint32_t>{1});
  CHECK(settings.step_timeout_s == 5);
  CHECK(settings.stall_timeout_s == 7);
  CHECK(settings.final == FinalAction::halt);
}

TEST_CASE("the command line overrides what is packed") {
  const auto [settings, warnings] = parse_kernel_arguments(
      "rd.kdump.level=1 rd.kdump.timeout=7 rd.kdump.target=dir:/a rd.kdump.target=dir:/b\n",
      "rd.kdump.level=2 rd.kdump.target=dir:/c", false);
  CHECK(warnings.empty());
  CHECK(settings.levels == std::vector<uint32_t>{2});
  CHECK(settings.step_timeout_s == 7);
  CHECK(settings.targets == Targets{"dir:/c"});
}

TEST_CASE("packed targets stay when the command line has no usable one") {
  const auto [settings, warnings] =
      parse_kernel_arguments("rd.kdump.target=dir:/a", "rd.kdump.target=nonsense", false);
  CHECK(warnings.size() == 1);
  CHECK(settings.targets == Targets{"dir:/a"});
}

TEST_CASE("an image that says another failure action gets no shell from the command line") {
  const KernelArguments forbidden =
      parse_kernel_arguments("rd.kdump.failure=poweroff", "rd.kdump.failure=shell", true);
  CHECK(forbidden.settings.failure == FailureAction::poweroff);
  CHECK(warns_of(forbidden, "forbids a shell"));

  CHECK(parse_kernel_arguments("rd.kdump.failure=poweroff", "rd.kdump.failure=halt", true)
            .settings.failure == FailureAction::halt);
  CHECK(parse_kernel_arguments("rd.kdump.failure=shell", "rd.kdump.failure=reboot", true)
            .settings.failure == FailureAction::reboot);
}

TEST_CASE("of many warnings the first are kept and the rest counted") {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "rd.kdump.x=" + std::to_string(i) + " ";
  const auto [settings, warnings] = parse(text);
  CHECK(warnings.size() == kMaxWarnings + 1);
  CHECK(warnings.back() == "984 further bad arguments");
}

TEST_CASE("warnings stay short however long the argument is") {
  for (const std::string& name :
       {"rd.kdump." + std::string(5000, 'x') + "=1", "rd.kdump.level=" + std::string(5000, '9'),
        "rd.kdump.target=" + std::string(5000, 'x')})
    for (const std::string& line : parse(name).warnings) CHECK(line.size() < 400);
}

TEST_CASE("garbage does not break the parser, nor what stands beside it") {
  const unsigned seed = 20;
  std::mt19937 random(seed);
  constexpr std::string_view kAlphabet = "rd.kdump.=\" ,:/level target31\n\t\\%\x01\xff";
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (size_t length = random() % 200; length > 0; --length)
      text +=
          random() % 10 == 0 ? static_cast<char>(random()) : kAlphabet[random() % kAlphabet.size()];
    std::erase(text, '"');  // an open quote would swallow what follows, rightly
    CAPTURE(seed);
    CAPTURE(text);
    const KernelArguments arguments = parse(text + " rd.kdump.stall=77");
    CHECK(arguments.settings.stall_timeout_s == 77);
    CHECK(!arguments.settings.levels.empty());
    parse(text + "\"" + text);
  }
}

}  // namespace
}  // namespace kdump
