/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpstates/hint.h"

#include "os/message.h"

#include <unistd.h>

/* After this time without a row, a user on a terminal gets a hint, if the reason is known. */
#define HINT_TICKS 3

void hint_tick(struct hint *hint, const struct app *app, uint64_t held)
{
	hint->held_ticks = held ? hint->held_ticks + 1 : 0;
	hint->quiet_ticks++;
	if (hint->is_given || !isatty(STDERR_FILENO))
		return;
	if (hint->held_ticks == HINT_TICKS) {
		hint->is_given = true;
		message(held == 1
				? "quiet so far: %llu row is held back, because the local port that -L asks for is not "
				  "known yet; a connect() may be waiting for its answer"
				: "quiet so far: %llu rows are held back, because the local ports that -L asks for are "
				  "not known yet; a connect() may be waiting for its answer",
			(unsigned long long)held);
	} else if (hint->quiet_ticks == HINT_TICKS && !scope_is_limited(&app->options->scope) && isatty(app->out_fd)) {
		hint->is_given = true;
		message("quiet so far; try in another terminal: curl -s http://127.0.0.1:9/");
	}
}
