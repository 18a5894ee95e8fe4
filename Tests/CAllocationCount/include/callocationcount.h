#pragma once

/// Counts the allocations that this program and Swift's runtime make on this thread from now on; those of other libraries,
/// such as MPI's own, are not counted.
void callocationcount_start(void);
/// Ends the counting; how many there were.
long callocationcount_stop(void);
