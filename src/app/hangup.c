/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "app/hangup.h"

#include "os/message.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

void hangup_reopen(struct event_loop *loop, struct sink *sink, const char *path)
{
	int error = sink_reopen(sink, path);

	/* The sink's own error ends the tool, and is told then. */
	if (error && !sink->error)
		message("cannot open %s again: %s; going on with the old one: put that right and send SIGHUP again",
			path, error == -EAGAIN ? "its reader is behind" : strerror(-error));
	if (!error)
		error = event_loop_add_output(loop, sink->fd);
}

void hangup_report_end(const struct event_loop *loop)
{
	if (loop->stop_signal != SIGHUP)
		return;
	if (loop->reopens)
		message("ended by SIGHUP: the terminal was closed; nohup(1) keeps the tool running");
	else
		message("ended by SIGHUP; with --out FILE, SIGHUP would open FILE again");
}
