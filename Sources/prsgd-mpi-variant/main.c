// What an installation has under the name prsgd-mpi: picks the variant of the program that this processor runs best, and
// becomes it.
//
//   PREFIX/bin/prsgd-mpi                             this
//   PREFIX/libexec/prsgd-mpi/x86-64-v3/prsgd-mpi     a variant, named as -march was
//
// PRSGD_VARIANT names one; else it is that of the highest level of x86-64 that the processor has, and where there is only
// one, that one.
#include "chost.h"
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { usage = 64, internal = 70, most = 32 };

static char folder[PATH_MAX];
static char names[most][NAME_MAX + 1];
static int count;

static _Noreturn void refuse(int code, const char *reason, const char *detail) {
  // The launcher ends all others with the first that ends, which should have spoken.
  if (chost_speaks_for_node())
    fprintf(stderr, "prsgd-mpi: %s%s\n", reason, detail);
  else
    sleep(1);
  exit(code);
}

static int by_name(const void *a, const void *b) { return strcmp(a, b); }

/// The variants beside this program.
static void find_variants(void) {
  char path[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  if (length < 0) refuse(internal, "cannot tell where it lies: ", strerror(errno));
  path[length] = 0;
  for (int i = 0; i < 2; i++) {
    char *slash = strrchr(path, '/');
    if (slash) *slash = 0;
  }
  if (snprintf(folder, sizeof folder, "%s/libexec/prsgd-mpi", path) >= (int)sizeof folder)
    refuse(internal, "lies in too long a path: ", path);
  DIR *entries = opendir(folder);
  if (!entries) refuse(internal, "no variant of the program is installed: there is no folder ", folder);
  for (struct dirent *entry; count < most && (entry = readdir(entries));)
    if (entry->d_name[0] != '.') strcpy(names[count++], entry->d_name);
  closedir(entries);
  qsort(names, (size_t)count, sizeof *names, by_name);
  if (count == 0) refuse(internal, "no variant of the program is installed in ", folder);
}

static void list(char *text, size_t size) {
  text[0] = 0;
  for (int i = 0; i < count; i++) {
    size_t length = strlen(text);
    snprintf(text + length, size - length, "%s%s", i ? ", " : "", names[i]);
  }
}

/// N of "x86-64-vN", 1 of "x86-64", 0 of another name.
static int level(const char *name) {
  if (strcmp(name, "x86-64") == 0) return 1;
  return strncmp(name, "x86-64-v", 8) == 0 && name[8] >= '2' && name[8] <= '4' && !name[9] ? name[8] - '0' : 0;
}

static const char *named_variant(const char *name) {
  for (int i = 0; i < count; i++)
    if (strcmp(names[i], name) == 0) return names[i];
  char all[1024], detail[2048];
  list(all, sizeof all);
  snprintf(detail, sizeof detail, "%.256s: no such variant is installed, but %s", name, all);
  refuse(usage, "PRSGD_VARIANT=", detail);
}

static const char *best_variant(void) {
  if (count == 1) return names[0];
  const char *best = 0;
  char missing[512], least[512] = "";
  int lowest = 5;
  for (int i = 0; i < count; i++) {
    if (!level(names[i])) continue;
    chost_missing_of_level(level(names[i]), missing, sizeof missing);
    if (!missing[0] && (!best || level(names[i]) > level(best))) best = names[i];
    if (level(names[i]) < lowest) {
      lowest = level(names[i]);
      strcpy(least, missing);
    }
  }
  if (best) return best;
  char all[1024], node[256] = "", detail[2048];
  list(all, sizeof all);
  gethostname(node, sizeof node - 1);
  snprintf(detail, sizeof detail, "%s lacks %s; installed are %s: build it there (PRSGD_MARCH=native make build)", node,
           least[0] ? least : "a level of x86-64 that is installed", all);
  refuse(internal, "the processor of ", detail);
}

int main(int argc, char **argv) {
  (void)argc;
  find_variants();
  const char *name = getenv("PRSGD_VARIANT");
  const char *variant = name && *name ? named_variant(name) : best_variant();
  char program[PATH_MAX + NAME_MAX + 16];
  snprintf(program, sizeof program, "%s/%s/prsgd-mpi", folder, variant);
  execv(program, argv);
  char detail[sizeof program + 64];
  snprintf(detail, sizeof detail, "%s: %s", program, strerror(errno));
  refuse(internal, "cannot start ", detail);
}
