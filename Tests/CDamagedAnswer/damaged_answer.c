// Preloaded (LD_PRELOAD) into a program under test, has one rank get wrong answers.
//
//   DAMAGE        sgemm: a number of each product of BLAS is too large by one;
//                 broadcast: some bits of each long message to all are others;
//                 message: a bit of each long message that it sends is another
//   DAMAGE_RANK   the MPI rank that gets them; none: a program by itself

#define _GNU_SOURCE
#include "damaged_answer.h"
#include <dlfcn.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool is_damaged(const char *what) {
  const char *damage = getenv("DAMAGE"), *wanted = getenv("DAMAGE_RANK"), *rank = getenv("OMPI_COMM_WORLD_RANK");
  if (!damage || strcmp(damage, what) != 0) return false;
  return !wanted || (rank && strcmp(wanted, rank) == 0);
}

void cblas_sgemm(int order, int transposeA, int transposeB, int m, int n, int k, float alpha, const float *a, int lda,
                 const float *b, int ldb, float beta, float *c, int ldc) {
  __typeof__(&cblas_sgemm) real = dlsym(RTLD_NEXT, "cblas_sgemm");
  real(order, transposeA, transposeB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  if (is_damaged("sgemm")) c[0] += 1;
}

// Open MPI's types are pointers.
int MPI_Bcast(void *buffer, int count, void *datatype, int root, void *communicator) {
  __typeof__(&MPI_Bcast) real = dlsym(RTLD_NEXT, "MPI_Bcast");
  int code = real(buffer, count, datatype, root, communicator);
  if (count > 100000 && is_damaged("broadcast"))
    for (int byte = 1; byte < count; byte += 1000) ((unsigned char *)buffer)[byte] ^= 1;
  return code;
}

int MPI_Isend(const void *buffer, int count, void *datatype, int to, int tag, void *communicator, void *request) {
  __typeof__(&MPI_Isend) real = dlsym(RTLD_NEXT, "MPI_Isend");
  if (count > 100000 && is_damaged("message")) ((unsigned char *)buffer)[1001] ^= 1;
  return real(buffer, count, datatype, to, tag, communicator, request);
}
