#ifndef DAMAGED_ANSWER_H
#define DAMAGED_ANSWER_H

// See damaged_answer.c: a library to preload, with nothing to call.

#endif
