/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The counters of the kernel itself in the two network namespaces of a wire (/proc/net/snmp). */
#ifndef TESTS_KERNEL_SNMP_H
#define TESTS_KERNEL_SNMP_H

#include <stdint.h>

#include "wire.h"

struct snmp {
	uint64_t active_opens, passive_opens;
	uint64_t retransmitted; /* segments */
	uint64_t resets;        /* sent */
};

/* Reads the sum of both ends. */
struct snmp snmp_read(const struct wire *wire);

#endif
