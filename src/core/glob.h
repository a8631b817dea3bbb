/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Compiles shell patterns into the table of abi/glob.h, which the BPF programs match with. */
#ifndef TCPVITALS_CORE_GLOB_H
#define TCPVITALS_CORE_GLOB_H

#include "abi/glob.h"
#include "core/parse.h"

#include <stdbool.h>

/*
 * Adds a pattern to `ret`, which begins as zeros. `wanted`: matching names are to be shown, else not to be shown. The
 * syntax is that of fnmatch(): `*` any bytes, `?` one byte, `[a-z]` and `[!a-z]` one byte of a set, `\` before a
 * literal character.
 *
 * 0, or -EINVAL with the word quoted for: an empty pattern, a pattern longer than a name, "[" without "]", a range
 * like [z-a], "\" at the end, or a full table. The table has room for 64 bytes in all, with one more for each pattern.
 */
int glob_add(const char *what, const char *word, size_t length, bool wanted, struct glob_set *ret,
	     struct parse_error *error);

#endif
