/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Parsers for the loads' options. Return 0, or -1 after a line on stderr that quotes the word and states what is
 * allowed.
 */
#ifndef BENCH_OPTION_H
#define BENCH_OPTION_H

#include <stddef.h>

/* A number from min to max, decimal digits only. `what` is the name of the option. */
int option_number(const char *what, const char *word, unsigned long min, unsigned long max, unsigned long *ret);

/* Returns the index of `word` among `count` names. */
int option_choice(const char *what, const char *word, const char *const *names, size_t count, size_t *ret);

#endif
