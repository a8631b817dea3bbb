/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Serves where the options say, with the web configuration, which is read again when it has changed. */
#ifndef TCPVITALS_EXPORTER_SERVE_H
#define TCPVITALS_EXPORTER_SERVE_H

#include "os/event_loop.h"
#include "tcpvitals-exporter/options.h"
#include "tcpvitals-exporter/server.h"
#include "tcpvitals-exporter/web_file.h"

#include <stdbool.h>

struct serve {
	const struct exporter_options *options;
	struct event_loop *loop;
	struct server server;
	struct web_file web;     /* in use */
	struct web_file refused; /* a later one that cannot be used, if has_refused; its config may be empty */
	bool has_refused;
};

/*
 * `options`, `loop` and *ret must stay where they are until serve_close(), which is to be called in any case. Returns 0
 * or a negative errno, with a message.
 */
int serve_open(const struct exporter_options *options, struct event_loop *loop, answer_request *answer, void *context,
	       struct serve *ret);
void serve_close(struct serve *serve);

/* Says where the page is. */
void serve_report(const struct serve *serve);

/* Call it once a second. Returns 0, or a negative errno if the server cannot go on, with a message. */
int serve_tick(struct serve *serve);

#endif
