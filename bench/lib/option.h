/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the loads' options take. 0, or -1 after a line on stderr that quotes the word and says what is allowed. */
#ifndef BENCH_OPTION_H
#define BENCH_OPTION_H

#include <stddef.h>

/* Decimal digits only, min to max. `what` names the option. */
int option_number(const char *what, const char *word, unsigned long min, unsigned long max, unsigned long *ret);

/* One of the names: its index. */
int option_choice(const char *what, const char *word, const char *const *names, size_t count, size_t *ret);

#endif
