// Whether this processor has the instructions that a build uses, asked before it meets any of them.
#include "chost.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Of the programs here, those that link it: `CInstructionSet`.
extern const char *const cinstructionset_used[] __attribute__((weak));

#if defined(__x86_64__)
static bool has(const char *instructions) {
  __builtin_cpu_init();
#define HAS(name) \
  if (strcmp(instructions, name) == 0) return __builtin_cpu_supports(name)
  HAS("sse3");
  HAS("ssse3");
  HAS("sse4.1");
  HAS("sse4.2");
  HAS("popcnt");
  HAS("avx");
  HAS("avx2");
  HAS("fma");
  HAS("bmi");
  HAS("bmi2");
  HAS("f16c");
  HAS("lzcnt");
  HAS("movbe");
  HAS("avx512f");
  HAS("avx512bw");
  HAS("avx512cd");
  HAS("avx512dq");
  HAS("avx512vl");
  HAS("avx512ifma");
  HAS("avx512vbmi");
  HAS("avx512vbmi2");
  HAS("avx512vnni");
  HAS("avx512bitalg");
  HAS("avx512vpopcntdq");
  HAS("avx512bf16");
  HAS("avx512fp16");
  HAS("gfni");
  HAS("vaes");
  HAS("vpclmulqdq");
  HAS("avxvnni");
#undef HAS
  return true;
}

static const char *const second[] = {"sse3", "ssse3", "sse4.1", "sse4.2", "popcnt", 0};
static const char *const third[] = {"avx", "avx2", "fma", "bmi", "bmi2", "f16c", "lzcnt", "movbe", 0};
static const char *const fourth[] = {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl", 0};
#else
static bool has(const char *instructions) {
  (void)instructions;
  return false;
}
static const char *const second[] = {"x86-64-v2", 0};
static const char *const third[] = {"x86-64-v3", 0};
static const char *const fourth[] = {"x86-64-v4", 0};
#endif

/// Adds the names of those that are missing.
static void add_missing(const char *const *instructions, char *text, size_t size) {
  for (; *instructions; instructions++) {
    if (has(*instructions)) continue;
    size_t length = strlen(text);
    snprintf(text + length, size - length, "%s%s", length ? ", " : "", *instructions);
  }
}

void chost_missing_of_level(int level, char *text, size_t size) {
  const char *const *const levels[] = {second, third, fourth};
  text[0] = 0;
  for (int i = 2; i <= level && i <= 4; i++) add_missing(levels[i - 2], text, size);
}

bool chost_speaks_for_node(void) {
  const char *const names[] = {"OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID", "SLURM_LOCALID"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const char *rank = getenv(names[i]);
    if (rank) return strcmp(rank, "0") == 0;
  }
  return true;
}

/// Runs before any code of the build: this file is compiled for every processor of the architecture.
__attribute__((constructor)) static void require_instructions(void) {
  char missing[512] = "", node[256] = "";
  if (!cinstructionset_used) return;
  add_missing(cinstructionset_used, missing, sizeof missing);
  if (!missing[0]) return;
  gethostname(node, sizeof node - 1);
  // The launcher ends all others with the first that ends, which should have spoken.
  if (!chost_speaks_for_node())
    sleep(1);
  else
    fprintf(stderr,
            "prsgd-mpi: this program was built for %s, and the processor of %s lacks %s: build it there "
            "(PRSGD_MARCH=native make build), or install a variant that this processor runs (make help: VARIANTS)\n",
            chost_march(), node, missing);
  _exit(70);
}
