/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The frame of a tool's main: what is opened before anything is measured, and closed in the end. A tool adds its
 * options, its records to rows, and its loop.
 */
#ifndef TCPVITALS_APP_APP_H
#define TCPVITALS_APP_APP_H

#include "app/options.h"
#include "os/event_loop.h"
#include "os/resolver.h"
#include "output/sink.h"
#include "probe/probe.h"

#include <stdbool.h>
#include <stdint.h>

struct app {
	struct app_options *options; /* the command in it runs, and ends */
	struct sink *sink;           /* the tool's; opened and closed here */
	struct event_loop loop;
	struct probe probe;
	struct resolver resolver;
	int out_fd;           /* the sink's */
	const char *out_name; /* in words */
};

#define APP_CLOSED ((struct app){.loop = EVENT_LOOP_CLOSED, .probe = PROBE_CLOSED})

/*
 * Opens output, names, event loop and probe. 0, or a negative errno, and stderr says why. Give `app` to app_close(), in
 * any case.
 */
int app_open(struct app_options *options, const struct probe_wants *wants, struct sink *sink, struct app *app);

/* Starts the command, if there is one, when everything is attached. `hurries`: rows may get lost while the tool waits
 * for a CPU. 0, or the status to exit with. */
int app_launch(struct app *app, bool hurries);

/* The events to wait for: output, records, the end of -d, and each `interval_ns` (0: none). 0 or a negative errno. */
int app_begin(struct app *app, uint64_t interval_ns);

/* With -v: what was chosen. */
void app_report(const struct app *app);

/* Once a second (EVENT_TICK): follows what the scope names. */
void app_tick(struct app *app);

/* No new events from now on. */
void app_detach(struct app *app);

/* Closes everything, if it was opened. The status to exit with: the command's, unless that is 0. */
int app_close(struct app *app, int status);

#endif
