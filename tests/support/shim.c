// Preloaded into one process by the fault tests (tests/support/trouble.py): a wrong clock, a failing disk.
//   WB_SHIM_CLOCK_S   seconds added to the wall clock (CLOCK_REALTIME, time(), gettimeofday()); other clocks are right
//   WB_SHIM_EIO       NAME@FLAG: while the file FLAG exists, writes and syncs of files whose path has NAME fail with EIO
//
// Straight to the kernel, without dlsym(): that allocates, and a sanitizer asks for the time while it allocates.
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

static long shift(void) {
  const char* s = getenv("WB_SHIM_CLOCK_S");
  return s ? atol(s) : 0;
}

int clock_gettime(clockid_t id, struct timespec* t) {
  const int rc = (int)syscall(SYS_clock_gettime, id, t);
  if (rc == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) t->tv_sec += shift();
  return rc;
}

time_t time(time_t* out) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  if (out) *out = t.tv_sec;
  return t.tv_sec;
}

int gettimeofday(struct timeval* restrict out, void* restrict zone) {
  (void)zone;
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  out->tv_sec = t.tv_sec;
  out->tv_usec = t.tv_nsec / 1000;
  return 0;
}

static int broken(int fd) {
  const char* rule = getenv("WB_SHIM_EIO");
  const char* at = rule ? strchr(rule, '@') : NULL;
  if (!at || access(at + 1, F_OK) != 0) return 0;
  char link[64], path[PATH_MAX], name[256];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  snprintf(name, sizeof name, "%.*s", (int)(at - rule), rule);
  return strstr(path, name) != NULL;
}

#define FAILING(type, name, number, parameters, ...)           \
  type name parameters {                                       \
    if (broken(fd)) return errno = EIO, (type)-1;              \
    return (type)syscall(number, __VA_ARGS__);                 \
  }
FAILING(ssize_t, pwrite, SYS_pwrite64, (int fd, const void* data, size_t size, off_t at), fd, data, size, at)
FAILING(ssize_t, pwrite64, SYS_pwrite64, (int fd, const void* data, size_t size, off64_t at), fd, data, size, at)
FAILING(int, fsync, SYS_fsync, (int fd), fd)
FAILING(int, fdatasync, SYS_fdatasync, (int fd), fd)
FAILING(int, ftruncate, SYS_ftruncate, (int fd, off_t size), fd, size)
FAILING(int, ftruncate64, SYS_ftruncate, (int fd, off64_t size), fd, size)
