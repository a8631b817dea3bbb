/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cpu_time.h"

#include <sys/resource.h>

static double seconds_of(struct timeval t)
{
	return t.tv_sec + t.tv_usec / 1e6;
}

struct cpu_time cpu_time_read(void)
{
	struct rusage own, children;

	getrusage(RUSAGE_SELF, &own);
	getrusage(RUSAGE_CHILDREN, &children);
	return (struct cpu_time){
		.user_s = seconds_of(own.ru_utime) + seconds_of(children.ru_utime),
		.system_s = seconds_of(own.ru_stime) + seconds_of(children.ru_stime),
	};
}
