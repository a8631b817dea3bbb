/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The version of the running kernel, for features that cannot be tried out. */
#ifndef TCPVITALS_OS_KERNEL_VERSION_H
#define TCPVITALS_OS_KERNEL_VERSION_H

#include <stdbool.h>

/*
 * Returns whether the running kernel is at least version major.minor. A distribution may have the feature in an older
 * version. A version that cannot be read counts as an old one.
 */
bool kernel_is_at_least(unsigned int major, unsigned int minor);

#endif
