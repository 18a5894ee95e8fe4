// What <mpi.h> offers only as macros, which Swift does not import, as functions. The same getters serve Open MPI,
// whose handles are pointers, and MPICH, whose handles are integers.
#pragma once
#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>

static inline MPI_Comm cmpi_comm_world(void) { return MPI_COMM_WORLD; }
static inline MPI_Comm cmpi_comm_self(void) { return MPI_COMM_SELF; }
static inline int cmpi_any_tag(void) { return MPI_ANY_TAG; }
static inline int cmpi_undefined(void) { return MPI_UNDEFINED; }
static inline MPI_Errhandler cmpi_errors_return(void) { return MPI_ERRORS_RETURN; }
static inline void *cmpi_in_place(void) { return MPI_IN_PLACE; }

static inline MPI_Datatype cmpi_uint8(void) { return MPI_UINT8_T; }
static inline MPI_Datatype cmpi_int32(void) { return MPI_INT32_T; }
static inline MPI_Datatype cmpi_int64(void) { return MPI_INT64_T; }
static inline MPI_Datatype cmpi_float(void) { return MPI_FLOAT; }
static inline MPI_Datatype cmpi_double(void) { return MPI_DOUBLE; }

static inline MPI_Op cmpi_sum(void) { return MPI_SUM; }
static inline MPI_Op cmpi_min(void) { return MPI_MIN; }
static inline MPI_Op cmpi_max(void) { return MPI_MAX; }

// A request is a pointer in one library, which Swift imports as an optional, and an integer in the other, which it does
// not: inside a structure both look the same.
typedef struct {
  MPI_Request handle;
} cmpi_request;

static inline cmpi_request cmpi_request_null(void) { return (cmpi_request){MPI_REQUEST_NULL}; }
static inline int cmpi_request_is_null(cmpi_request request) { return request.handle == MPI_REQUEST_NULL; }

static inline int cmpi_iallreduce(const void *source, void *result, int count, MPI_Datatype type, MPI_Op operation,
                                  MPI_Comm communicator, cmpi_request *request) {
  return MPI_Iallreduce(source, result, count, type, operation, communicator, &request->handle);
}
static inline int cmpi_ibarrier(MPI_Comm communicator, cmpi_request *request) {
  return MPI_Ibarrier(communicator, &request->handle);
}
static inline int cmpi_test(cmpi_request *request, int *flag) {
  return MPI_Test(&request->handle, flag, MPI_STATUS_IGNORE);
}
static inline int cmpi_wait(cmpi_request *request) { return MPI_Wait(&request->handle, MPI_STATUS_IGNORE); }

static inline int cmpi_isend(const void *source, int count, MPI_Datatype type, int rank, int tag, MPI_Comm communicator,
                             cmpi_request *request) {
  return MPI_Isend(source, count, type, rank, tag, communicator, &request->handle);
}
static inline int cmpi_irecv(void *result, int count, MPI_Datatype type, int rank, int tag, MPI_Comm communicator,
                             cmpi_request *request) {
  return MPI_Irecv(result, count, type, rank, tag, communicator, &request->handle);
}
// Without a message, the source and its tag stay as they are.
static inline int cmpi_iprobe(int tag, MPI_Comm communicator, int *flag, int *source, int *source_tag) {
  MPI_Status status;
  int code = MPI_Iprobe(MPI_ANY_SOURCE, tag, communicator, flag, &status);
  if (code == MPI_SUCCESS && *flag) {
    *source = status.MPI_SOURCE;
    *source_tag = status.MPI_TAG;
  }
  return code;
}

// For the same reason that a request is in a structure, so is a communicator that MPI makes.
typedef struct {
  MPI_Comm handle;
} cmpi_comm;

static inline cmpi_comm cmpi_comm_null(void) { return (cmpi_comm){MPI_COMM_NULL}; }
static inline int cmpi_comm_is_null(cmpi_comm communicator) { return communicator.handle == MPI_COMM_NULL; }

static inline int cmpi_comm_split(MPI_Comm communicator, int color, int key, cmpi_comm *made) {
  return MPI_Comm_split(communicator, color, key, &made->handle);
}
static inline int cmpi_comm_split_by_node(MPI_Comm communicator, cmpi_comm *made) {
  return MPI_Comm_split_type(communicator, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &made->handle);
}
// The rank in `whole` of the first rank of `part`.
static inline int cmpi_first_rank(MPI_Comm part, MPI_Comm whole, int *rank) {
  MPI_Group groups[2];
  int code = MPI_Comm_group(part, &groups[0]);
  if (code != MPI_SUCCESS) return code;
  code = MPI_Comm_group(whole, &groups[1]);
  const int first = 0;
  if (code == MPI_SUCCESS) {
    code = MPI_Group_translate_ranks(groups[0], 1, &first, groups[1], rank);
    MPI_Group_free(&groups[1]);
  }
  MPI_Group_free(&groups[0]);
  return code;
}
static inline int cmpi_comm_dup(MPI_Comm communicator, cmpi_comm *made) {
  return MPI_Comm_dup(communicator, &made->handle);
}
static inline int cmpi_comm_free(MPI_Comm communicator) { return MPI_Comm_free(&communicator); }
