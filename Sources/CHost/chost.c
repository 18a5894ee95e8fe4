#define _GNU_SOURCE
#include "chost.h"
#include <sched.h>
#include <string.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

const char *chost_march(void) { return PRSGD_MARCH; }
const char *chost_revision(void) { return PRSGD_REVISION; }

#if defined(__x86_64__)
bool chost_cpu_has_avx512(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
}
bool chost_cpu_has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

const char *chost_cpu_name(void) {
  static char name[49];
  unsigned int words[12];
  if (__get_cpuid_max(0x80000000, 0) < 0x80000004) return "";
  for (unsigned int i = 0; i < 3; i++)
    __get_cpuid(0x80000002 + i, &words[4 * i], &words[4 * i + 1], &words[4 * i + 2], &words[4 * i + 3]);
  memcpy(name, words, 48);
  return name;
}

void chost_flush_denormals(void) { _mm_setcsr(_mm_getcsr() | 0x8040); }
#else
bool chost_cpu_has_avx512(void) { return false; }
bool chost_cpu_has_avx2(void) { return false; }
const char *chost_cpu_name(void) { return ""; }
void chost_flush_denormals(void) {}
#endif

void chost_restart(char *const arguments[]) { execv("/proc/self/exe", arguments); }

int chost_allowed_cores(int32_t *cores, int capacity) {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 0;
  int count = 0;
  for (int core = 0; core < CPU_SETSIZE && count < capacity; core++) {
    if (CPU_ISSET(core, &set)) cores[count++] = core;
  }
  return count;
}
