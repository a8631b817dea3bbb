/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "kernel.h"

#include <stdio.h>
#include <sys/utsname.h>

#include "require.h"

bool kernel_is_at_least(unsigned int major, unsigned int minor)
{
	unsigned int running_major, running_minor;
	struct utsname name;

	require(!uname(&name) && sscanf(name.release, "%u.%u", &running_major, &running_minor) == 2,
		"the kernel's version is not known");
	return running_major != major ? running_major > major : running_minor >= minor;
}
