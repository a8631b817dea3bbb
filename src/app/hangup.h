/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Handles SIGHUP. logrotate(8) renames the file of --out and sends SIGHUP; the tool then continues in a new file.
 * Without --out, SIGHUP ends the tool with a message.
 */
#ifndef TCPVITALS_APP_HANGUP_H
#define TCPVITALS_APP_HANGUP_H

#include "os/event_loop.h"
#include "output/sink.h"

/*
 * Handles EVENT_REOPEN, after as much as possible was written: opens the file at `path` and appends to it. On failure
 * the old file stays, with a message on stderr.
 */
void hangup_reopen(struct event_loop *loop, struct sink *sink, const char *path);

/* Call at the end of the tool. Reports on stderr if SIGHUP was the cause. */
void hangup_report_end(const struct event_loop *loop);

#endif
