/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/glob.h"

#include <string.h>

/* A pattern while it is read. */
struct reader {
	const char *at, *end;
	const char *why; /* what is wrong, or NULL */
};

/* The bytes that one element stands for. */
struct bytes {
	bool has[256];
};

static unsigned char take_literal(struct reader *reader)
{
	if (*reader->at == '\\' && ++reader->at == reader->end) {
		reader->why = "a \\ with nothing behind it";
		return 0;
	}
	return (unsigned char)*reader->at++;
}

/* What is behind "[". As in fnmatch(), a "]" that comes first is one of the set. */
static void take_set(struct reader *reader, struct bytes *ret)
{
	bool negated = reader->at < reader->end && (*reader->at == '!' || *reader->at == '^');
	const char *first = reader->at += negated;

	while (!reader->why && reader->at < reader->end && (*reader->at != ']' || reader->at == first)) {
		unsigned char low = take_literal(reader), high = low;

		if (reader->end - reader->at >= 2 && reader->at[0] == '-' && reader->at[1] != ']') {
			reader->at++;
			high = take_literal(reader);
		}
		for (unsigned int c = low; c <= high; c++)
			ret->has[c] = true;
	}
	if (!reader->why && reader->at == reader->end)
		reader->why = "a [ without ]";
	reader->at++;
	for (unsigned int c = 0; c < 256; c++)
		ret->has[c] ^= negated;
}

static void take_element(struct reader *reader, struct bytes *ret)
{
	*ret = (struct bytes){};
	if (*reader->at == '?') {
		memset(ret->has, true, sizeof(ret->has));
		reader->at++;
	} else if (*reader->at == '[') {
		reader->at++;
		take_set(reader, ret);
	} else {
		ret->has[take_literal(reader)] = true;
	}
	ret->has[0] = false; /* the end of the text is in no set */
}

static unsigned int positions_used(const struct glob_set *set)
{
	__u64 last = set->wanted | set->unwanted;

	return last ? GLOB_POSITIONS - (unsigned int)__builtin_clzll(last) : 0;
}

static void add_element(struct glob_set *set, __u64 position, const struct bytes *bytes)
{
	for (unsigned int c = 1; c < 256; c++)
		if (bytes->has[c])
			set->steps[c].advance |= position;
}

static void add_star(struct glob_set *set, __u64 position)
{
	for (unsigned int c = 1; c < 256; c++)
		set->steps[c].stay |= position;
}

static void add_end(struct glob_set *set, __u64 position, bool wanted)
{
	set->steps[0].stay |= position;
	if (wanted)
		set->wanted |= position;
	else
		set->unwanted |= position;
}

int glob_add(const char *what, const char *word, size_t length, bool wanted, struct glob_set *ret,
	     struct parse_error *error)
{
	struct reader reader = {.at = word, .end = word + length};
	struct glob_set set = *ret;
	unsigned int first = positions_used(&set), position = first;
	struct bytes bytes;

	if (!length)
		return parse_fail(error, what, word, length, "an empty name; * is any");
	while (!reader.why && reader.at < reader.end && position < GLOB_POSITIONS) {
		if (*reader.at == '*') {
			add_star(&set, 1ULL << position);
			reader.at++;
			continue;
		}
		take_element(&reader, &bytes);
		add_element(&set, 1ULL << position++, &bytes);
	}
	if (!reader.why && position - first >= OWNER_COMM_LEN)
		reader.why = "longer than the 15 bytes that a name has";
	if (!reader.why && position == GLOB_POSITIONS)
		reader.why = "one more than there is room for: 64 bytes in all, and one for each pattern";
	if (reader.why)
		return parse_fail(error, what, word, length, reader.why);
	set.start |= 1ULL << first;
	add_end(&set, 1ULL << position, wanted);
	*ret = set;
	return 0;
}
