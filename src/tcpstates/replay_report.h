/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The diagnostics of --replay: damaged lines, and records that the run does not show. */
#ifndef TCPVITALS_TCPSTATES_REPLAY_REPORT_H
#define TCPVITALS_TCPSTATES_REPLAY_REPORT_H

#include "replay/members.h"
#include "replay/record.h"

#include <stdbool.h>
#include <stdint.h>

struct replay_report {
	const char *name; /* of the source */
	enum record_type wanted;
	uint64_t counts[RECORD_TYPES]; /* of connections: without parts */
	uint64_t parts;
	uint64_t unnamed; /* rows without names that were asked for */
	uint64_t damaged; /* lines */
	bool reported[FAULTS][MEMBER_COUNT];
};

void replay_report_count(struct replay_report *report, enum record_type type, bool is_part);

/* Counts a damaged line. Reports the first one with each fault of each member. */
void replay_report_damage(struct replay_report *report, uint64_t line, const struct line_error *error);

/*
 * Reports the rest, after `lines` lines. `is_whole`: these are all. Returns whether something is wrong with the input.
 */
bool replay_report_end(const struct replay_report *report, uint64_t lines, bool is_whole);

#endif
