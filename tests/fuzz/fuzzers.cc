// The table of fuzzers; those first that read what is most hostile, in whose order scripts/fuzz
// lets them run.
#include "tests/fuzz/fuzzer.h"

namespace kdump {
namespace {

constexpr Fuzzer kFuzzers[] = {
    {"elf_core", "a vmcore, from its first byte", fuzz_elf_core},
    {"vmcoreinfo", "keys that go before those of a sound core", fuzz_vmcoreinfo},
    {"page_tables", "overwritten words of x86_64's page tables", fuzz_page_tables},
    {"arm64_page_tables", "a geometry, overwritten words of its tables", fuzz_arm64_page_tables},
    {"sections", "overwritten words of section tables and struct pages", fuzz_sections},
    {"classify", "a layout, then struct pages", fuzz_classify},
    {"btf", "which kernel, overwritten words of its types", fuzz_btf},
    {"orc", "which kernel, overwritten words of its unwind tables", fuzz_orc},
    {"tasks", "which kernel, overwritten words of its tasks", fuzz_tasks},
    {"modules", "which kernel, overwritten words of its modules", fuzz_modules},
    {"stacks", "which kernel, overwritten words of its stacks", fuzz_stacks},
    {"printk_ring", "overwritten words of the lockless log", fuzz_printk_ring},
    {"log_buf", "overwritten words of the log before 5.10", fuzz_log_buf},
    {"log_text", "overwritten words of the log before 3.5", fuzz_log_text},
    {"dump_check", "which dump, how much is cut off, overwritten bytes", fuzz_dump_check},
    {"dump_source", "which dump, how much is cut off, overwritten bytes", fuzz_dump_source},
    {"page_frame", "a page as a dump stores it, for each decompressor", fuzz_page_frame},
    {"kernel_arguments", "packed arguments, NUL, a command line", fuzz_kernel_arguments},
    {"network_arguments", "packed arguments, NUL, a command line", fuzz_network_arguments},
    {"target_url", "a URL", fuzz_target_url},
    {"dhcp_message", "a DHCP message, from its op field on", fuzz_dhcp_message},
    {"dhcp_lease", "an address, then each option counted", fuzz_dhcp_lease},
    {"dhcp6", "an answer to one of two questions", fuzz_dhcp6},
    {"sftp_server", "how a server answers each request", fuzz_sftp_server},
    {"sftp_packet", "an answer's body", fuzz_sftp_packet},
    {"lvm_label", "pieces of a physical volume: offset, count, bytes", fuzz_lvm_label},
    {"lvm_text", "a volume group's text; volume \"lll\" is looked for", fuzz_lvm_text},
    {"partition_table", "pieces of a disk: offset, count, bytes", fuzz_partition_table},
    {"file_system", "pieces of a device: offset, count, bytes", fuzz_file_system},
    {"kallsyms", "overwritten words of the symbol table", fuzz_kallsyms},
    {"known_hosts", "the host's name, NUL, the file", fuzz_known_hosts},
    {"certificate", "a host certificate, as it comes over the wire", fuzz_certificate},
    {"user_key", "a private key file", fuzz_user_key},
    {"configuration", "a format's number, then the file", fuzz_configuration},
    {"page_encoder", "a page of memory", fuzz_page_encoder},
};

}  // namespace

std::span<const Fuzzer> fuzzers() { return kFuzzers; }

const Fuzzer* find_fuzzer(std::string_view name) {
  for (const Fuzzer& fuzzer : kFuzzers)
    if (name == fuzzer.name) return &fuzzer;
  return nullptr;
}

}  // namespace kdump
