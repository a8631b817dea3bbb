/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Two links to one far end, with the same link-local address on both: LINKS_NEAR here, LINKS_FAR there. Only a
 * descriptor holds the far network namespace. So other processes cannot find that namespace, and see no names for its
 * interfaces.
 */
#ifndef TESTS_KERNEL_LINKS_H
#define TESTS_KERNEL_LINKS_H

#include <stdint.h>

#include "netns.h"

#define LINKS      2
#define LINKS_NEAR "fe80::1"
#define LINKS_FAR  "fe80::2"

/* Names of the interfaces, at both ends. */
extern const char *const link_names[LINKS];

struct links {
	struct netns near, far;
	int near_fd, far_fd;
	uint32_t near_ifindex[LINKS], far_ifindex[LINKS];
};

#define LINKS_NONE ((struct links){.near = {.home = -1}, .far = {.home = -1}, .near_fd = -1, .far_fd = -1})

/*
 * Makes the links, and moves this thread into the near network namespace. Returns NULL, or the reason why this machine
 * cannot do that.
 */
const char *links_enter(struct links *links);
void links_leave(struct links *links);

/* A listener at the far end, on all addresses. */
int links_listen(const struct links *links, uint16_t port);

/* A socket that is connected over that link to `port` at the far end. */
int links_connect(const struct links *links, unsigned int link, uint16_t port);

#endif
