/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The first and the last line of a file with JSON Lines (tcpvitals-json(5)): which run they are of, and how it ended.
 */
#ifndef TCPVITALS_OUTPUT_JSON_RUN_H
#define TCPVITALS_OUTPUT_JSON_RUN_H

#include "core/loss.h"
#include "core/strbuf.h"

#include <stddef.h>
#include <stdint.h>

struct json_run {
	const char *tool;
	const char *version;
	const char *hook;        /* where the events come from */
	const char *host;        /* as uname -n prints it; untrusted */
	const char *boot_id;     /* empty: unknown */
	const char *kernel;      /* as uname -r prints it */
	const char *arguments;   /* the command line: strings that end with NUL; untrusted */
	size_t arguments_length; /* with the last NUL; 0: unknown */
	int64_t start_ns;        /* CLOCK_REALTIME, ns since 1970 */
	uint64_t monotonic_ns;   /* CLOCK_MONOTONIC at the same moment */
};

/* Bytes of a longer command line are left out: `arguments` is null. */
#define JSON_ARGUMENTS_MAX 1000

void json_start(struct strbuf *out, const struct json_run *run);

/* `end_ns`: CLOCK_REALTIME. */
void json_end(struct strbuf *out, const struct json_run *run, int64_t end_ns, const struct loss_report *losses);

#endif
