/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/stuck.h"

#include "core/column.h"
#include "core/duration.h"
#include "core/put.h"
#include "core/tcp_state.h"
#include "output/json.h"

/* Behind an open string, which it closes. */
static char *put_age(char *at, const struct transition *event, const struct timebase *base)
{
	uint64_t suspended_ns = clock_history_suspended_ns(&base->clocks, event->time_ns, event->duration_ns);

	if (event->flags & TRANSITION_AT_LEAST) {
		at = put_literal(at, "\",\"since\":null,\"duration_us\":null,\"at_least_us\":");
	} else {
		at = put_literal(at, "\",\"since\":\"");
		at = timestamp_put_utc(at, base, event->time_ns - event->duration_ns);
		at = put_literal(at, "\",\"duration_us\":");
	}
	at = duration_put_us(at, event->duration_ns);
	return suspended_ns ? json_put_suspended(at, suspended_ns) : at;
}

void stuck_json(struct strbuf *out, const struct transition *event, const struct timebase *base)
{
	char *at = strbuf_room(out, ROW_TEXT_MAX);

	if (!at)
		return;
	at = put_literal(at, "{\"v\":1,\"type\":\"stuck\",\"time\":\"");
	at = timestamp_put_utc(at, base, event->time_ns);
	at = json_put_socket(at, event);
	at = put_literal(at, ",\"state\":\"");
	at = tcp_state_put(at, event->newstate);
	at = put_age(at, event, base);
	strbuf_end(out, put_literal(at, "}\n"));
}
