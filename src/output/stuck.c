/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/stuck.h"

#include "core/append.h"
#include "core/column.h"
#include "core/duration.h"
#include "core/tcp_state.h"
#include "output/json.h"

/* Closes the open string, and appends the beginning and duration of the state. */
static char *append_age(char *at, const struct transition *event, const struct timebase *base)
{
	uint64_t suspended_ns = clock_history_suspended_ns(&base->clocks, event->time_ns, event->duration_ns);

	if (event->flags & TRANSITION_AT_LEAST) {
		at = append_literal(at, "\",\"since\":null,\"duration_us\":null,\"at_least_us\":");
	} else {
		at = append_literal(at, "\",\"since\":\"");
		at = timestamp_append_utc(at, base, event->time_ns - event->duration_ns);
		at = append_literal(at, "\",\"duration_us\":");
	}
	at = duration_append_us(at, event->duration_ns);
	return suspended_ns ? json_append_suspended(at, suspended_ns) : at;
}

void stuck_json(struct strbuf *out, const struct transition *event, const struct timebase *base)
{
	char *at = strbuf_room(out, ROW_TEXT_MAX);

	if (!at)
		return;
	at = append_literal(at, "{\"v\":1,\"type\":\"stuck\",\"time\":\"");
	at = timestamp_append_utc(at, base, event->time_ns);
	at = json_append_socket(at, event);
	at = append_literal(at, ",\"state\":\"");
	at = tcp_state_append(at, event->newstate);
	at = append_age(at, event, base);
	strbuf_end(out, append_literal(at, "}\n"));
}
