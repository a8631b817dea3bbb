/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A network namespace with only a loopback device, where a test may choose its ports. */
#ifndef TESTS_KERNEL_NETNS_H
#define TESTS_KERNEL_NETNS_H

#include <stdint.h>

struct netns {
	int home; /* descriptor of the namespace before; -1: not entered */
	uint64_t inode;
};

/* Makes a network namespace, which this thread enters. Returns NULL, or the reason why this machine cannot do that. */
const char *netns_enter(struct netns *netns);

/* Returns to the namespace before. The network namespace ends with its last socket. */
void netns_leave(struct netns *netns);

/* Sets the range of ports that connect() chooses from. */
void netns_set_port_range(uint16_t first, uint16_t last);

#endif
