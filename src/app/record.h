/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The first and the last line of a file with JSON Lines: which run they are of, and how it ended. */
#ifndef TCPVITALS_APP_RECORD_H
#define TCPVITALS_APP_RECORD_H

#include "core/loss.h"
#include "os/host.h"
#include "output/json_run.h"
#include "output/sink.h"

#include <sys/utsname.h>

struct record {
	struct json_run run; /* points to the rest */
	struct host host;
	struct utsname kernel;
	char arguments[JSON_ARGUMENTS_MAX + 1];
};

/* Reads the facts of this run, and appends the first line. `hook`: where the events come from; must stay valid. */
void record_begin(struct record *record, const char *tool, const char *hook, struct sink *sink);

/* Appends the last line and ends the output, if all other lines are written. */
void record_end(struct record *record, const struct loss_report *losses, struct sink *sink);

#endif
