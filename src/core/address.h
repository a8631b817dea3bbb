/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Text of an IPv4 or IPv6 address. */
#ifndef TCPVITALS_CORE_ADDRESS_H
#define TCPVITALS_CORE_ADDRESS_H

#include "core/append.h"
#include "core/strbuf.h"

#include <stdint.h>

/* Bytes of the longest text: eight groups of four digits, and seven colons. */
#define ADDRESS_TEXT_MAX 39

/*
 * Write an address as text: a dotted quad, or RFC 5952 sections 4 and 5, the same as inet_ntop(). `bytes` is as in
 * struct transition: network byte order, IPv4 in the first four bytes. address_append() writes as core/append.h
 * describes; address_format() appends to `out`.
 */
char *address_append(char *at, uint8_t ip_version, const uint8_t bytes[16]);
void address_format(struct strbuf *out, uint8_t ip_version, const uint8_t bytes[16]);

#endif
