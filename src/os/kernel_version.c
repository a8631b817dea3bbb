/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "os/kernel_version.h"

#include <stdio.h>
#include <sys/utsname.h>

bool kernel_is_at_least(unsigned int major, unsigned int minor)
{
	unsigned int running_major, running_minor;
	struct utsname name;

	if (uname(&name) || sscanf(name.release, "%u.%u", &running_major, &running_minor) != 2)
		return false;
	return running_major != major ? running_major > major : running_minor >= minor;
}
