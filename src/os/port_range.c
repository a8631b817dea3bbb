/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "os/port_range.h"

#include <errno.h>
#include <stdio.h>

int port_range_read(struct port_range *ret)
{
	FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
	struct port_range range;
	int fields;

	if (!file)
		return -errno;
	fields = fscanf(file, "%hu %hu", &range.first, &range.last);
	fclose(file);
	if (fields != 2)
		return -EIO;
	*ret = range;
	return 0;
}
