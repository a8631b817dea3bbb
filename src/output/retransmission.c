/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/retransmission.h"

#include "core/append.h"
#include "core/retransmission_column.h"
#include "core/tcp_state.h"
#include "output/csv.h"
#include "output/json.h"
#include "output/table.h"

void retransmission_text(struct strbuf *out, const struct column_list *columns, enum column_style style,
			 const struct retransmission *retransmission, const struct names *names,
			 const struct timebase *base)
{
	struct row row = row_of(style, &retransmission->socket, names, base);

	row.retransmission = retransmission;
	table_record(out, columns, &row);
}

void retransmission_csv(struct strbuf *out, const struct column_list *columns,
			const struct retransmission *retransmission, const struct names *names,
			const struct timebase *base)
{
	struct row row = row_of(COLUMN_STYLE_CSV, &retransmission->socket, names, base);

	row.retransmission = retransmission;
	csv_record(out, columns, &row);
}

/* Closes the open string. */
static char *append_kind(char *at, const struct label *kind)
{
	if (!kind->length)
		return append_literal(at, "\",\"kind\":null");
	at = append_literal(at, "\",\"kind\":\"");
	return append_char(append_label(at, kind), '"');
}

void retransmission_json(struct strbuf *out, const struct retransmission *retransmission, const struct timebase *base)
{
	const struct transition *socket = &retransmission->socket;
	char *at = strbuf_room(out, ROW_TEXT_MAX);

	if (!at)
		return;
	at = append_literal(at, "{\"v\":1,\"type\":\"retransmission\",\"time\":\"");
	at = timestamp_append_utc(at, base, socket->time_ns);
	at = json_append_socket(at, socket);
	at = tcp_state_append(append_literal(at, ",\"state\":\""), socket->newstate);
	at = append_kind(at, retransmission_kind_label(retransmission->kind));
	at = append_u64(append_literal(at, ",\"seq\":"), retransmission->seq);
	at = append_u64(append_literal(at, ",\"bytes\":"), retransmission->bytes);
	at = append_u64(append_literal(at, ",\"segments\":"), retransmission->segments);
	at = append_u64(append_literal(at, ",\"retransmits\":"), retransmission->total);
	strbuf_end(out, append_literal(at, "}\n"));
}
