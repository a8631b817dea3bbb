/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/port_set.h"

#include <string.h>

#define PORT_MAX 65535

static void port_set_add(struct port_set *set, uint64_t first, uint64_t last)
{
	for (uint64_t port = first; port <= last; port++)
		set->bits[port / 64] |= 1ULL << (port % 64);
}

static int parse_word(const char *what, const char *word, size_t length, struct port_set *set,
		      struct parse_error *error)
{
	const char *dash = memchr(word, '-', length);
	size_t first_length = dash ? (size_t)(dash - word) : length;
	uint64_t first, last;
	int r;

	r = parse_u64(what, word, first_length, 1, PORT_MAX, &first, error);
	last = first;
	if (r == 0 && dash)
		r = parse_u64(what, dash + 1, length - first_length - 1, 1, PORT_MAX, &last, error);
	/* quote the whole range, not only its bad half */
	if (r < 0 && dash)
		return parse_fail(error, what, word, length, "not a range of numbers from 1 to 65535");
	if (r < 0)
		return r;
	if (first > last)
		return parse_fail(error, what, word, length, "the range ends before it begins");
	port_set_add(set, first, last);
	return 0;
}

int port_set_parse(const char *what, const char *list, struct port_set *ret, struct parse_error *error)
{
	struct port_set set = *ret;
	const char *word = list;
	int r;

	for (;;) {
		size_t length = strcspn(word, ",");

		r = parse_word(what, word, length, &set, error);
		if (r < 0)
			return r;
		if (!word[length])
			break;
		word += length + 1;
	}
	*ret = set;
	return 0;
}
