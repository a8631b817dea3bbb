/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A network namespace with nothing but loopback, where a test may choose its ports. */
#ifndef TESTS_KERNEL_NETNS_H
#define TESTS_KERNEL_NETNS_H

#include <stdint.h>

struct netns {
	int home; /* -1: not in it */
	uint64_t inode;
};

/* This thread is in it then. NULL, or why that cannot be done here. */
const char *netns_enter(struct netns *netns);

/* Back home. The namespace ends with its last socket. */
void netns_leave(struct netns *netns);

/* The ports that connect() chooses from. */
void netns_set_port_range(uint16_t first, uint16_t last);

#endif
