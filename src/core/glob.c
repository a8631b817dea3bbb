/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/glob.h"

#include <string.h>

/* The reading position in a pattern. */
struct reader {
	const char *at, *end;
	const char *why; /* the error, or NULL */
};

/* The bytes that one element of a pattern matches. */
struct bytes {
	bool has[256];
};

static unsigned char take_literal(struct reader *reader)
{
	if (*reader->at == '\\' && ++reader->at == reader->end) {
		reader->why = "a character must follow the \\";
		return 0;
	}
	return (unsigned char)*reader->at++;
}

/* Reads a set from behind its "[". As in fnmatch(), a "]" in first place is a member of the set. */
static void take_set(struct reader *reader, struct bytes *ret)
{
	bool negated = reader->at < reader->end && (*reader->at == '!' || *reader->at == '^');
	const char *first = reader->at += negated;

	while (!reader->why && reader->at < reader->end && (*reader->at != ']' || reader->at == first)) {
		unsigned char low = take_literal(reader), high = low;

		if (reader->end - reader->at >= 2 && reader->at[0] == '-' && reader->at[1] != ']') {
			reader->at++;
			high = take_literal(reader);
			if (high < low && !reader->why)
				reader->why = "a range in [ ] matches nothing; write the lower character first";
		}
		for (unsigned int c = low; c <= high; c++)
			ret->has[c] = true;
	}
	if (!reader->why && reader->at == reader->end)
		reader->why = "the [ has no closing ]";
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
	ret->has[0] = false; /* no element matches the end of the text */
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
		return parse_fail(error, what, word, length, "the name is empty; use * for any name");
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
		reader.why = "longer than 15 bytes, the most that a process name has";
	if (!reader.why && position == GLOB_POSITIONS)
		reader.why = "too many names: there is room for 64 bytes, and each name takes its length and one more";
	if (reader.why)
		return parse_fail(error, what, word, length, reader.why);
	set.start |= 1ULL << first;
	add_end(&set, 1ULL << position, wanted);
	*ret = set;
	return 0;
}
