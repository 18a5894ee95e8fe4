#define _GNU_SOURCE
#include "chost.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t noted;
static struct timespec noted_at;

static const int watched[] = {SIGINT, SIGTERM, SIGUSR1};

// A launcher may send one signal by several ways at once: what comes within a second counts as the same.
static bool is_repetition(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (now.tv_sec - noted_at.tv_sec) * 1000 + (now.tv_nsec - noted_at.tv_nsec) / 1000000 < 1000;
}

static void note(int number) {
  if (!noted) {
    clock_gettime(CLOCK_MONOTONIC, &noted_at);
    noted = number;
    return;
  }
  if (number == noted && is_repetition()) return;
  signal(number, SIG_DFL);
  raise(number);
}

void chost_note_signals(void) {
  struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};
  sigemptyset(&action.sa_mask);
  for (size_t index = 0; index < sizeof watched / sizeof *watched; index++) {
    // A job that a shell started in the background ignores interrupts, and goes on doing so.
    struct sigaction before;
    sigaction(watched[index], NULL, &before);
    if (before.sa_handler != SIG_IGN) sigaction(watched[index], &action, NULL);
  }
}

int chost_noted_signal(void) { return noted; }

void chost_return_write_errors(void) {
  signal(SIGXFSZ, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
}

// Calls nothing that may not be called after a fork beside threads.
static bool is_mpirun(const char *path) {
  char name[32] = {0};
  int descriptor = open(path, O_RDONLY);
  if (descriptor < 0) return false;
  ssize_t count = read(descriptor, name, sizeof name - 1);
  close(descriptor);
  return count > 0 && (strncmp(name, "mpirun", 6) == 0 || strncmp(name, "mpiexec", 7) == 0 || strncmp(name, "orterun", 7) == 0);
}

void chost_end_launcher_later(void) {
  pid_t launcher = getppid();
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/comm", (int)launcher);
  if (!is_mpirun(path) || fork() != 0) return;
  // The launcher ends what belongs to its job; and nobody may wait for files or a lock that this process shares.
  setsid();
  close_range(0, ~0U, 0);
  sleep(10);
  // It waits already for a daemon that it cannot hear: asked to end, it only says so.
  if (is_mpirun(path)) kill(launcher, SIGKILL);
  _exit(0);
}
