/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* CPU time of a load. */
#ifndef BENCH_CPU_TIME_H
#define BENCH_CPU_TIME_H

struct cpu_time {
	double user_s;
	double system_s;
};

/* Reads the CPU time of this process and of its children that have ended. */
struct cpu_time cpu_time_read(void);

#endif
