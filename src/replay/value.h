/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Values of members, as the fields of a record have them. A wrong value is a fault in members->error, and the answer is
 * 0: look for a fault once, after the last value.
 *
 * An unknown value is null, or the member is absent, because an earlier version did not have it.
 */
#ifndef TCPVITALS_REPLAY_VALUE_H
#define TCPVITALS_REPLAY_VALUE_H

#include "core/names.h"
#include "replay/members.h"

/* Whether the value is not null and not absent. */
bool value_is_known(const struct members *members, enum member member);

/* The same, and a value that must be there is a fault if it is not. */
bool value_must_be_known(struct members *members, enum member member);

/* A number from 0 to `max`; an unknown one is a fault, or `unknown`. */
uint64_t value_number(struct members *members, enum member member, uint64_t max);
uint64_t value_number_or(struct members *members, enum member member, uint64_t max, uint64_t unknown);

/* Microseconds with up to three decimals, in ns, below 2^64 - 1; an unknown one is a fault, or `unknown`. */
uint64_t value_ns(struct members *members, enum member member);
uint64_t value_ns_or(struct members *members, enum member member, uint64_t unknown);

/* The same for a value of states_us. */
uint64_t value_state_ns(struct members *members, const struct value *value);

/* A time of day, in ns since 1970; an unknown one is a fault. */
uint64_t value_time(struct members *members, enum member member);

/* true or false; an unknown one is a fault, or false. */
bool value_bool(struct members *members, enum member member);
bool value_bool_or_false(struct members *members, enum member member);

/* `digits` hexadecimal digits; an unknown one is a fault, or 0. */
uint64_t value_hex(struct members *members, enum member member, unsigned int digits);
uint64_t value_hex_or_0(struct members *members, enum member member, unsigned int digits);

/* A state's name, or its number as a string; an unknown one is a fault. */
uint8_t value_state(struct members *members, enum member member);

/* Returns the index of the word in the table of `count` names, in which NULL is none. No such word is a fault. */
typedef const char *value_name_fn(unsigned int index);
uint8_t value_word(struct members *members, enum member member, value_name_fn *name, unsigned int count);

/* Writes an address, network byte order, IPv4 in the first four bytes. An unknown one is a fault. */
void value_address(struct members *members, enum member member, uint8_t ip_version, uint8_t ret[16]);

/*
 * Writes a name into a field of `size` bytes with a NUL at the end; an unknown one is a fault. U+FFFD stands for a byte
 * that JSON could not show, and takes three: such a name may be cut.
 */
void value_field(struct members *members, enum member member, char *ret, size_t size);

/* A name of at most `max` bytes, which stay valid until the next line. An unknown one has no bytes. */
struct name value_name(struct members *members, enum member member, size_t max);

#endif
