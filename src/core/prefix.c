/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/prefix.h"

#include "core/address.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

#define V4_MAPPED_BITS 96

static unsigned int prefix_bits(const struct prefix *prefix)
{
	return prefix->ip_version == 4 ? 32 : 128;
}

/* The address without length; inet_pton() takes neither blanks nor zone ids nor octal numbers. */
static bool parse_address(const char *word, size_t length, struct prefix *prefix)
{
	char text[INET6_ADDRSTRLEN];

	if (length >= sizeof(text))
		return false;
	memcpy(text, word, length);
	text[length] = '\0';
	if (inet_pton(AF_INET, text, prefix->bytes) == 1) {
		prefix->ip_version = 4;
		return true;
	}
	if (inet_pton(AF_INET6, text, prefix->bytes) == 1) {
		prefix->ip_version = 6;
		return true;
	}
	return false;
}

/* Connections through dual-stack sockets are IPv4, so their prefixes are, too. */
static void normalize_mapped(struct prefix *prefix)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (prefix->ip_version == 4 || prefix->length < V4_MAPPED_BITS || memcmp(prefix->bytes, mapped, 12) != 0)
		return;
	memmove(prefix->bytes, prefix->bytes + 12, 4);
	memset(prefix->bytes + 4, 0, 12);
	prefix->ip_version = 4;
	prefix->length -= V4_MAPPED_BITS;
}

/* Returns whether any bit behind the length was set. */
static bool clear_behind(struct prefix *prefix)
{
	bool set = false;

	for (unsigned int bit = prefix->length; bit < prefix_bits(prefix); bit++) {
		uint8_t mask = 0x80 >> bit % 8;

		set |= prefix->bytes[bit / 8] & mask;
		prefix->bytes[bit / 8] &= ~mask;
	}
	return set;
}

static int fail_behind(const char *what, const char *word, size_t length, const struct prefix *prefix,
		       struct parse_error *error)
{
	char text[40 + ADDRESS_TEXT_MAX + 4 + 1];
	struct strbuf why = strbuf_over(text, sizeof(text) - 1);

	strbuf_append_literal(&why, "bits behind the length are set; write ");
	prefix_format(&why, prefix);
	text[why.length] = '\0';
	return parse_fail(error, what, word, length, text);
}

/* ADDRESS or ADDRESS/LENGTH */
static int parse_word(const char *what, const char *word, size_t length, struct prefix *ret, struct parse_error *error)
{
	const char *slash = memchr(word, '/', length);
	size_t address_length = slash ? (size_t)(slash - word) : length;
	struct prefix prefix = {};
	uint64_t bits;

	if (memchr(word, '%', address_length))
		return parse_fail(error, what, word, length, "an address here has no zone id (%...)");
	if (!parse_address(word, address_length, &prefix))
		return parse_fail(error, what, word, length, "not an IPv4 or IPv6 address or prefix (10.0.0.0/8)");
	bits = prefix_bits(&prefix);
	/* the error quotes all of the word, not just its bad half */
	if (slash && parse_u64(what, slash + 1, length - address_length - 1, 0, bits, &bits, error) < 0)
		return parse_fail(error, what, word, length,
				  prefix.ip_version == 4 ? "the length of an IPv4 prefix is a number from 0 to 32"
							 : "the length of an IPv6 prefix is a number from 0 to 128");
	prefix.length = bits;
	normalize_mapped(&prefix);
	if (clear_behind(&prefix))
		return fail_behind(what, word, length, &prefix, error);
	*ret = prefix;
	return 0;
}

int prefix_list_parse(const char *what, const char *text, struct prefix_list *ret, struct parse_error *error)
{
	struct prefix_list list = *ret;
	const char *word = text;
	int r;

	for (;;) {
		size_t length = strcspn(word, ",");

		if (list.count == PREFIX_LIST_MAX)
			return parse_fail(error, what, word, length, "one more than the 256 that are possible");
		r = parse_word(what, word, length, &list.prefixes[list.count], error);
		if (r < 0)
			return r;
		list.count++;
		if (!word[length])
			break;
		word += length + 1;
	}
	*ret = list;
	return 0;
}

void prefix_format(struct strbuf *out, const struct prefix *prefix)
{
	address_format(out, prefix->ip_version, prefix->bytes);
	if (prefix->length < prefix_bits(prefix)) {
		strbuf_append_char(out, '/');
		strbuf_append_u64(out, prefix->length);
	}
}
