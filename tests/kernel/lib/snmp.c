/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "snmp.h"

#include <stdio.h>
#include <string.h>

#include "require.h"

static void add_end(const struct wire *wire, enum wire_end end, struct snmp *sum)
{
	unsigned long long active, passive, retransmitted, resets;
	char line[1024];
	FILE *file;
	int lines = 0;

	wire_enter(wire, end);
	file = fopen("/proc/thread-self/net/snmp", "re");
	require(file, "no /proc/net/snmp");
	while (fgets(line, sizeof(line), file)) {
		/* The second line has the numbers. RFC 4022 has the order. */
		if (strncmp(line, "Tcp: ", 5) || !lines++)
			continue;
		require(sscanf(line, "Tcp: %*d %*d %*d %*d %llu %llu %*u %*u %*u %*u %*u %llu %*u %llu", &active,
			       &passive, &retransmitted, &resets) == 4,
			"/proc/net/snmp has another form");
		sum->active_opens += active;
		sum->passive_opens += passive;
		sum->retransmitted += retransmitted;
		sum->resets += resets;
	}
	fclose(file);
	wire_leave(wire);
}

struct snmp snmp_read(const struct wire *wire)
{
	struct snmp sum = {0};

	add_end(wire, WIRE_LEFT, &sum);
	add_end(wire, WIRE_RIGHT, &sum);
	return sum;
}
