/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Mounts that only the test sees. */
#ifndef TESTS_KERNEL_PRIVATE_MOUNT_H
#define TESTS_KERNEL_PRIVATE_MOUNT_H

/* Mounts a file system that only this process and its children see. 0 or a negative errno. */
int private_mount(const char *type, const char *place);

#endif
