/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "private_mount.h"

#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mount.h>

int private_mount(const char *type, const char *place)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount(type, place, type, 0, NULL))
		return -errno;
	return 0;
}
