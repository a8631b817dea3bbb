/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * SIGHUP: logrotate(8) renames the file of --out and sends it, and the tool goes on in a new file. Without such a file
 * it ends the tool, which says so.
 */
#ifndef TCPVITALS_APP_HANGUP_H
#define TCPVITALS_APP_HANGUP_H

#include "os/event_loop.h"
#include "output/sink.h"

/*
 * For EVENT_REOPEN, after all has been written that can be: opens the file at `path` and appends to it. The old file
 * stays where that fails, which is said on stderr.
 */
void hangup_reopen(struct event_loop *loop, struct sink *sink, const char *path);

/* When the tool ends: says so on stderr if SIGHUP made it. */
void hangup_report_end(const struct event_loop *loop);

#endif
