/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Many loopback connections as fast as possible, from two processes that are client and server at once. */
#ifndef TESTS_KERNEL_CHURN_H
#define TESTS_KERNEL_CHURN_H

#include <stdint.h>
#include <sys/types.h>

#define CHURN_PROCESSES 2
#define CHURN_COMM      "tv-churn"

struct churn {
	uint16_t ports[CHURN_PROCESSES];
	pid_t pids[CHURN_PROCESSES];
	uint64_t took_ns;
};

/*
 * Each connection has ten transitions. The client closes first in half of the connections. Each process adds the two
 * transitions of its listener. Client addresses are spread over 127.1.0.0/16, so that ports do not run out.
 */
void churn_run(struct churn *churn, unsigned int connections);

#endif
