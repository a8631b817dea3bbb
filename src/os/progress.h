/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A word to whoever waits: work that takes more than two seconds says so once, if stderr is a terminal. */
#ifndef TCPVITALS_OS_PROGRESS_H
#define TCPVITALS_OS_PROGRESS_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>

struct progress {
	const char *doing;
	pthread_t thread;
	sem_t done;
	bool watched;
};

/* "<tool>: still <doing>...", 2 s from now. `doing` and `ret` stay as they are until progress_end(). */
void progress_begin(struct progress *ret, const char *doing);

void progress_end(struct progress *progress);

#endif
