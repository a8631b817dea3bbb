/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Two Ethernet devices with a cable between them. */
#ifndef TESTS_KERNEL_VETH_H
#define TESTS_KERNEL_VETH_H

/*
 * Makes one device in this thread's network namespace, and one of the same name in the network namespace of the
 * descriptor. 0 or a negative errno.
 */
int veth_add(const char *name, int other_netns);

#endif
