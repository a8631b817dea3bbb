/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "threads.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>

int threads_run(unsigned long threads, void *(*share)(void *), void *arg)
{
	pthread_t others[THREADS_MAX];
	unsigned long started = 0;
	int error = 0;

	while (!error && started + 1 < threads) {
		error = pthread_create(&others[started], NULL, share, arg);
		started += !error;
	}
	share(arg);
	while (started > 0)
		pthread_join(others[--started], NULL);
	return -error;
}

int threads_stay(int first, unsigned long number)
{
	cpu_set_t usable, chosen;
	int cpu = first;

	if (sched_getaffinity(0, sizeof(usable), &usable) < 0)
		return -errno;
	number %= (unsigned long)CPU_COUNT(&usable);
	while (!CPU_ISSET(cpu, &usable) || number-- > 0)
		cpu = (cpu + 1) % CPU_SETSIZE;
	CPU_ZERO(&chosen);
	CPU_SET(cpu, &chosen);
	return sched_setaffinity(0, sizeof(chosen), &chosen) < 0 ? -errno : 0;
}
