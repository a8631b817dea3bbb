/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "threads.h"

#include <pthread.h>

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
