/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Shell patterns: from text to the table that the kernel side matches with. */
#ifndef TCPVITALS_CORE_GLOB_H
#define TCPVITALS_CORE_GLOB_H

#include "abi/glob.h"
#include "core/parse.h"

#include <stdbool.h>

/*
 * Adds a pattern, as fnmatch() has them: `*` any bytes, `?` one byte, `[a-z]` and `[!a-z]` one of a set, `\` in front
 * of what shall mean itself. `ret` begins as zeros. Refused with the word quoted: an empty pattern, one that takes more
 * bytes than a name has, "[" without "]", "\" at the end, and one more than the table has room for (64 bytes in all,
 * with one more for each pattern).
 */
int glob_add(const char *what, const char *word, size_t length, bool wanted, struct glob_set *ret,
	     struct parse_error *error);

#endif
