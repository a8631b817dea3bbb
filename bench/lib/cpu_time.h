/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef BENCH_CPU_TIME_H
#define BENCH_CPU_TIME_H

struct cpu_time {
	double user_s;
	double system_s;
};

/* Of this process and its children that have ended. */
struct cpu_time cpu_time_read(void);

#endif
