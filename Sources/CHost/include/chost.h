// What the compiler, the processor and the process know and Swift has no name for.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The value of -march this program was built with.
const char *chost_march(void);
/// The git revision this program was built from.
const char *chost_revision(void);

/// Whether this processor has AVX-512 (foundation, DQ, BW and VL), AVX2 with FMA.
bool chost_cpu_has_avx512(void);
bool chost_cpu_has_avx2(void);
/// Writes the names of the instructions of x86-64-v`level` that this processor lacks; an empty text if none.
void chost_missing_of_level(int level, char *text, size_t size);
/// Whether this process is the first of its launcher's on this node, or has no launcher: what all would say, it says.
bool chost_speaks_for_node(void);
/// The processor's brand string, or an empty one.
const char *chost_cpu_name(void);

/// Makes this thread's arithmetic treat denormal numbers as zero, inputs and results.
void chost_flush_denormals(void);

/// From now on SIGINT, SIGTERM and SIGUSR1 are noted, the first of them; a second one ends the process as ever.
void chost_note_signals(void);
/// The signal that was noted, or 0.
int chost_noted_signal(void);
/// From now on a file that would become too large, or output that nobody reads, is an error of the call that writes it, and
/// no signal.
void chost_return_write_errors(void);

/// The cores that this thread may run on, ascending, at most `capacity` of them.
/// Returns how many they are, 0 where the system does not say.
int chost_allowed_cores(int32_t *cores, int capacity);

/// Has the mpirun that started this process killed in some seconds, unless it has ended by itself: it may wait for ever for a
/// host that does not answer. Does nothing where another program started this process.
void chost_end_launcher_later(void);

/// Replaces this process by itself with the same arguments; returns only if that failed.
void chost_restart(char *const arguments[]);

/// Prefetches the cache line that an address is in; an unmapped address is harmless.
static inline void chost_prefetch(const void *address) {
  __builtin_prefetch(address);
}

/// The same for a line that the first cache has no room to keep until then.
static inline void chost_prefetch_to_second(const void *address) {
  __builtin_prefetch(address, 0, 2);
}

/// The same for a line that will be written.
static inline void chost_prefetch_to_write(const void *address) {
  __builtin_prefetch(address, 1);
}

/// Writes a word that another thread reads, and reads one that another thread writes; nothing else is ordered by it.
static inline void chost_publish(uint64_t *place, uint64_t value) {
  __atomic_store_n(place, value, __ATOMIC_RELAXED);
}
static inline uint64_t chost_observe(const uint64_t *place) {
  return __atomic_load_n(place, __ATOMIC_RELAXED);
}

/// Sixteen numbers, as Swift's SIMD16<Float>.
typedef float chost_lanes __attribute__((ext_vector_type(16)));

/// √x in every lane; Swift's own goes lane by lane.
static inline __attribute__((always_inline)) chost_lanes chost_square_root(chost_lanes x) {
  return __builtin_elementwise_sqrt(x);
}

/// One vector register of floats of this build's Swift code; SIMD16<Float> or SIMD8<Float>. Instruction sets with
/// narrower ones take two.
#if defined(__AVX512F__)
typedef float chost_register __attribute__((ext_vector_type(16)));
#else
typedef float chost_register __attribute__((ext_vector_type(8)));
#endif

/// Width in bits of the vectors that this build's Swift code uses, from the importer's own target.
static inline int chost_vector_bits(void) {
#if defined(__AVX512F__)
  return 512;
#elif defined(__AVX2__) && defined(__FMA__)
  return 256;
#else
  return 128;
#endif
}
/// Whether this build's Swift code may use fused multiply-add instructions.
static inline bool chost_has_fma(void) {
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
  return true;
#else
  return false;
#endif
}

/// 16 numbers: SIMD16<Float>.
typedef float chost_floats __attribute__((ext_vector_type(16)));

/// Stores them in half precision, 32 bytes at any address; rounds to nearest, ties to even. Swift's own conversion runs
/// number by number.
static inline void chost_store_halves(void *address, chost_floats numbers) {
  typedef _Float16 halves __attribute__((ext_vector_type(16)));
  halves rounded = __builtin_convertvector(numbers, halves);
  __builtin_memcpy(address, &rounded, sizeof rounded);
}

/// Loads 32 bytes in half precision from any address.
static inline chost_floats chost_load_halves(const void *address) {
  typedef _Float16 halves __attribute__((ext_vector_type(16)));
  halves stored;
  __builtin_memcpy(&stored, address, sizeof stored);
  return __builtin_convertvector(stored, chost_floats);
}
