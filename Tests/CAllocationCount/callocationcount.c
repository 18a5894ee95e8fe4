#define _GNU_SOURCE
#include "callocationcount.h"
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

// Defined in the executable, these take the place of the C library's for every library of the process.
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

// Of one thread each: what others do at the same time, such as the testing library's, is not for the counting one.
static _Thread_local long counted;
static _Thread_local bool counting;
static _Thread_local bool looking;

static void count(const void *caller) {
  if (!counting || looking) return;
  looking = true;
  Dl_info info;
  // The program itself, whatever it is called, or a library of Swift's.
  static Dl_info program;
  if (!program.dli_fbase) dladdr((const void *)&callocationcount_start, &program);
  if (dladdr(caller, &info) && (info.dli_fbase == program.dli_fbase || strstr(info.dli_fname, "libswift")))
    counted++;
  looking = false;
}

void *malloc(size_t size) {
  count(__builtin_return_address(0));
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  count(__builtin_return_address(0));
  return __libc_calloc(number, size);
}

void *realloc(void *memory, size_t size) {
  count(__builtin_return_address(0));
  return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  count(__builtin_return_address(0));
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
  count(__builtin_return_address(0));
  *memory = __libc_memalign(alignment, size);
  return *memory ? 0 : ENOMEM;
}

void callocationcount_start(void) {
  counted = 0;
  counting = true;
}

long callocationcount_stop(void) {
  counting = false;
  return counted;
}
