/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A set of TCP ports, as a bitmap. */
#ifndef TCPVITALS_ABI_PORT_SET_H
#define TCPVITALS_ABI_PORT_SET_H

#include "abi/types.h"

/* Port p is in the set when bit p % 64 of bits[p / 64] is set. */
struct port_set {
	__u64 bits[65536 / 64];
};

static inline int port_set_has(const volatile struct port_set *set, __u16 port)
{
	return (set->bits[port / 64] >> (port % 64)) & 1;
}

#endif
