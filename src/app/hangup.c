/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "app/hangup.h"

#include "os/message.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

void hangup_reopen(struct event_loop *loop, struct sink *sink, const char *path)
{
	int error = sink_reopen(sink, path);

	/* An error of the sink itself ends the tool, which reports it then. */
	if (error && !sink->error)
		message("cannot open %s again: %s; output still goes to the old file; correct this and send SIGHUP "
			"again",
			path, error == -EAGAIN ? "the reader of the output is too slow" : strerror(-error));
	if (!error && !sink->error)
		sink->error = event_loop_add_output(loop, sink->fd);
}

void hangup_report_end(const struct event_loop *loop)
{
	if (loop->stop_signal != SIGHUP)
		return;
	if (loop->reopens)
		message("ended by SIGHUP: the terminal was closed; nohup(1) keeps the tool running");
	else
		message("ended by SIGHUP; with --out FILE, SIGHUP opens FILE again instead");
}
