/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The zone of a link-local address (RFC 4007): the interface of its link, by name or by number, as in "fe80::2%eth0".
 * The same address on two links belongs to two hosts.
 */
#ifndef TCPVITALS_CORE_ZONE_H
#define TCPVITALS_CORE_ZONE_H

#include "core/address.h"
#include "core/names.h"

#include <stdbool.h>
#include <stdint.h>

/* Bytes of the longest name of an interface: IFNAMSIZ of the kernel, without the NUL. */
#define ZONE_NAME_MAX 15

/* Bytes of the longest address with a zone. */
#define ZONE_TEXT_MAX (ADDRESS_TEXT_MAX + 1 + ZONE_NAME_MAX)

/* True for a link-local IPv6 address, fe80::/10. Only these have a zone here, because TCP has no multicast. */
static inline bool zone_applies(uint8_t ip_version, const uint8_t bytes[16])
{
	return bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80 && ip_version == 6;
}

/*
 * Write an address (network byte order) with its zone: the name, or the number `ifindex` if `zone` has no bytes. The
 * zone is missing if zone_applies() is false, or `ifindex` is 0 (unknown). The name is untrusted, so escape the result.
 * zone_append_address() writes as core/append.h describes; zone_format_address() appends to `out`.
 */
char *zone_append_address(char *at, uint8_t ip_version, const uint8_t bytes[16], uint32_t ifindex, struct name zone);
void zone_format_address(struct strbuf *out, uint8_t ip_version, const uint8_t bytes[16], uint32_t ifindex,
			 struct name zone);

#endif
