/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TCPVITALS_CORE_ADDRESS_H
#define TCPVITALS_CORE_ADDRESS_H

#include "core/append.h"
#include "core/strbuf.h"

#include <stdint.h>

/* The longest text of an address, as in struct transition: eight groups of four digits and seven colons. */
#define ADDRESS_TEXT_MAX 39

/*
 * The address in `bytes` (network byte order; IPv4 in the first four) as text: dotted quad, or RFC 5952 section 4 and 5
 * (what inet_ntop() prints).
 */
char *address_append(char *at, uint8_t ip_version, const uint8_t bytes[16]);
void address_format(struct strbuf *out, uint8_t ip_version, const uint8_t bytes[16]);

#endif
