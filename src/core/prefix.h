/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Address prefixes: "10.0.0.0/8", "2001:db8::/32", "192.0.2.1". */
#ifndef TCPVITALS_CORE_PREFIX_H
#define TCPVITALS_CORE_PREFIX_H

#include "core/parse.h"
#include "core/strbuf.h"

#include <stdint.h>

/* As many as one option takes. */
#define PREFIX_LIST_MAX 256

struct prefix {
	uint8_t ip_version; /* 4 or 6 */
	uint8_t length;     /* bits, 0 to 32 or 0 to 128 */
	uint8_t bytes[16]; /* network byte order; IPv4 in the first four, the rest zero; bits behind the length are zero
			    */
};

struct prefix_list {
	struct prefix prefixes[PREFIX_LIST_MAX];
	uint32_t count;
};

/*
 * A comma-separated list. Without "/LENGTH" it is the single address. ::ffff:a.b.c.d (with /96 or more) is IPv4.
 * Refused with the bad word quoted: what is no address, a length out of range, bits set behind the length
 * ("10.1.2.3/8": says which prefix is meant, as ip route does), empty words, zone ids ("fe80::1%eth0"), more than
 * PREFIX_LIST_MAX in all. Adds to `ret`, so that an option may be repeated.
 */
int prefix_list_parse(const char *what, const char *text, struct prefix_list *ret, struct parse_error *error);

/* "10.0.0.0/8"; without the length for a single address. */
void prefix_format(struct strbuf *out, const struct prefix *prefix);

#endif
