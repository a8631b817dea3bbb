/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Requests to the kernel over netlink, one at a time. Tests need neither ss nor ip. */
#ifndef TESTS_KERNEL_NETLINK_H
#define TESTS_KERNEL_NETLINK_H

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

struct netlink_message {
	struct nlmsghdr header;
	uint8_t payload[1024];
};

/* Begins an empty message. The functions below add to `header.nlmsg_len`. */
void netlink_begin(struct netlink_message *message, uint16_t type, uint16_t flags);

/* Appends data. */
void netlink_put(struct netlink_message *message, const void *data, size_t size);

/* Appends an attribute. With `data` NULL, the contents follow and end with netlink_end_attribute(). */
struct nlattr *netlink_put_attribute(struct netlink_message *message, uint16_t type, const void *data, size_t size);
void netlink_end_attribute(struct netlink_message *message, struct nlattr *attribute);

/*
 * Sends the message on a socket of its own in this thread's network namespace, and waits for the acknowledgement.
 * Returns 0 or a negative errno, the kernel's answer. `ret_reply`, unless NULL, gets the last other message of the
 * answer.
 */
int netlink_ask(int protocol, struct netlink_message *message, struct netlink_message *ret_reply);

/* The number of a generic netlink family on this machine, or a negative errno: -ENOENT if there is no such family. */
int netlink_family(const char *name);

/*
 * netlink_begin() for a generic netlink family. The message then has the family's number, the command and the version.
 */
void netlink_begin_generic(struct netlink_message *message, int family, uint8_t command, uint8_t version);

#endif
