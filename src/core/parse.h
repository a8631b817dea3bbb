/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Parsers for the command line, one for each kind of input. A parser uses up all of its text: no sign, no blanks,
 * nothing behind. A parser returns 0, or -EINVAL and writes no result.
 *
 * After -EINVAL, `error` holds one line for the user, which quotes the bad word and states what is allowed:
 * `port "80abc": not a number from 1 to 65535`. Quoted words are escaped for a terminal, and cut when long.
 */
#ifndef TCPVITALS_CORE_PARSE_H
#define TCPVITALS_CORE_PARSE_H

#include <stddef.h>
#include <stdint.h>

struct parse_error {
	char text[1024]; /* NUL-terminated, no newline */
};

/* Formats into error->text: `<what> "<word>": <why>`. Always returns -EINVAL. `word` needs no NUL. */
int parse_fail(struct parse_error *error, const char *what, const char *word, size_t length, const char *why);

/* Formats a reason that is not about one word into error->text. Always returns -EINVAL. */
int parse_refuse(struct parse_error *error, const char *why);

/* Decimal digits only, min to max inclusive. `what` names the thing in the error. */
int parse_u64(const char *what, const char *word, size_t length, uint64_t min, uint64_t max, uint64_t *ret,
	      struct parse_error *error);

/*
 * A time: a decimal number with an optional unit us, ms, s, m, h or d ("250us", "1.5s", "2m"). A number without a unit
 * is in seconds ("10", "0.5"). At least `min_ns`, at most 10 years. The result is in nanoseconds.
 */
#define PARSE_TIME_US 1000ULL
#define PARSE_TIME_MS 1000000ULL
int parse_time(const char *what, const char *text, uint64_t min_ns, uint64_t *ret_ns, struct parse_error *error);

/* Bytes with an optional suffix K, M or G (powers of 1024, either case), min to max inclusive. */
int parse_size(const char *what, const char *text, uint64_t min, uint64_t max, uint64_t *ret_bytes,
	       struct parse_error *error);

#endif
