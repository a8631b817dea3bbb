/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/parse.h"

#include "core/escape.h"
#include "core/strbuf.h"

#include <errno.h>
#include <stdbool.h>

#define NS_PER_S    1000000000ULL
#define NS_PER_MS   1000000ULL
#define NS_PER_US   1000ULL
#define BILLION     1000000000ULL
#define MAX_SECONDS 315360000ULL /* 10 years of 365 days */

/*
 * The longest quoted word. A word of more bytes is cut to WORD_BYTES / 4 columns, since a character takes up to four
 * bytes.
 */
#define WORD_COLUMNS 40
#define WORD_BYTES   44

static void append_word(struct strbuf *out, const char *word, size_t length)
{
	char text[WORD_BYTES];
	struct strbuf quoted = strbuf_over(text, sizeof(text));
	size_t columns;

	/* an escape has at most 12 columns: with that much more room, a cut word exceeds the limit */
	columns = escape_terminal(&quoted, word, length, WORD_COLUMNS + 12);
	if (columns > WORD_COLUMNS || quoted.overflow) {
		quoted = strbuf_over(text, sizeof(text));
		escape_terminal(&quoted, word, length, WORD_COLUMNS);
		if (quoted.overflow) {
			quoted = strbuf_over(text, sizeof(text));
			escape_terminal(&quoted, word, length, WORD_BYTES / 4);
		}
		strbuf_append(out, text, quoted.length);
		strbuf_append_literal(out, "...");
		return;
	}
	strbuf_append(out, text, quoted.length);
}

static void append_cut(struct strbuf *out, const char *text)
{
	size_t length = strlen(text), room = out->capacity - out->length;

	strbuf_append(out, text, length < room ? length : room);
}

int parse_fail(struct parse_error *error, const char *what, const char *word, size_t length, const char *why)
{
	struct strbuf out = strbuf_over(error->text, sizeof(error->text) - 1);

	append_cut(&out, what);
	append_cut(&out, " \"");
	append_word(&out, word, length);
	append_cut(&out, "\": ");
	append_cut(&out, why);
	error->text[out.length] = '\0';
	return -EINVAL;
}

int parse_refuse(struct parse_error *error, const char *why)
{
	struct strbuf out = strbuf_over(error->text, sizeof(error->text) - 1);

	append_cut(&out, why);
	error->text[out.length] = '\0';
	return -EINVAL;
}

/*
 * Reads decimal digits at the start of `word`. Returns their number; 0 if there are none, or the value exceeds 64 bits.
 */
static size_t scan_u64(const char *word, size_t length, uint64_t *ret)
{
	uint64_t value = 0;
	size_t i;

	for (i = 0; i < length && word[i] >= '0' && word[i] <= '9'; i++) {
		if (__builtin_mul_overflow(value, 10ULL, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(word[i] - '0'), &value))
			return 0;
	}
	*ret = value;
	return i;
}

int parse_u64(const char *what, const char *word, size_t length, uint64_t min, uint64_t max, uint64_t *ret,
	      struct parse_error *error)
{
	char text[80];
	struct strbuf why = strbuf_over(text, sizeof(text) - 1);
	uint64_t value;

	if (length > 0 && scan_u64(word, length, &value) == length && value >= min && value <= max) {
		*ret = value;
		return 0;
	}
	strbuf_append_literal(&why, "not a number from ");
	strbuf_append_u64(&why, min);
	strbuf_append_literal(&why, " to ");
	strbuf_append_u64(&why, max);
	text[why.length] = '\0';
	return parse_fail(error, what, word, length, text);
}

/*
 * Reads ".digits" in billionths, without the digits behind the ninth. Returns the text behind them, or NULL without a
 * digit.
 */
static const char *scan_fraction(const char *text, uint64_t *ret_billionths)
{
	uint64_t billionths = 0, unit = BILLION / 10;
	const char *digit = text + 1;

	for (; *digit >= '0' && *digit <= '9'; digit++, unit /= 10)
		billionths += (uint64_t)(*digit - '0') * unit;
	*ret_billionths = billionths;
	return digit > text + 1 ? digit : NULL;
}

/* Returns the unit in nanoseconds, 0 if `text` is no unit. */
static uint64_t unit_of(const char *text)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {{"", NS_PER_S},       {"us", NS_PER_US},      {"ms", NS_PER_MS},      {"s", NS_PER_S},
		     {"m", 60 * NS_PER_S}, {"h", 3600 * NS_PER_S}, {"d", 86400 * NS_PER_S}};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(text, units[i].name))
			return units[i].ns;
	return 0;
}

static int refuse_time(const char *what, const char *text, uint64_t min_ns, struct parse_error *error)
{
	char why_text[128];
	struct strbuf why = strbuf_over(why_text, sizeof(why_text) - 1);

	strbuf_append_literal(&why, "not a time from ");
	if (min_ns % NS_PER_MS) {
		strbuf_append_u64(&why, min_ns / NS_PER_US);
		strbuf_append_literal(&why, "us");
	} else {
		strbuf_append_u64(&why, min_ns / NS_PER_MS);
		strbuf_append_literal(&why, "ms");
	}
	strbuf_append_literal(&why, " to 10 years: seconds, or with a unit us, ms, s, m, h or d (5, 1.5s, 100ms)");
	why_text[why.length] = '\0';
	return parse_fail(error, what, text, strlen(text), why_text);
}

int parse_time(const char *what, const char *text, uint64_t min_ns, uint64_t *ret_ns, struct parse_error *error)
{
	uint64_t whole = 0, billionths = 0, unit = 0, ns;
	const char *rest = text + scan_u64(text, strlen(text), &whole);

	if (rest > text && *rest == '.')
		rest = scan_fraction(rest, &billionths);
	if (rest && rest > text)
		unit = unit_of(rest);
	if (!unit || whole > MAX_SECONDS * NS_PER_S / unit)
		return refuse_time(what, text, min_ns, error);
	ns = whole * unit + (uint64_t)((unsigned __int128)billionths * unit / BILLION);
	if (ns < min_ns || ns > MAX_SECONDS * NS_PER_S)
		return refuse_time(what, text, min_ns, error);
	*ret_ns = ns;
	return 0;
}

/* Returns the suffix's factor as a shift, or -1. */
static int size_shift(const char *suffix)
{
	if (!*suffix)
		return 0;
	if (suffix[1])
		return -1;
	switch (*suffix) {
	case 'k':
	case 'K':
		return 10;
	case 'm':
	case 'M':
		return 20;
	case 'g':
	case 'G':
		return 30;
	default:
		return -1;
	}
}

/* Appends a size in the form of the command line: 4194304 is 4M. */
static void append_size(struct strbuf *out, uint64_t bytes)
{
	static const char suffixes[] = "KMG";
	int steps = 0;

	while (steps < 3 && bytes > 0 && bytes % 1024 == 0) {
		bytes /= 1024;
		steps++;
	}
	strbuf_append_u64(out, bytes);
	if (steps)
		strbuf_append_char(out, suffixes[steps - 1]);
}

int parse_size(const char *what, const char *text, uint64_t min, uint64_t max, uint64_t *ret_bytes,
	       struct parse_error *error)
{
	char why_text[112];
	struct strbuf why = strbuf_over(why_text, sizeof(why_text) - 1);
	size_t length = strlen(text), digits;
	uint64_t value;
	int shift;

	digits = scan_u64(text, length, &value);
	shift = digits ? size_shift(text + digits) : -1;
	if (shift >= 0 && value <= UINT64_MAX >> shift && value << shift >= min && value << shift <= max) {
		*ret_bytes = value << shift;
		return 0;
	}
	strbuf_append_literal(&why, "not a size from ");
	append_size(&why, min);
	strbuf_append_literal(&why, " to ");
	append_size(&why, max);
	strbuf_append_literal(&why, " (in bytes, or with K, M or G)");
	why_text[why.length] = '\0';
	return parse_fail(error, what, text, length, why_text);
}
