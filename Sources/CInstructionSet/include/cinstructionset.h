// The instructions that this build's code may use.
#pragma once

/// Their names as the compiler has them; ends with a null.
extern const char *const cinstructionset_used[];
