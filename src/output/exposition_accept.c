/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The format that a request's Accept header asks for. */
#include "output/exposition.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A part of a header. */
struct word {
	const char *at;
	size_t length;
};

static bool is_word(struct word word, const char *text)
{
	return word.length == strlen(text) && !strncasecmp(word.at, text, word.length);
}

/* Takes the part up to the next `separator` off the front of `rest`, without blanks around it. */
static struct word take_word(struct word *rest, char separator)
{
	const char *found = memchr(rest->at, separator, rest->length);
	struct word word = {rest->at, found ? (size_t)(found - rest->at) : rest->length};
	size_t taken = word.length + (found != NULL);

	rest->at += taken;
	rest->length -= taken;
	while (word.length && strchr(" \t", *word.at)) {
		word.at++;
		word.length--;
	}
	while (word.length && strchr(" \t", word.at[word.length - 1]))
		word.length--;
	return word;
}

/* Returns the weight in thousandths. A wrong one counts as 0: the format is not asked for. */
static unsigned int weight_of(struct word word)
{
	char text[8] = {};
	double weight;
	char *end;

	if (!word.length || word.length >= sizeof(text))
		return 0;
	memcpy(text, word.at, word.length);
	if (text[0] != '0' && text[0] != '1')
		return 0;
	weight = strtod(text, &end);
	return *end || weight > 1 ? 0 : (unsigned int)(weight * 1000 + 0.5);
}

/* Reads one media range: its format, or EXPOSITION_FORMATS for another one, and its weight. */
static enum exposition_format read_range(struct word range, unsigned int *ret_weight)
{
	struct word type = take_word(&range, ';');
	enum exposition_format format = EXPOSITION_FORMATS;

	*ret_weight = 1000;
	if (is_word(type, "application/vnd.google.protobuf"))
		format = EXPOSITION_PROTOBUF;
	else if (is_word(type, "application/openmetrics-text"))
		format = EXPOSITION_OPENMETRICS;
	else if (is_word(type, "text/plain"))
		format = EXPOSITION_TEXT;
	while (range.length) {
		struct word value = take_word(&range, ';'), name = take_word(&value, '=');

		if (is_word(name, "q"))
			*ret_weight = weight_of(value);
		else if (is_word(name, "version") && format == EXPOSITION_OPENMETRICS && !is_word(value, "1.0.0"))
			format = EXPOSITION_FORMATS;
		else if (is_word(name, "version") && format == EXPOSITION_TEXT && !is_word(value, "0.0.4"))
			format = EXPOSITION_FORMATS;
		else if (is_word(name, "encoding") && format == EXPOSITION_PROTOBUF && !is_word(value, "delimited"))
			format = EXPOSITION_FORMATS;
	}
	return format;
}

enum exposition_format exposition_choose(const char *accept)
{
	struct word rest = {accept, accept ? strlen(accept) : 0};
	enum exposition_format best = EXPOSITION_TEXT;
	unsigned int best_weight = 0;

	while (rest.length) {
		unsigned int weight;
		enum exposition_format format = read_range(take_word(&rest, ','), &weight);

		if (format == EXPOSITION_FORMATS || weight <= best_weight)
			continue;
		best = format;
		best_weight = weight;
	}
	return best;
}
