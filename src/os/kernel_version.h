/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef TCPVITALS_OS_KERNEL_VERSION_H
#define TCPVITALS_OS_KERNEL_VERSION_H

#include <stdbool.h>

/*
 * By the running kernel's version, for what cannot be tried out: a distribution may have the same in an older one. A
 * version that cannot be read is taken for an old one.
 */
bool kernel_is_at_least(unsigned int major, unsigned int minor);

#endif
