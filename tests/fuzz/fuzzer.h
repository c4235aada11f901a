// A fuzzer: what hostile bytes are given to, whole. It returns where the program neither crashed
// nor ran on; a promise that it breaks aborts. The table of them is in fuzzers.cc; libFuzzer drives
// it (libfuzzer_main.cc), and the ordinary tests replay each corpus through it (replay_main.cc).
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "filter/base/bytes.h"

namespace kdump {

struct Fuzzer {
  const char* name;  // of its corpus' directory too
  const char* input;
  void (*run)(Bytes input);
};

std::span<const Fuzzer> fuzzers();
const Fuzzer* find_fuzzer(std::string_view name);  // nullptr: none is called so

// A promise of the code under test.
inline void promised(bool holds, const char* what) {
  if (holds) return;
  fprintf(stderr, "broken promise: %s\n", what);
  abort();
}

inline std::string_view as_text(Bytes input) {
  return {reinterpret_cast<const char*>(input.data()), input.size()};
}

// Reads an input piece by piece; past its end everything is 0 or empty.
class Pieces {
 public:
  explicit Pieces(Bytes input) : left_(input) {}

  bool at_end() const { return left_.empty(); }
  Bytes rest() const { return left_; }
  uint8_t byte() { return number<uint8_t>(); }
  template <class T>
  T number() {
    T value{};
    const Bytes bytes = take(sizeof value);
    std::copy(bytes.begin(), bytes.end(), reinterpret_cast<uint8_t*>(&value));
    return value;
  }
  // As many bytes as the next one says.
  Bytes counted() { return take(byte()); }
  // Up to the next NUL, which is passed over.
  std::string_view text() {
    const std::string_view all = as_text(left_), found = all.substr(0, all.find('\0'));
    take(found.size() + 1);
    return found;
  }

 private:
  Bytes take(size_t size) {
    const Bytes taken = left_.first(size < left_.size() ? size : left_.size());
    left_ = left_.subspan(taken.size());
    return taken;
  }
  Bytes left_;
};

// Of vmcore_fuzz.cc and arm64_fuzz.cc: a crashed machine's memory.
void fuzz_elf_core(Bytes input);
void fuzz_vmcoreinfo(Bytes input);
void fuzz_page_tables(Bytes input);
void fuzz_arm64_page_tables(Bytes input);
void fuzz_sections(Bytes input);
void fuzz_printk_ring(Bytes input);
void fuzz_log_buf(Bytes input);
void fuzz_log_text(Bytes input);
void fuzz_kallsyms(Bytes input);
void fuzz_classify(Bytes input);
// Of report_fuzz.cc: what the crash report reads.
void fuzz_btf(Bytes input);
void fuzz_orc(Bytes input);
void fuzz_tasks(Bytes input);
void fuzz_modules(Bytes input);
void fuzz_stacks(Bytes input);
// Of text_fuzz.cc: what people and images say.
void fuzz_kernel_arguments(Bytes input);
void fuzz_network_arguments(Bytes input);
void fuzz_target_url(Bytes input);
void fuzz_known_hosts(Bytes input);
void fuzz_certificate(Bytes input);
void fuzz_user_key(Bytes input);
// Of config_fuzz.cc.
void fuzz_configuration(Bytes input);
// Of packet_fuzz.cc: what comes from the network.
void fuzz_dhcp_message(Bytes input);
void fuzz_dhcp_lease(Bytes input);
void fuzz_dhcp6(Bytes input);
void fuzz_sftp_packet(Bytes input);
// Of sftp_fuzz.cc.
void fuzz_sftp_server(Bytes input);
// Of dump_fuzz.cc: dumps, and pages.
void fuzz_dump_check(Bytes input);
void fuzz_dump_source(Bytes input);
void fuzz_page_frame(Bytes input);
void fuzz_page_encoder(Bytes input);
// Of device_fuzz.cc: what lies on a disk.
void fuzz_file_system(Bytes input);
void fuzz_lvm_label(Bytes input);
void fuzz_lvm_text(Bytes input);
void fuzz_partition_table(Bytes input);

}  // namespace kdump
