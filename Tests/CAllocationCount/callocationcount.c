#define _GNU_SOURCE
#include "callocationcount.h"
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

// Defined in the executable, these take the place of the C library's for every library of the process.
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static atomic_long counted;
static atomic_bool counting;
static _Thread_local bool looking;

static void count(const void *caller) {
  if (!atomic_load_explicit(&counting, memory_order_relaxed) || looking) return;
  looking = true;
  Dl_info info;
  // The program itself, whatever it is called, or a library of Swift's.
  static Dl_info program;
  if (!program.dli_fbase) dladdr((const void *)&callocationcount_start, &program);
  if (dladdr(caller, &info) && (info.dli_fbase == program.dli_fbase || strstr(info.dli_fname, "libswift")))
    atomic_fetch_add(&counted, 1);
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
  atomic_store(&counted, 0);
  atomic_store(&counting, true);
}

long callocationcount_stop(void) {
  atomic_store(&counting, false);
  return atomic_load(&counted);
}
