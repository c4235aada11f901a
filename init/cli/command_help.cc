// The texts of --help. What the options do is in command_line.cc.
#include "init/cli/command_line.h"

namespace kdump {
namespace {

constexpr const char kGeneral[] =
    R"(kdump-init saves the memory of a crashed Linux kernel, without the pages that debugging does not need.

usage: kdump-init dump VMCORE TARGET...   save dmesg, vmcore, log and report
       kdump-init dump VMCORE -o FILE     save one dump file; "-" is standard output
       kdump-init dmesg VMCORE            print the crashed kernel's log
       kdump-init info VMCORE [--json]    what crashed, and what its memory holds
       kdump-init report VMCORE [--json]  why it crashed: stacks, tasks, modules, memory
       kdump-init check ARGUMENT...       try the targets of kernel arguments, before a crash
       kdump-init verify DUMP             check a dump that was saved: structure, pages, checksums
       kdump-init list [TARGET...]        list the dumps on targets, or on the configured ones
       kdump-init status [--json]         is this machine armed, and what happens when it crashes
       kdump-init config [FILE]           the kernel arguments that a configuration file means
       kdump-init test                    a real panic of this kernel and configuration, in QEMU
       kdump-init service start|stop|reload   pack and load the capture kernel, or unload it
       kdump-init COMMAND --help          more on one of them
       kdump-init arguments               list the kernel arguments of a capture kernel
       kdump-init --version

VMCORE is /proc/vmcore in a capture kernel, a copy of it, or a dump: ELF, kdump-compressed (zstd,
zlib, lzo, snappy; the parts of a split one as PART,PART,...), flattened, a raw: device, the directory
of a crash. status, config, test and service are scripts of the installed package.
As process 1 of a capture kernel the program reads rd.kdump.* kernel arguments instead.

Exit status: 0 saved, 1 not saved, 2 wrong usage, 3 saved but incomplete.
)";

constexpr const char kDump[] =
    R"(usage: kdump-init dump [OPTION...] VMCORE TARGET...
       kdump-init dump [OPTION...] VMCORE -o FILE

Saves the crashed kernel's log first, then a filtered dump, then this run's log and report, in a
directory HOST-TIME on the first TARGET that takes it whole:

  fs:DEVICE:/DIR   a directory on a file system; DEVICE is UUID=, LABEL=, PARTUUID=, PARTLABEL=
                   or /dev/...
  raw:DEVICE       the block device itself
  nfs://HOST[:PORT]/EXPORT[?path=DIR&vers=VERSION&OPTION...]
                   a directory on an NFS server
  ssh://USER@HOST[:PORT]/DIR?key=FILE&known_hosts=FILE&jump=USER@HOST[:PORT]
                   a directory on an SSH server
  dir:/DIR         a directory that is mounted

  -o, --output FILE    only the dump, in FILE (FILE-incomplete until it is whole); "-" writes it
                       flattened to standard output
  -d, --level N[,M...] leave out: 1 zero pages, 2 page cache, 4 also cache with private data,
                       8 user memory, 16 free memory; the sum, 31 if not given. Further levels
                       are tried where the space does not suffice
      --format FORMAT  kdump (as makedumpfile writes it) or elf
      --compress HOW   zstd[:LEVEL], none, or auto; LEVEL 1 if not given, up to 3; 0 is
                       fastest, still zstd to readers
      --flatten        as a stream of records, which "makedumpfile -R" restores
      --threads N      compress in N threads
      --dry-run        classify and estimate only; needs no TARGET
      --report FILE    write the report, JSON, to FILE as well; FILE must not exist

Exit status: 0 saved, 1 not saved, 2 wrong usage, 3 saved but incomplete.
)";

constexpr const char kDmesg[] =
    R"(usage: kdump-init dmesg VMCORE

Prints the log of the crashed kernel to standard output, as dmesg(1) would have.

Exit status: 0 all of it, 1 nothing, 2 wrong usage, 3 some of it cannot be read.
)";

constexpr const char kInfo[] =
    R"(usage: kdump-init info [--json] VMCORE

Shows which kernel crashed, when and why, what its memory holds by class of pages, and how big a
dump would be at each useful level. Writes nothing.
)";

constexpr const char kReport[] =
    R"(usage: kdump-init report [--json] VMCORE

Prints why the kernel crashed, from the vmcore alone, without debug symbols: a title and a signature
that is the same for the same crash, the reason, the stack of every CPU, blocked tasks and what they
wait for, memory, modules with their build-ids. Lines that begin with "missing" name what could not
be read and why. A capture saves the same as crash.txt and crash.json. Writes nothing.

      --json    as JSON; docs/crash.schema.json is the schema

Exit status: 0 printed, 1 VMCORE cannot be read, 2 wrong usage.
)";

constexpr const char kCheck[] =
    R"(usage: kdump-init check KERNEL-ARGUMENT...

Tries every target that the kernel arguments name, as rd.kdump.target=URL, from the running system:
brings it up, writes and syncs a small file, reads it back and removes it, and shows how long each
step took and how fast it wrote. The file is random bytes, at most 64 MiB and an eighth of what is
free. Of raw:DEVICE it only looks whether it could be written to. The network is used as it is:
ip= and the like are the capture kernel's.

All of them may also be one word, such as the line that scripts/mkinitramfs shows.

Exit status: 0 the first target would work, 1 it would not, 2 wrong usage.
)";

constexpr const char kVerify[] =
    R"(usage: kdump-init verify DUMP

Checks a saved dump (kdump, ELF or flattened): every byte against the checksums inside the dump; its
headers, bitmaps, descriptors and notes; that every page is there and decompresses; and SHA256SUMS
where that file is beside it. DUMP is the dump's file, a device that raw: has written, or the
directory of a crash; of a directory all files in SHA256SUMS are checked. Prints which parts and how
many pages are damaged. Dumps of other programs, and of kdump-init 0.1.0, have no checksums. Writes
nothing.

The last line and the exit status: "sound" 0, "DAMAGED" 1, wrong usage 2, "sound, but incomplete" 3,
"no checksums: only its structure was checked" 0, not a dump or unreadable 4.
)";

constexpr const char kList[] =
    R"(usage: kdump-init list [--json | --lines] [TARGET...]

Lists the dumps on each TARGET, or on the configured targets: name (host and time, UTC), size, state,
kernel and reason, newest first. Targets have the same form as for dump; ssh:// needs SFTP. Skips
other files. Changes nothing.

      --json    as JSON
      --lines   for scripts, a line each between tabs: where, complete, incomplete or none, time, host,
                kernel, bytes, reason, title and signature of the crash report

Exit status: 0 all were listed, 1 not all, 2 wrong usage.
)";

}  // namespace

const char* help_text(Verb verb) {
  switch (verb) {
    case Verb::dump:
      return kDump;
    case Verb::dmesg:
      return kDmesg;
    case Verb::info:
      return kInfo;
    case Verb::report:
      return kReport;
    case Verb::check:
      return kCheck;
    case Verb::verify:
      return kVerify;
    case Verb::list:
      return kList;
    case Verb::general:
    case Verb::version:
    case Verb::arguments:
      break;
  }
  return kGeneral;
}

}  // namespace kdump
