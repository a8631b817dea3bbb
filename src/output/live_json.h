/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writes a look of --live as JSON Lines, in the schema of tcpvitals-json(5). */
#ifndef TCPVITALS_OUTPUT_LIVE_JSON_H
#define TCPVITALS_OUTPUT_LIVE_JSON_H

#include "core/live_group.h"
#include "core/timestamp.h"
#include "output/group_name.h"

/*
 * {"v":1,"type":"live",...} and a newline, in 2 * ROW_TEXT_MAX bytes: an open connection with its totals, and its rates
 * since the last look.
 */
void live_json(struct strbuf *out, const struct live_row *row, const struct timebase *base);

/* {"v":1,"type":"live-group",...} in LIVE_GROUP_JSON_MAX bytes: the connections of a group, at `time_ns`. */
#define LIVE_GROUP_JSON_MAX (GROUP_JSON_MAX + 2048)
void live_json_group(struct strbuf *out, const struct live_groups *groups, const struct live_group *group,
		     uint64_t time_ns, const struct timebase *base);

/* {"v":1,"type":"look",...} in ROW_TEXT_MAX bytes: the header of the last look. `lost`: events, so far. */
void live_json_look(struct strbuf *out, const struct live *live, uint64_t lost, const struct timebase *base);

#endif
