// Takes pages of every kind away as broken memory does, in the kernel that is about to panic:
// mapped ones with madvise(MADV_HWPOISON), ones of others by their address, which the kernel's
// own list of pages (/proc/kpageflags) gives. A kind that this kernel cannot poison is reported
// and left out; that something was poisoned is seen in /proc/meminfo, and checked by the init.
//
// usage: poison FILE        FILE lies in the page cache

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/mman.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { kPage = 4096, kHugePage = 2 << 20 };
// include/uapi/linux/kernel-page-flags.h
enum { kSlab = 1 << 7, kBuddy = 1 << 10, kCompoundHead = 1 << 15, kCompoundTail = 1 << 16 };

static void say(const char* what, int failed) {
  printf("poison: %s: %s\n", what, failed ? strerror(errno) : "done");
}

static void poison_mapped(const char* what, char* at, size_t offset) {
  if (at == MAP_FAILED) {
    say(what, 1);
    return;
  }
  ((volatile char*)at)[offset] |= 0;  // mapped, and dirty where it may be written
  say(what, madvise(at + offset, kPage, MADV_HWPOISON));
}

static char* anonymous(size_t size, int flags) {
  char* at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
  if (at != MAP_FAILED) memset(at, 'p', size);
  return at;
}

// The highest page frame of which the kernel says `flag`, alone and not as a part of a compound
// page: there a poisoned head is what released makedumpfiles take the whole for, and we do not.
// High, because there the free blocks are large.
static uint64_t last_pfn_with(uint64_t flag) {
  const int fd = open("/proc/kpageflags", O_RDONLY);
  uint64_t words[512], found = 0;
  for (uint64_t pfn = 0; fd >= 0;) {
    const ssize_t size = read(fd, words, sizeof words);
    if (size <= 0) break;
    for (ssize_t i = 0; i < size / 8; i++, pfn++)
      if ((words[i] & (flag | kCompoundHead | kCompoundTail)) == flag) found = pfn;
  }
  close(fd);
  return found;
}

static void poison_pfn(const char* what, uint64_t pfn, const char* node) {
  const int fd = open(node, O_WRONLY);
  char text[32];
  const int size = snprintf(text, sizeof text, "%#llx", (unsigned long long)pfn * kPage);
  say(what, fd < 0 || write(fd, text, (size_t)size) != size);
  close(fd);
}

static void on_sigbus(int signal_number) { (void)signal_number; }

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  // Newer kernels tell a process of each dirty page it loses.
  signal(SIGBUS, on_sigbus);
  poison_mapped("anonymous page", anonymous(16 * kPage, 0), 3 * kPage);

  char* thp = anonymous(2 * kHugePage, 0);
  if (thp != MAP_FAILED) {
    munmap(thp, 2 * kHugePage);
    thp = mmap(thp, 2 * kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    thp += kHugePage - (uintptr_t)thp % kHugePage;
    madvise(thp, kHugePage, MADV_HUGEPAGE);
    memset(thp, 't', kHugePage);
  }
  poison_mapped("page in a transparent huge page", thp, 77 * kPage);
  poison_mapped("page in a hugetlb page", anonymous(kHugePage, MAP_HUGETLB), 5 * kPage);

  const int fd = open(argv[1], O_RDONLY);
  char* file = mmap(NULL, 16 * kPage, PROT_READ, MAP_SHARED, fd, 0);
  if (file != MAP_FAILED) {
    (void)((volatile char*)file)[kPage];
    say("page of a file", madvise(file + kPage, kPage, MADV_HWPOISON));
  } else {
    say("page of a file", 1);
  }

  const char* hard = "/sys/devices/system/memory/hard_offline_page";
  poison_pfn("free page", last_pfn_with(kBuddy), hard);
  poison_pfn("slab page", last_pfn_with(kSlab), hard);
  char* soft = anonymous(16 * kPage, 0);
  if (soft != MAP_FAILED)
    say("page that is migrated away", madvise(soft, kPage, MADV_SOFT_OFFLINE));
  fflush(stdout);
  for (;;) pause();  // what is mapped stays
}
