/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "replay/value.h"

#include "core/tcp_state.h"
#include "core/timestamp.h"

#include <arpa/inet.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

static void fail(struct members *members, enum member member, const char *why)
{
	members_fail(members, FAULT_VALUE, member, why);
}

bool value_is_known(const struct members *members, enum member member)
{
	return members->values[member].kind > VALUE_NULL;
}

bool value_must_be_known(struct members *members, enum member member)
{
	if (members->values[member].kind == VALUE_ABSENT)
		members_fail(members, FAULT_MISSING, member, "it is missing");
	else if (members->values[member].kind == VALUE_NULL)
		fail(members, member, "it must be known");
	return value_is_known(members, member);
}

static const struct value *string_of(struct members *members, enum member member)
{
	const struct value *value = &members->values[member];

	if (!value_must_be_known(members, member))
		return NULL;
	if (value->kind == VALUE_STRING)
		return value;
	fail(members, member, "not a string");
	return NULL;
}

uint64_t value_number(struct members *members, enum member member, uint64_t max)
{
	const struct value *value = &members->values[member];
	struct parse_error error;
	uint64_t number = 0;

	if (!value_must_be_known(members, member))
		return 0;
	if (value->kind != VALUE_NUMBER)
		fail(members, member, "not a number");
	else if (parse_u64(member_name(member), value->bytes, value->length, 0, max, &number, &error) &&
		 !members->error.fault)
		members->error = (struct line_error){.fault = FAULT_VALUE, .member = member, .why = error};
	return number;
}

uint64_t value_number_or(struct members *members, enum member member, uint64_t max, uint64_t unknown)
{
	return value_is_known(members, member) ? value_number(members, member, max) : unknown;
}

/* Returns false for another text, or a number that does not fit. */
static bool parse_us(const struct value *value, uint64_t *ret_ns)
{
	unsigned int decimals = 0;
	bool has_point = false;
	uint64_t ns = 0;

	if (value->kind != VALUE_NUMBER)
		return false;
	for (size_t i = 0; i < value->length; i++) {
		char c = value->bytes[i];

		if (c == '.' && !has_point) {
			has_point = true;
			continue;
		}
		if (c < '0' || c > '9' || __builtin_mul_overflow(ns, 10, &ns) ||
		    __builtin_add_overflow(ns, (uint64_t)(c - '0'), &ns))
			return false;
		decimals += has_point;
	}
	for (; decimals < 3; decimals++)
		if (__builtin_mul_overflow(ns, 10, &ns))
			return false;
	*ret_ns = ns;
	return decimals == 3 && ns < UINT64_MAX;
}

static uint64_t ns_of(struct members *members, enum member member, const struct value *value)
{
	uint64_t ns = 0;

	if (parse_us(value, &ns))
		return ns;
	fail(members, member, "not a number of microseconds with up to three decimals");
	return 0;
}

uint64_t value_ns(struct members *members, enum member member)
{
	return value_must_be_known(members, member) ? ns_of(members, member, &members->values[member]) : 0;
}

uint64_t value_ns_or(struct members *members, enum member member, uint64_t unknown)
{
	return value_is_known(members, member) ? value_ns(members, member) : unknown;
}

uint64_t value_state_ns(struct members *members, const struct value *value)
{
	return ns_of(members, MEMBER_STATES_US, value);
}

uint64_t value_time(struct members *members, enum member member)
{
	const struct value *value = string_of(members, member);
	uint64_t ns = 0;

	if (value && timestamp_parse_utc(value->bytes, value->length, &ns))
		fail(members, member, "not a time such as 2026-11-22T12:31:49.123456Z");
	return ns;
}

bool value_bool_or_false(struct members *members, enum member member)
{
	enum value_kind kind = members->values[member].kind;

	if (kind > VALUE_NULL && kind != VALUE_TRUE && kind != VALUE_FALSE)
		fail(members, member, "not true or false");
	return kind == VALUE_TRUE;
}

bool value_bool(struct members *members, enum member member)
{
	return value_must_be_known(members, member) && value_bool_or_false(members, member);
}

static int digit_of(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

uint64_t value_hex(struct members *members, enum member member, unsigned int digits)
{
	const struct value *value = string_of(members, member);
	uint64_t number = 0;
	bool is_hex = value && value->length == digits;

	for (unsigned int i = 0; is_hex && i < digits; i++) {
		is_hex = digit_of(value->bytes[i]) >= 0;
		number = number << 4 | ((unsigned int)digit_of(value->bytes[i]) & 15);
	}
	if (value && !is_hex)
		fail(members, member,
		     digits == 16 ? "not 16 hexadecimal digits in lower case"
				  : "not 8 hexadecimal digits in lower case");
	return is_hex ? number : 0;
}

uint64_t value_hex_or_0(struct members *members, enum member member, unsigned int digits)
{
	return value_is_known(members, member) ? value_hex(members, member, digits) : 0;
}

static bool is_word(const struct value *value, const char *word)
{
	return word && strlen(word) == value->length && !memcmp(word, value->bytes, value->length);
}

uint8_t value_word(struct members *members, enum member member, value_name_fn *name, unsigned int count)
{
	const struct value *value = string_of(members, member);

	if (!value)
		return 0;
	for (unsigned int i = 0; i < count; i++)
		if (is_word(value, name(i)))
			return (uint8_t)i;
	fail(members, member, "this version does not know the word");
	return 0;
}

uint8_t value_state(struct members *members, enum member member)
{
	const struct value *value = string_of(members, member);
	struct parse_error unused;
	uint64_t number;

	if (!value)
		return 0;
	for (unsigned int state = 0; state <= STATE_BOUND_INACTIVE; state++)
		if (is_word(value, tcp_state_name(state)))
			return (uint8_t)state;
	/* A state of a newer kernel: its number. */
	if (!parse_u64("", value->bytes, value->length, 0, UINT8_MAX, &number, &unused))
		return (uint8_t)number;
	fail(members, member, "not a TCP state");
	return 0;
}

void value_address(struct members *members, enum member member, uint8_t ip_version, uint8_t ret[16])
{
	const struct value *value = string_of(members, member);
	char text[INET6_ADDRSTRLEN];

	if (!value)
		return;
	if (value->length < sizeof(text) && !memchr(value->bytes, '\0', value->length)) {
		memcpy(text, value->bytes, value->length);
		text[value->length] = '\0';
		if (inet_pton(ip_version == 4 ? AF_INET : AF_INET6, text, ret) == 1)
			return;
	}
	fail(members, member, ip_version == 4 ? "not an IPv4 address" : "not an IPv6 address");
}

void value_field(struct members *members, enum member member, char *ret, size_t size)
{
	const struct value *value = string_of(members, member);
	size_t length = value ? value->length : 0;

	if (!value)
		return;
	if (memchr(value->bytes, '\0', length))
		fail(members, member, "it has a NUL");
	else if (length >= size && !memmem(value->bytes, length, REPLACEMENT, strlen(REPLACEMENT)))
		fail(members, member, "the name is too long");
	if (length >= size) {
		length = size - 1;
		while (length && (value->bytes[length] & 0xc0) == 0x80)
			length--;
	}
	memcpy(ret, value->bytes, length);
	memset(ret + length, 0, size - length);
}

struct name value_name(struct members *members, enum member member, size_t max)
{
	const struct value *value = value_is_known(members, member) ? string_of(members, member) : NULL;

	if (!value)
		return (struct name){};
	if (value->length > max)
		fail(members, member, "the name is too long");
	return (struct name){.bytes = value->bytes, .length = value->length};
}
