/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The frame of a tool's main(): opens everything before the measurement, and closes everything at the end. A tool adds
 * its options, its conversion of records to rows, and its loop.
 */
#ifndef TCPVITALS_APP_APP_H
#define TCPVITALS_APP_APP_H

#include "app/options.h"
#include "app/record.h"
#include "os/event_loop.h"
#include "os/resolver.h"
#include "output/json_host.h"
#include "output/sink.h"
#include "probe/probe.h"

#include <stdbool.h>
#include <stdint.h>

struct app {
	struct app_options *options; /* app_launch() starts the command in it, app_close() waits for its end */
	struct sink *sink;           /* the tool's, opened and closed here; NULL: the tool prints nothing */
	struct event_loop loop;
	struct probe probe;
	struct resolver resolver;
	struct json_host host; /* with --fleet */
	struct record record;  /* with app_options.records */
	int out_fd;            /* the sink's */
	const char *out_name;  /* for messages */
};

#define APP_CLOSED ((struct app){.loop = EVENT_LOOP_CLOSED, .probe = PROBE_CLOSED})

/*
 * Opens output, names, event loop and probe. 0, or a negative errno and a message on stderr. Call app_close() in either
 * case.
 */
int app_open(struct app_options *options, const struct probe_wants *wants, struct sink *sink, struct app *app);

/*
 * Starts the command, if there is one, after all programs are attached. `wants_priority`: rows may get lost while the
 * tool waits for a CPU. 0, or the exit status.
 */
int app_launch(struct app *app, bool wants_priority);

/*
 * Adds the events to wait for: output, records, the end of -d, and each `interval_ns` (0: none). 0 or a negative errno.
 */
int app_begin(struct app *app, uint64_t interval_ns);

/* With -v: reports on stderr what was chosen. */
void app_report(const struct app *app);

/* Appends the first line of a file with JSON Lines, if there is to be one. */
void app_begin_output(struct app *app);

/* Ends the output, with a last line about `losses` if there is to be one. */
void app_end_output(struct app *app, const struct loss_report *losses);

/* Follows the cgroups and network namespaces that the scope names. Call once a second (EVENT_TICK). */
void app_tick(struct app *app);

/* Detaches the probe: no new events from now on. With -v, reports calls of connect() that changed no state. */
void app_detach(struct app *app);

/* Closes everything that was opened. Returns the exit status: the command's, or `status` if that is 0. */
int app_close(struct app *app, int status);

#endif
