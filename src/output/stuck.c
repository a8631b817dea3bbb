/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/stuck.h"

#include "core/duration.h"
#include "core/tcp_state.h"
#include "output/json.h"

#include <stdbool.h>

static void append_age(struct strbuf *out, const struct transition *event, const struct timebase *base)
{
	bool is_known = !(event->flags & TRANSITION_AT_LEAST);

	strbuf_append_literal(out, "\",\"since\":");
	if (is_known) {
		strbuf_append_char(out, '"');
		timestamp_format_utc(out, base, event->time_ns - event->duration_ns);
		strbuf_append_literal(out, "\",\"duration_us\":");
	} else {
		strbuf_append_literal(out, "null,\"duration_us\":null,\"at_least_us\":");
	}
	duration_format_us(out, event->duration_ns);
}

void stuck_json(struct strbuf *out, const struct transition *event, const struct timebase *base)
{
	strbuf_append_literal(out, "{\"v\":1,\"type\":\"stuck\",\"time\":\"");
	timestamp_format_utc(out, base, event->time_ns);
	json_socket(out, event);
	strbuf_append_literal(out, ",\"state\":\"");
	tcp_state_format(out, event->newstate);
	append_age(out, event, base);
	strbuf_append_literal(out, "}\n");
}
