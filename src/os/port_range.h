/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The range of ephemeral ports (net.ipv4.ip_local_port_range). */
#ifndef TCPVITALS_OS_PORT_RANGE_H
#define TCPVITALS_OS_PORT_RANGE_H

#include <stdint.h>

struct port_range {
	uint16_t first, last; /* host byte order, both included */
};

/* Reads the range of the calling thread's network namespace. Returns 0 or a negative errno. */
int port_range_read(struct port_range *ret);

#endif
