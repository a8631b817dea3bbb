/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Address prefixes: "10.0.0.0/8", "2001:db8::/32", "192.0.2.1", "fe80::%eth0/64". */
#ifndef TCPVITALS_CORE_PREFIX_H
#define TCPVITALS_CORE_PREFIX_H

#include "core/parse.h"
#include "core/strbuf.h"
#include "core/zone.h"

#include <stdint.h>

/* Prefixes that one option takes at most. */
#define PREFIX_LIST_MAX 256

struct prefix {
	uint8_t ip_version; /* 4 or 6 */
	uint8_t length;     /* bits, 0 to 32 or 0 to 128 */
	uint8_t bytes[16];  /* network byte order, IPv4 in the first four; all bits behind the length are zero */
	/* The zone of a link-local prefix, as a number or a name. 0 and empty: any zone. */
	uint32_t ifindex;
	char zone[ZONE_NAME_MAX + 1];
};

struct prefix_list {
	struct prefix prefixes[PREFIX_LIST_MAX];
	uint32_t count;
};

/*
 * Parses a comma-separated list and adds the prefixes to `ret`, so an option may be repeated. A word without "/LENGTH"
 * is a single address. ::ffff:a.b.c.d (with /96 or more) is IPv4. A zone stands in front of the length (RFC 4007,
 * section 11.7): digits are the number of an interface, anything else its name.
 *
 * 0, or -EINVAL with the bad word quoted for:
 * - empty words, and words that are not an address;
 * - a length out of range;
 * - bits set behind the length: for "10.1.2.3/8" the error names the prefix without these bits, as ip route does;
 * - a zone of an address that is not link-local;
 * - more than PREFIX_LIST_MAX prefixes in all.
 */
int prefix_list_parse(const char *what, const char *text, struct prefix_list *ret, struct parse_error *error);

bool prefix_list_has_zone(const struct prefix_list *list);

/* Appends "10.0.0.0/8" or "fe80::%eth0/64"; a single address without a length. The name of a zone is untrusted. */
void prefix_format(struct strbuf *out, const struct prefix *prefix);

#endif
