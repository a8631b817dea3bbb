/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One request to the kernel over netlink, so that tests need neither ss nor ip. */
#ifndef TESTS_KERNEL_NETLINK_H
#define TESTS_KERNEL_NETLINK_H

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

struct netlink_message {
	struct nlmsghdr header;
	uint8_t payload[1024];
};

/* An empty one; `header.nlmsg_len` grows with what is put into it. */
void netlink_begin(struct netlink_message *message, uint16_t type, uint16_t flags);

/* Behind what is there. */
void netlink_put(struct netlink_message *message, const void *data, size_t size);

/* An attribute; with `data` NULL one whose contents follow, until netlink_end_attribute(). */
struct nlattr *netlink_put_attribute(struct netlink_message *message, uint16_t type, const void *data, size_t size);
void netlink_end_attribute(struct netlink_message *message, struct nlattr *attribute);

/*
 * Sends it on a socket of its own, in the network namespace of this thread, and waits for the acknowledgement: 0 or a
 * negative errno, which is the kernel's answer. The last other message of the answer goes to `ret_reply` unless that is
 * NULL.
 */
int netlink_ask(int protocol, struct netlink_message *message, struct netlink_message *ret_reply);

/* The number that a generic netlink family has on this machine, or a negative errno: -ENOENT when there is none. */
int netlink_family(const char *name);

/* Of a family: its number, its command and its version are in the message then. */
void netlink_begin_generic(struct netlink_message *message, int family, uint8_t command, uint8_t version);

#endif
