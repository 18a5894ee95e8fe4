// Preloaded (LD_PRELOAD) into a program under test, numbers the calls by which it makes files under a path durable, and
// has one of them fail, or end the program by SIGKILL before it or, of a write, in its middle.
//
//   FAULT_PATH    what the paths contain whose calls are numbered
//   FAULT_RANK    the MPI rank whose calls are numbered; none: a program by itself
//   FAULT_LOG     a file that is told each point: its number, the call and the path
//   FAULT_POINT   the number of the point, from 1
//   FAULT_ERROR   the errno that the call fails with; none: SIGKILL

#define _GNU_SOURCE
#include "fault_point.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int points;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static bool is_of_interest(const char *path) {
  const char *part = getenv("FAULT_PATH"), *wanted = getenv("FAULT_RANK"), *rank = getenv("OMPI_COMM_WORLD_RANK");
  if (!part || !path || !strstr(path, part)) return false;
  return !wanted || (rank && strcmp(wanted, rank) == 0);
}

static void log_point(const char *call, const char *path) {
  const char *name = getenv("FAULT_LOG");
  if (!name) return;
  int log = REAL(open)(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (log < 0) return;
  dprintf(log, "%d %s %s\n", points, call, path);
  close(log);
}

static void die(void) {
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

// Counts a point.
// Returns whether the call is to fail, with errno set.
static bool fails(const char *call, const char *path) {
  if (!is_of_interest(path)) return false;
  points++;
  log_point(call, path);
  const char *point = getenv("FAULT_POINT"), *error = getenv("FAULT_ERROR");
  if (!point || atoi(point) != points) return false;
  if (!error) die();
  errno = atoi(error);
  return true;
}

static const char *path_of(int descriptor, char *path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  path[length < 0 ? 0 : length] = 0;
  return path;
}

int open(const char *path, int flags, ...) {
  mode_t mode = 0;
  if (flags & (O_CREAT | O_TMPFILE)) {
    va_list arguments;
    va_start(arguments, flags);
    mode = va_arg(arguments, mode_t);
    va_end(arguments);
  }
  if ((flags & O_ACCMODE) != O_RDONLY && fails("open", path)) return -1;
  return REAL(open)(path, flags, mode);
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
  char path[PATH_MAX];
  if (getenv("FAULT_PATH") && is_of_interest(path_of(descriptor, path))) {
    if (fails("write", path)) return -1;
    points++;
    log_point("half-write", path);
    const char *point = getenv("FAULT_POINT"), *error = getenv("FAULT_ERROR");
    if (point && atoi(point) == points) {
      // The disk takes half of it, and what is then tried again finds it full.
      ssize_t written = count > 1 ? REAL(write)(descriptor, bytes, count / 2) : 0;
      if (!error) die();
      if (written > 0) {
        points--;
        return written;
      }
      errno = atoi(error);
      return -1;
    }
  }
  return REAL(write)(descriptor, bytes, count);
}

int fsync(int descriptor) {
  char path[PATH_MAX];
  return fails("fsync", path_of(descriptor, path)) ? -1 : REAL(fsync)(descriptor);
}

int mkdir(const char *path, mode_t mode) { return fails("mkdir", path) ? -1 : REAL(mkdir)(path, mode); }
int rename(const char *from, const char *to) { return fails("rename", to) ? -1 : REAL(rename)(from, to); }
int unlink(const char *path) { return fails("unlink", path) ? -1 : REAL(unlink)(path); }
int rmdir(const char *path) { return fails("rmdir", path) ? -1 : REAL(rmdir)(path); }
