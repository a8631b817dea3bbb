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

/* Parses the address alone. inet_pton() accepts no blanks, zones or octal numbers. */
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

/* Makes ::ffff:a.b.c.d an IPv4 prefix, because connections through dual-stack sockets are IPv4. */
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

/* Returns true if a bit behind the length was set. */
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
	char text[40 + ZONE_TEXT_MAX + 4 + 1];
	struct strbuf why = strbuf_over(text, sizeof(text) - 1);

	strbuf_append_literal(&why, "address bits after the prefix length are set; write ");
	prefix_format(&why, prefix);
	text[why.length] = '\0';
	return parse_fail(error, what, word, length, text);
}

/* Parses the text behind the '%'. Returns NULL, or the reason why the text is not a zone. */
static const char *parse_zone(const char *zone, size_t length, struct prefix *prefix)
{
	struct parse_error unused;
	uint64_t number;

	if (!length)
		return "the zone after the % is missing; write fe80::1%eth0 or fe80::1%2";
	if (strspn(zone, "0123456789") >= length) {
		if (parse_u64("zone", zone, length, 1, INT32_MAX, &number, &unused))
			return "the number of an interface is from 1 to 2147483647";
		prefix->ifindex = (uint32_t)number;
		return NULL;
	}
	if (length > ZONE_NAME_MAX)
		return "the name of an interface has at most 15 bytes";
	memcpy(prefix->zone, zone, length);
	return NULL;
}

/* True if every address of the prefix is link-local. */
static bool is_link_local(const struct prefix *prefix)
{
	return prefix->length >= 10 && zone_applies(prefix->ip_version, prefix->bytes);
}

/* Parses ADDRESS, ADDRESS/LENGTH, ADDRESS%ZONE or ADDRESS%ZONE/LENGTH. */
static int parse_word(const char *what, const char *word, size_t length, struct prefix *ret, struct parse_error *error)
{
	const char *slash = memchr(word, '/', length);
	size_t address_length = slash ? (size_t)(slash - word) : length;
	const char *percent = memchr(word, '%', address_length), *why = NULL;
	struct prefix prefix = {};
	uint64_t bits;

	if (!parse_address(word, percent ? (size_t)(percent - word) : address_length, &prefix))
		return parse_fail(error, what, word, length, "not an IPv4 or IPv6 address or prefix (10.0.0.0/8)");
	if (percent)
		why = parse_zone(percent + 1, address_length - (size_t)(percent + 1 - word), &prefix);
	if (why)
		return parse_fail(error, what, word, length, why);
	bits = prefix_bits(&prefix);
	/* the error quotes the whole word, not only its bad half */
	if (slash && parse_u64(what, slash + 1, length - address_length - 1, 0, bits, &bits, error) < 0)
		return parse_fail(error, what, word, length,
				  prefix.ip_version == 4 ? "the length of an IPv4 prefix is a number from 0 to 32"
							 : "the length of an IPv6 prefix is a number from 0 to 128");
	prefix.length = bits;
	normalize_mapped(&prefix);
	if (percent && !is_link_local(&prefix))
		return parse_fail(error, what, word, length,
				  "only a link-local address (fe80::/10) has a zone; leave the % and the zone out");
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
			return parse_fail(error, what, word, length, "too many addresses; 256 are possible");
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

bool prefix_list_has_zone(const struct prefix_list *list)
{
	for (uint32_t i = 0; i < list->count; i++)
		if (list->prefixes[i].ifindex || list->prefixes[i].zone[0])
			return true;
	return false;
}

void prefix_format(struct strbuf *out, const struct prefix *prefix)
{
	address_format(out, prefix->ip_version, prefix->bytes);
	if (prefix->zone[0] || prefix->ifindex)
		strbuf_append_char(out, '%');
	if (prefix->zone[0])
		strbuf_append_string(out, prefix->zone);
	else if (prefix->ifindex)
		strbuf_append_u64(out, prefix->ifindex);
	if (prefix->length < prefix_bits(prefix)) {
		strbuf_append_char(out, '/');
		strbuf_append_u64(out, prefix->length);
	}
}
