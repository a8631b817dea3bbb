/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Address prefixes: "10.0.0.0/8", "2001:db8::/32", "192.0.2.1", "fe80::%eth0/64". */
#ifndef TCPVITALS_CORE_PREFIX_H
#define TCPVITALS_CORE_PREFIX_H

#include "core/parse.h"
#include "core/strbuf.h"
#include "core/zone.h"

#include <stdint.h>

/* As many as one option takes. */
#define PREFIX_LIST_MAX 256

struct prefix {
	uint8_t ip_version; /* 4 or 6 */
	uint8_t length;     /* bits, 0 to 32 or 0 to 128 */
	uint8_t bytes[16]; /* network byte order; IPv4 in the first four, the rest zero; bits behind the length are zero
			    */
	/* The zone of link-local ones, a number or a name; 0 and empty for any. */
	uint32_t ifindex;
	char zone[ZONE_NAME_MAX + 1];
};

struct prefix_list {
	struct prefix prefixes[PREFIX_LIST_MAX];
	uint32_t count;
};

/*
 * A comma-separated list. Without "/LENGTH" it is the single address. ::ffff:a.b.c.d (with /96 or more) is IPv4. A zone
 * stands in front of the length (RFC 4007, section 11.7); digits are an interface's number, anything else its name.
 * Refused with the bad word quoted: what is no address, a length out of range, bits set behind the length
 * ("10.1.2.3/8": says which prefix is meant, as ip route does), empty words, a zone of what is not link-local, more
 * than PREFIX_LIST_MAX in all. Adds to `ret`, so that an option may be repeated.
 */
int prefix_list_parse(const char *what, const char *text, struct prefix_list *ret, struct parse_error *error);

bool prefix_list_has_zone(const struct prefix_list *list);

/* "10.0.0.0/8", "fe80::%eth0/64"; without the length for a single address. A zone's name is untrusted. */
void prefix_format(struct strbuf *out, const struct prefix *prefix);

#endif
