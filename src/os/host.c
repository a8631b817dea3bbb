/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "os/host.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

void host_read(struct host *ret)
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

	memset(ret, 0, sizeof(*ret));
	gethostname(ret->name, sizeof(ret->name) - 1);
	if (!file)
		return;
	if (fgets(ret->boot_id, sizeof(ret->boot_id), file))
		ret->boot_id[strcspn(ret->boot_id, "\n")] = '\0';
	fclose(file);
}
