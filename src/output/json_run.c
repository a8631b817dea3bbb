/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/json_run.h"

#include "core/escape.h"
#include "core/timestamp.h"

#include <string.h>

/* Appends a member; an empty value is unknown. */
static void append_string(struct strbuf *out, const char *key, const char *value)
{
	strbuf_append_literal(out, ",\"");
	strbuf_append_string(out, key);
	if (!*value) {
		strbuf_append_literal(out, "\":null");
		return;
	}
	strbuf_append_literal(out, "\":\"");
	escape_json(out, value, strlen(value));
	strbuf_append_char(out, '"');
}

static void append_arguments(struct strbuf *out, const struct json_run *run)
{
	const char *end = run->arguments + run->arguments_length;

	strbuf_append_literal(out, ",\"arguments\":");
	if (!run->arguments_length || run->arguments_length > JSON_ARGUMENTS_MAX) {
		strbuf_append_literal(out, "null");
		return;
	}
	for (const char *at = run->arguments; at < end; at += strlen(at) + 1) {
		strbuf_append_string(out, at == run->arguments ? "[\"" : ",\"");
		escape_json(out, at, strlen(at));
		strbuf_append_char(out, '"');
	}
	strbuf_append_char(out, ']');
}

/* Appends the beginning of a line, with the run that it is of. */
static void begin(struct strbuf *out, const char *type, int64_t time_ns, const struct json_run *run)
{
	strbuf_append_literal(out, "{\"v\":1,\"type\":\"");
	strbuf_append_string(out, type);
	strbuf_append_literal(out, "\",\"time\":\"");
	timestamp_format_realtime(out, time_ns);
	strbuf_append_char(out, '"');
	append_string(out, "host", run->host);
	append_string(out, "boot_id", run->boot_id);
	strbuf_append_literal(out, ",\"run\":");
	strbuf_append_u64(out, (uint64_t)run->start_ns / 1000);
}

void json_start(struct strbuf *out, const struct json_run *run)
{
	begin(out, "start", run->start_ns, run);
	strbuf_append_literal(out, ",\"monotonic_ns\":");
	strbuf_append_u64(out, run->monotonic_ns);
	append_string(out, "tool", run->tool);
	append_string(out, "version", run->version);
	append_string(out, "kernel", run->kernel);
	append_string(out, "hook", run->hook);
	append_arguments(out, run);
	strbuf_append_literal(out, "}\n");
}

void json_end(struct strbuf *out, const struct json_run *run, int64_t end_ns, const struct loss_report *losses)
{
	begin(out, "end", end_ns, run);
	loss_json(out, losses);
	strbuf_append_literal(out, "}\n");
}
