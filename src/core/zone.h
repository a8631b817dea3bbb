/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The zone of a link-local address (RFC 4007): the interface whose link it belongs to, by name or by number, as in
 * "fe80::2%eth0". The same address on two links is two hosts.
 */
#ifndef TCPVITALS_CORE_ZONE_H
#define TCPVITALS_CORE_ZONE_H

#include "core/address.h"
#include "core/names.h"

#include <stdbool.h>
#include <stdint.h>

/* The longest name of an interface: IFNAMSIZ of the kernel without the NUL. */
#define ZONE_NAME_MAX 15

/* The longest address with a zone. */
#define ZONE_TEXT_MAX (ADDRESS_TEXT_MAX + 1 + ZONE_NAME_MAX)

/* A link-local address of IPv6, fe80::/10: only these have a zone here. TCP has no multicast. */
static inline bool zone_applies(uint8_t ip_version, const uint8_t bytes[16])
{
	return bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80 && ip_version == 6;
}

/*
 * The address (network byte order) with its zone: by name, or by number where that is not known (no bytes). Without one
 * when it is none of those that have a zone, or when `ifindex` is 0: not known. As core/append.h; the name is
 * untrusted, so escape what this writes.
 */
char *zone_append_address(char *at, uint8_t ip_version, const uint8_t bytes[16], uint32_t ifindex, struct name zone);
void zone_format_address(struct strbuf *out, uint8_t ip_version, const uint8_t bytes[16], uint32_t ifindex,
			 struct name zone);

#endif
