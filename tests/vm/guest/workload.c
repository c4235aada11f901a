// Fills the memory of a guest that is about to panic with every kind of page that a dump
// filter has to tell apart. Runs in the crashing kernel only; prints "ready" and stays, so
// that the pages are still mapped when the kernel dies. Owns no file system: the directories
// given on the command line are mounted by the init script.
//
// usage: workload UNIT_MIB TMPFS_DIR [FILE_DIR [FEATURE,…]]
//
// Features: hugetlb1g, swap (something must be swapped on), ksm (the kernel's daemon must run).
// Pages are poisoned by poison.c's program, when all this stands.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/mman.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kMiB = 1 << 20, kHugePage = 2 * kMiB, kPage = 4096 };
enum { kHuge1G = 30 << MAP_HUGE_SHIFT };

static void fail(const char* what) {
  fprintf(stderr, "workload: %s: %s\n", what, strerror(errno));
  exit(1);
}

static uint64_t next_random(void) {
  static uint64_t state = 0x9e3779b97f4a7c15u;  // fixed: two runs leave alike memory
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

static void fill_random(char* at, size_t size) {
  for (size_t i = 0; i + 8 <= size; i += 8) {
    const uint64_t r = next_random();
    memcpy(at + i, &r, 8);
  }
}

// Compresses about as well as logs and source text do.
static void fill_text(char* at, size_t size) {
  static const char* const words[] = {
      "kernel ", "panic ", "page ",   "the ",  "of ",     "error\n", "0x0000 ", "process ",
      "eth0: ",  "link ",  "status ", "is ",   "up\n",    "memory ", "cache ",  "inode ",
      "return ", "int ",   "struct ", "{\n  ", "}\n",     "= ",      "size_t ", "if (",
      "ext4 ",   "read ",  "write ",  "GET ",  "/index ", "200 ",    "INFO ",   "user "};
  size_t used = 0;
  while (used < size) {
    const char* word = words[next_random() % (sizeof words / sizeof *words)];
    const size_t length = strlen(word);
    const size_t take = length < size - used ? length : size - used;
    memcpy(at + used, word, take);
    used += take;
  }
}

static char* map(size_t size, int flags) {
  void* at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | flags, -1, 0);
  return at == MAP_FAILED ? NULL : at;
}

static char* must_map(const char* what, size_t size, int flags) {
  char* at = map(size, flags);
  if (!at) fail(what);
  return at;
}

static void write_file(const char* dir, const char* name, size_t size,
                       void (*fill)(char*, size_t)) {
  char path[256];
  snprintf(path, sizeof path, "%s/%s", dir, name);
  const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
  if (fd < 0) fail(path);
  static char buffer[kMiB];
  for (size_t done = 0; done < size; done += sizeof buffer) {
    fill(buffer, sizeof buffer);
    if (write(fd, buffer, sizeof buffer) != (ssize_t)sizeof buffer) fail(path);
  }
  close(fd);
}

static void anonymous_memory(size_t unit) {
  fill_random(must_map("random", unit, MAP_PRIVATE), unit);
  char* text = must_map("text", 2 * unit, MAP_PRIVATE);
  fill_text(text, 2 * unit);
  // Zero pages that are mapped: written once, so that they are pages of their own.
  memset(must_map("zero", unit / 2, MAP_PRIVATE), 0, unit / 2);
  // Shared anonymous memory lives in shmem: swap-backed page cache, not PG_anon.
  fill_text(must_map("shared", unit / 4, MAP_SHARED), unit / 4);
  char* locked = must_map("locked", unit / 8, MAP_PRIVATE);
  fill_random(locked, unit / 8);
  mlock(locked, unit / 8);
  // Freed again: free pages whose old contents must not reach the dump.
  char* freed = must_map("freed", unit, MAP_PRIVATE);
  fill_text(freed, unit);
  munmap(freed, unit);
}

static void huge_memory(size_t unit) {
  const size_t size = (unit + kHugePage - 1) / kHugePage * kHugePage;
  char* thp = must_map("thp", size + kHugePage, MAP_PRIVATE);
  thp += kHugePage - (uintptr_t)thp % kHugePage;
  if (madvise(thp, size, MADV_HUGEPAGE)) fail("MADV_HUGEPAGE");
  fill_text(thp, size);
  // Whatever hugepages= reserved at boot, except one page: a free one must be seen too.
  char* huge = map(kHugePage, MAP_PRIVATE | MAP_HUGETLB);
  for (int pages = 1; huge; pages++) {
    fill_random(huge, kHugePage);
    if (pages == 3) break;
    huge = map(kHugePage, MAP_PRIVATE | MAP_HUGETLB);
  }
}

// One page of 1 GiB, of which a part is written.
static void gigantic_page(void) {
  char* at = must_map("hugetlb1g", 1024 * (size_t)kMiB, MAP_PRIVATE | MAP_HUGETLB | kHuge1G);
  fill_text(at, 16 * kMiB);
}

// Swapped out; then a quarter is read again, which leaves it in the swap cache, and a quarter is
// written, which does not. tmpfs is swapped out too.
static void swapped_memory(size_t unit, const char* tmpfs) {
  char* at = must_map("swapped", unit, MAP_PRIVATE);
  fill_text(at, unit);
  if (madvise(at, unit, MADV_PAGEOUT)) fail("MADV_PAGEOUT");
  volatile char* touched = at;
  for (size_t i = 0; i < unit / 4; i += kPage) (void)touched[i];
  for (size_t i = unit / 4; i < unit / 2; i += kPage) touched[i] = 1;

  char path[256];
  snprintf(path, sizeof path, "%s/text", tmpfs);
  const int fd = open(path, O_RDWR);
  char* file = mmap(NULL, unit / 4, PROT_READ, MAP_SHARED, fd, 0);
  if (fd < 0 || file == MAP_FAILED) fail(path);
  for (size_t i = 0; i < unit / 4; i += kPage) (void)((volatile char*)file)[i];
  if (madvise(file, unit / 4, MADV_PAGEOUT)) fail("MADV_PAGEOUT of tmpfs");
  close(fd);
}

// Every eighth page is the same; the daemon finds it out in its own time.
static void mergeable_memory(size_t unit) {
  char* at = must_map("mergeable", unit / 2, MAP_PRIVATE);
  fill_text(at, unit / 2);
  for (size_t i = 8 * kPage; i < unit / 2; i += 8 * kPage) memcpy(at + i, at, kPage);
  if (madvise(at, unit / 2, MADV_MERGEABLE)) fail("MADV_MERGEABLE");
}

static void many_dentries(const char* dir, int count) {
  char path[256];
  for (int i = 0; i < count; i++) {
    snprintf(path, sizeof path, "%s/a-file-with-a-name-too-long-to-be-inline-%06d", dir, i);
    if (mknod(path, S_IFREG | 0644, 0)) fail(path);
    struct stat st;
    snprintf(path, sizeof path, "%s/not-there-%06d", dir, i);  // a negative dentry
    stat(path, &st);
  }
}

int main(int argc, char** argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: workload UNIT_MIB TMPFS_DIR [FILE_DIR [FEATURE,...]]\n");
    return 2;
  }
  const size_t unit = (size_t)atoi(argv[1]) * kMiB;
  const char* features = argc > 4 ? argv[4] : "";
  write_file(argv[2], "random", unit / 2, fill_random);
  write_file(argv[2], "text", unit / 2, fill_text);
  many_dentries(argv[2], (int)(unit / kMiB) * 400);
  if (argc > 3) {
    write_file(argv[3], "text", 2 * unit, fill_text);
    write_file(argv[3], "random", unit / 2, fill_random);
  }
  anonymous_memory(unit);
  huge_memory(unit);
  if (strstr(features, "hugetlb1g")) gigantic_page();
  if (strstr(features, "ksm")) mergeable_memory(unit);
  if (strstr(features, "swap")) swapped_memory(unit, argv[2]);

  // A forked child that has written half of what it shares with its parent.
  char* shared = must_map("cow", unit / 4, MAP_PRIVATE);
  fill_text(shared, unit / 4);
  if (fork() == 0) {
    fill_random(shared, unit / 8);
    for (;;) pause();
  }
  puts("workload: ready");
  fflush(stdout);
  for (;;) pause();
}
