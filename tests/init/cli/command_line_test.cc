// Command lines: what they mean, and the errors about wrong ones.
#include "init/cli/command_line.h"

#include <doctest/doctest.h>

#include <cstring>

#include "init/capture/values.h"

using namespace kdump;

namespace {

Result<CommandLine> parse(std::vector<const char*> arguments) {
  return parse_command_line(arguments);
}

}  // namespace

TEST_CASE("a dump to targets keeps their order") {
  const auto line = parse({"dump", "/proc/vmcore", "dir:/a", "dir:/b"}).value();
  CHECK(line.verb == Verb::dump);
  CHECK(line.settings.vmcore == "/proc/vmcore");
  CHECK(line.settings.targets == std::vector<std::string>{"dir:/a", "dir:/b"});
  CHECK(line.settings.levels == std::vector<uint32_t>{31});
  CHECK(line.settings.format == Format::kdump);
  CHECK(line.settings.threads == 1);
}

TEST_CASE("options stand anywhere after the command, with = or a space") {
  using Arguments = std::vector<const char*>;
  for (const auto& arguments :
       {Arguments{"dump", "v", "-d", "17,31", "--compress=zstd:3", "--threads", "2", "-o", "f"},
        Arguments{"dump", "-d17,31", "--compress", "zstd:3", "--threads=2", "-of", "v"},
        Arguments{"dump", "--level=17,31", "v", "--output=f", "--compress=zstd:3", "--threads=2"},
        Arguments{"dump", "--level", "17,31", "--output", "f", "--compress=zstd:3", "--threads=2",
                  "--", "v"}}) {
    const auto line = parse(arguments);
    REQUIRE(line);
    CHECK(line->settings.vmcore == "v");
    CHECK(line->output == "f");
    CHECK(line->settings.levels == std::vector<uint32_t>{17, 31});
    CHECK(compression_name(line->settings.compression) == "zstd:3");
    CHECK(line->settings.threads == 2);
  }
}

TEST_CASE("flags, standard output and the last of repeated options") {
  const auto line = parse({"dump", "--flatten", "--dry-run", "--report", "r.json", "-o", "-", "-d",
                           "1", "-d", "2", "v"})
                        .value();
  CHECK(line.flatten);
  CHECK(line.dry_run);
  CHECK(line.report_path == "r.json");
  CHECK(line.output == "-");
  CHECK(line.settings.levels == std::vector<uint32_t>{2});
}

TEST_CASE("a name that begins with a dash goes after --") {
  CHECK(parse({"info", "--json", "--", "--vmcore"})->settings.vmcore == "--vmcore");
}

TEST_CASE("help and version need nothing else") {
  CHECK(parse({"--help"})->help);
  CHECK(parse({"-h"})->verb == Verb::general);
  CHECK(parse({"dump", "--help"})->verb == Verb::dump);
  CHECK(parse({"dmesg", "-h"})->help);
  CHECK(parse({"--version"})->verb == Verb::version);
  for (const Verb verb : {Verb::general, Verb::dump, Verb::dmesg, Verb::info})
    CHECK(strstr(help_text(verb), "usage: kdump-init"));
}

TEST_CASE("a wrong command line is refused with the argument that is wrong") {
  const struct {
    std::vector<const char*> arguments;
    const char* says;
  } kWrong[] = {
      {{}, "no command"},
      {{"save"}, "unknown command 'save'"},
      {{""}, "unknown command ''"},
      {{"dump"}, "no VMCORE"},
      {{"dump", "v"}, "no TARGET and no -o FILE"},
      {{"dump", "v", "-o"}, "'-o': a value is missing"},
      {{"dump", "v", "-o", ""}, "'-o': the value is empty"},
      {{"dump", "v", "--output="}, "'--output=': the value is empty"},
      {{"dump", "v", "-o", "f", "dir:/a"}, "'dir:/a': -o FILE excludes targets"},
      {{"dump", "v", "/some/where"}, "/some/where"},
      {{"dump", "v", "gopher://host/"}, "gopher://host/"},
      {{"dump", "v", "-d", "32", "-o", "f"}, "--level: '32' is not a dump level"},
      {{"dump", "v", "--level=x", "-o", "f"}, "--level: 'x' is not a dump level"},
      {{"dump", "v", "--format=vhd", "-o", "f"}, "--format: 'vhd' is not a dump format"},
      {{"dump", "v", "--compress=lzo", "-o", "f"}, "--compress: 'lzo' is not a compression"},
      {{"dump", "v", "--threads=0", "-o", "f"}, "--threads: '0' is not a number from 1 to 64"},
      {{"dump", "v", "--format=elf", "--compress=zstd", "-o", "f"}, "no zstd"},
      {{"dump", "v", "--flatten=yes", "-o", "f"}, "--flatten takes no value"},
      {{"dump", "v", "--json", "-o", "f"}, "unknown option '--json'"},
      {{"dump", "v", "-x"}, "unknown option '-x'"},
      {{"--json", "info", "v"}, "unknown option '--json'"},
      {{"info"}, "no VMCORE"},
      {{"info", "v", "w"}, "'w': one VMCORE is enough"},
      {{"dmesg", "v", "-d1"}, "unknown option '-d1'"},
      {{"--version", "now"}, "'now': --version stands alone"},
      {{"check"}, "no KERNEL-ARGUMENT"},
      {{"check", "--json", "rd.kdump.level=1"}, "unknown option '--json'"},
      {{"checks", "v"}, "unknown command 'checks'"},
  };
  for (const auto& wrong : kWrong) {
    CAPTURE(wrong.says);
    const auto line = parse(wrong.arguments);
    REQUIRE(!line);
    CAPTURE(line.error().text);
    CHECK(line.error().kind == Kind::refused);
    CHECK(strstr(line.error().text, wrong.says));
  }
}

TEST_CASE("a dry run needs no target") { CHECK(parse({"dump", "v", "--dry-run"})); }
