/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "os/progress.h"

#include "os/message.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#define REPORT_AFTER_S 2

static void *watch(void *argument)
{
	struct progress *progress = argument;
	struct timespec end;
	int result;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += REPORT_AFTER_S;
	do
		result = sem_clockwait(&progress->done, CLOCK_MONOTONIC, &end);
	while (result && errno == EINTR);
	if (result)
		message("still %s...", progress->doing);
	return NULL;
}

void progress_begin(struct progress *ret, const char *doing)
{
	ret->doing = doing;
	sem_init(&ret->done, 0, 0);
	/* Without a terminal or a thread there is no message; the work itself goes on. */
	ret->watched = isatty(STDERR_FILENO) && !pthread_create(&ret->thread, NULL, watch, ret);
}

void progress_end(struct progress *progress)
{
	sem_post(&progress->done);
	if (progress->watched)
		pthread_join(progress->thread, NULL);
	sem_destroy(&progress->done);
}
