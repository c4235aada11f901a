// The crash as a person and as a program read it.
#include "init/capture/report/cpu_states_text.h"

#include <doctest/doctest.h>

namespace kdump {
namespace {

constexpr RegisterRow kRows[] = {{"rip", 0}, {"rsp", 1}, {"rax", 2}, {"rbx", 3}};
constexpr uint8_t kValues[32] = {0x34, 0x12};

CpuState state_of(std::optional<uint32_t> cpu, int32_t pid, const char* name, uint64_t ip) {
  CpuState state{.cpu = cpu, .registers = {}, .function = {}};
  state.registers.pid = pid;
  state.registers.ip = {ip};
  state.registers.values = kValues;
  state.registers.rows = kRows;
  state.function = {.at = {ip}, .name = name, .offset = 0x1a, .size_bytes = 0x20};
  return state;
}

CpuStates make_scene() {
  CpuStates scene;
  scene.cpus = {state_of(0, 0, "default_idle", 0xffffffff81000010),
                state_of(5, 711, "sysrq_handle_crash", 0xffffffff8100001a),
                state_of(std::nullopt, 42, "", 0x7f0000001234),
                state_of(7, -1, "", 0xffffffffc0001000)};
  scene.panic_cpu = 5;
  scene.panicked = 1;
  return scene;
}

}  // namespace

TEST_CASE("each CPU has its line, and the one that panicked its registers") {
  const CpuStates scene = make_scene();
  CHECK(panicked_as_text(scene) == "CPU 5, pid 711, at sysrq_handle_crash+0x1a/0x20");
  CHECK(cpus_as_text(scene) ==
        "cpu        pid  at\n"
        "0            0  default_idle+0x1a/0x20\n"
        "5   *      711  sysrq_handle_crash+0x1a/0x20\n"
        "?           42  0x7f0000001234 (user space)\n"
        "7           -1  0xffffffffc0001000\n"
        "\n"
        "registers of CPU 5\n"
        "rip      0000000000001234  rsp      0000000000000000  rax      0000000000000000\n"
        "rbx      0000000000000000\n");
}

TEST_CASE("of many CPUs the first are shown, and the one that panicked; lines stay short") {
  CpuStates scene;
  for (uint32_t cpu = 0; cpu < 8192; ++cpu)
    scene.cpus.push_back(state_of(cpu, 1, std::string(500, 'n').c_str(), ~uint64_t{0}));
  scene.panic_cpu = 8000;
  scene.panicked = 8000;
  const std::string text = cpus_as_text(scene);
  CHECK(text.find("\n8000*        1  nnn") != std::string::npos);
  CHECK(text.find("8192 in all") != std::string::npos);
  size_t lines = 0;
  for (size_t at = 0, end; at < text.size(); at = end + 1, ++lines) {
    end = text.find('\n', at);
    CHECK(end - at <= 80);
  }
  CHECK(lines < 45);
}

TEST_CASE("what is not known of the crash is not shown, and null in JSON") {
  CHECK(panicked_as_text({}) == "");
  CHECK(cpus_as_text({}) == "");
  CpuStates scene;
  scene.panic_cpu = 3;
  CHECK(panicked_as_text(scene) == "CPU 3, which left no registers");
  JsonWriter json;
  json.begin_object();
  add_cpu_states(json, {});
  json.end_object();
  CHECK(json.take() == "{\n  \"panic_cpu\": null,\n  \"cpu_states\": []\n}\n");
}

TEST_CASE("JSON has addresses as text, for they are larger than its numbers hold") {
  JsonWriter json;
  json.begin_object();
  add_cpu_states(json, make_scene());
  json.end_object();
  const std::string text = json.take();
  for (const char* part :
       {"\"panic_cpu\": 5", "\"ip\": \"0xffffffff8100001a\"", "\"function\": \"default_idle\"",
        "\"function_offset\": 26", "\"function_size\": 32", "\"cpu\": null", "\"function\": null",
        "\"pid\": -1", "\"rip\": \"0x0000000000001234\""}) {
    CAPTURE(part);
    CHECK(text.find(part) != std::string::npos);
  }
}

TEST_CASE("uptimes, short and long") {
  CHECK(uptime_as_text(10'483) == "00:00:10");
  CHECK(uptime_as_text(86'399'999) == "23:59:59");
  CHECK(uptime_as_text(3 * 86'400'000ull + 462'000) == "3 d 00:07:42");
}

}  // namespace kdump
