/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Progress messages: work that takes more than two seconds is reported once, if stderr is a terminal. */
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

/* Prints "<tool>: still <doing>..." after 2 s. `doing` and `ret` must stay valid and in place until progress_end(). */
void progress_begin(struct progress *ret, const char *doing);

void progress_end(struct progress *progress);

#endif
