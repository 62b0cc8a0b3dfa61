// Loaded before libc (LD_PRELOAD) into a server under test: calls that behave as those of a machine
// in trouble. What it does is said by the environment:
//
// FAULTY_STATE=FILE     remembers there, for each file that was synced, how many of its bytes were:
//                       what a power cut leaves (tests/support/power.py cuts the files back). The
//                       file outlives a kill -9 of the process.
// FAULTY_BOOT=FILE      what the process takes for the machine's boot id
// FAULTY_SYNC_MS=N      each fsync and fdatasync takes so much longer
// FAULTY_SYNC_EIO=N     the Nth fsync or fdatasync, and all behind it, fail with EIO
// FAULTY_SHORT=SEED     reads and writes of files are cut short or interrupted, sends and receives
//                       interrupted, at random. Sockets are not cut short: with epoll's edges a
//                       short count says that there is no more (epoll(7)), and Linux keeps to it.
//
// Directory entries are taken as kept: RocksDB syncs the directory behind each change of it.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define SLOTS 4096
#define SHORT_FROM 64 /* fewer bytes pass whole: an eventfd takes nothing but eight */

struct slot {
  uint64_t inode; /* 0: free */
  uint64_t synced;
};

static struct slot* slots;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long sync_ms, sync_eio, syncs;
static _Atomic uint64_t dice;
static int is_short;

__attribute__((constructor)) static void begin(void) {
  const char* state = getenv("FAULTY_STATE");
  if (state != NULL) {
    const int fd = open(state, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, SLOTS * sizeof(struct slot)) != 0) abort();
    void* map = mmap(NULL, SLOTS * sizeof(struct slot), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) abort();
    slots = map;
    close(fd);
  }
  const char* text = getenv("FAULTY_SYNC_MS");
  if (text != NULL) sync_ms = atol(text);
  text = getenv("FAULTY_SYNC_EIO");
  if (text != NULL) sync_eio = atol(text);
  text = getenv("FAULTY_SHORT");
  if (text != NULL) {
    dice = (uint64_t)atol(text);
    is_short = 1;
  }
}

static void note(uint64_t inode, uint64_t synced) {
  for (uint64_t i = 0; i < SLOTS; ++i) {
    struct slot* slot = &slots[(inode + i) % SLOTS];
    if (slot->inode != 0 && slot->inode != inode) continue;
    slot->inode = inode;
    if (synced > slot->synced) slot->synced = synced;
    return;
  }
  abort(); /* a longer run than this was made for */
}

static int synced(int fd, const char* name) {
  int (*call)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
  struct stat before;
  const int known = fstat(fd, &before) == 0 && S_ISREG(before.st_mode);
  if (sync_ms != 0) {
    const struct timespec pause = {sync_ms / 1000, sync_ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
  }
  pthread_mutex_lock(&mutex);
  const int fails = sync_eio != 0 && ++syncs >= sync_eio;
  pthread_mutex_unlock(&mutex);
  if (fails) {
    errno = EIO;
    return -1;
  }
  const int result = call(fd);
  if (result == 0 && known && slots != NULL) {
    pthread_mutex_lock(&mutex);
    note(before.st_ino, (uint64_t)before.st_size);
    pthread_mutex_unlock(&mutex);
  }
  return result;
}

int fsync(int fd) { return synced(fd, "fsync"); }
int fdatasync(int fd) { return synced(fd, "fdatasync"); }

static FILE* opened(const char* path, const char* mode, const char* name) {
  FILE* (*call)(const char*, const char*) = (FILE * (*)(const char*, const char*)) dlsym(RTLD_NEXT, name);
  const char* boot = getenv("FAULTY_BOOT");
  const int is_boot = boot != NULL && strcmp(path, "/proc/sys/kernel/random/boot_id") == 0;
  return call(is_boot ? boot : path, mode);
}

FILE* fopen(const char* path, const char* mode) { return opened(path, mode, "fopen"); }
FILE* fopen64(const char* path, const char* mode) { return opened(path, mode, "fopen64"); }

/* How many of `size` bytes pass this time; 0: the call is interrupted. */
static size_t part(size_t size) {
  if (!is_short || size < SHORT_FROM) return size;
  uint64_t x = dice += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  x ^= x >> 31;
  switch (x % 8) {
    case 0:
      return 0;
    case 1:
    case 2:
      return 1 + (x >> 8) % size;
    default:
      return size;
  }
}

static ssize_t interrupted(void) {
  errno = EINTR;
  return -1;
}

#define PASS(name, result, ...) \
  ((result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name))

ssize_t write(int fd, const void* bytes, size_t size) {
  const size_t some = part(size);
  if (some == 0 && size != 0) return interrupted();
  return PASS("write", ssize_t, int, const void*, size_t)(fd, bytes, some);
}

ssize_t read(int fd, void* bytes, size_t size) {
  const size_t some = part(size);
  if (some == 0 && size != 0) return interrupted();
  return PASS("read", ssize_t, int, void*, size_t)(fd, bytes, some);
}

static int is_interrupted(size_t size) { return part(size) == 0 && size != 0; }

ssize_t send(int fd, const void* bytes, size_t size, int flags) {
  if (is_interrupted(size)) return interrupted();
  return PASS("send", ssize_t, int, const void*, size_t, int)(fd, bytes, size, flags);
}

ssize_t recv(int fd, void* bytes, size_t size, int flags) {
  if (is_interrupted(size)) return interrupted();
  return PASS("recv", ssize_t, int, void*, size_t, int)(fd, bytes, size, flags);
}

ssize_t sendmsg(int fd, const struct msghdr* message, int flags) {
  if (is_interrupted(SHORT_FROM)) return interrupted();
  return PASS("sendmsg", ssize_t, int, const struct msghdr*, int)(fd, message, flags);
}

/* Of several pieces, sometimes only the first one, or a part of it, passes. */
ssize_t writev(int fd, const struct iovec* parts, int count) {
  if (is_short && count > 0 && part(SHORT_FROM) != SHORT_FROM) {
    return write(fd, parts[0].iov_base, parts[0].iov_len);
  }
  return PASS("writev", ssize_t, int, const struct iovec*, int)(fd, parts, count);
}
