/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/json_host.h"

#include <string.h>

void json_host_begin(struct json_host *host, const char *name, const char *boot_id, uint64_t run_us)
{
	struct strbuf out = strbuf_over(host->members, sizeof(host->members));

	strbuf_append_literal(&out, ",\"host\":\"");
	escape_json(&out, name, strnlen(name, HOST_NAME_LENGTH));
	strbuf_append_literal(&out, "\",\"boot_id\":");
	if (*boot_id) {
		strbuf_append_char(&out, '"');
		escape_json(&out, boot_id, strnlen(boot_id, BOOT_ID_LENGTH));
		strbuf_append_char(&out, '"');
	} else {
		strbuf_append_literal(&out, "null");
	}
	strbuf_append_literal(&out, ",\"run\":");
	strbuf_append_u64(&out, run_us);
	strbuf_append_literal(&out, ",\"seq\":");
	host->length = out.length;
	host->seq = 0;
}

void json_add_host(struct strbuf *out, struct json_host *host)
{
	out->length -= strlen("}\n");
	strbuf_append(out, host->members, host->length);
	strbuf_append_u64(out, host->seq++);
	strbuf_append_literal(out, "}\n");
}
