/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Two Ethernet devices with a cable between them. */
#ifndef TESTS_KERNEL_VETH_H
#define TESTS_KERNEL_VETH_H

/* One in the namespace that this thread is in, the other one in that of the descriptor, of the same name. 0 or a
 * negative errno. */
int veth_add(const char *name, int other_netns);

#endif
