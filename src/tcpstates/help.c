/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpstates/help.h"

#include "core/cause.h"
#include "core/column.h"
#include "core/strbuf.h"
#include "core/tcp_state.h"

#include <argp.h>
#include <stdlib.h>
#include <string.h>

/* Room for all the words. */
#define WORDS_MAX 4096

static void append_states(struct strbuf *out)
{
	const char *separator = "";

	for (unsigned int state = STATE_ESTABLISHED; state <= STATE_CLOSING; state++) {
		if (state == STATE_TIME_WAIT) /* has no socket, so no option takes it */
			continue;
		strbuf_append_string(out, separator);
		strbuf_append_string(out, tcp_state_name(state));
		separator = ", ";
	}
}

static void append_causes(struct strbuf *out)
{
	const char *separator = "";

	for (unsigned int cause = CAUSE_NONE + 1; cause < CAUSES; cause++) {
		strbuf_append_string(out, separator);
		strbuf_append_string(out, cause_name(cause));
		separator = ", ";
	}
}

/* Adds a space after each comma, so that argp can break the line. `end` may be NULL. */
static void append_columns(struct strbuf *out, const char *names)
{
	for (const char *c = names; *c; c++)
		strbuf_append(out, *c == ',' ? ", " : c, *c == ',' ? 2 : 1);
}

char *tcpstates_filter_help(int key, const char *text, void *input)
{
	size_t size = text ? strlen(text) + WORDS_MAX : 0;
	char *help = key == ARGP_KEY_HELP_POST_DOC && text ? malloc(size) : NULL;
	struct strbuf out;

	(void)input;
	if (!help)
		return (char *)text;
	out = strbuf_over(help, size - 1);
	strbuf_append_string(&out, text);
	strbuf_append_literal(&out, "\nStates: ");
	append_states(&out);
	strbuf_append_literal(&out, " (--stuck: not SYN_RECV, CLOSE, LISTEN).\nCauses: ");
	append_causes(&out);
	strbuf_append_literal(&out, "; transitions have time-wait and fin-wait2-orphan where -c has fin-local and "
				    "fin-both.\nColumns: ");
	append_columns(&out, column_names(COLUMNS_OF_TRANSITIONS));
	strbuf_append_literal(&out,
			      ".\nMore: START to LIMIT of -c, KIND to RETRANS of --retransmits, BACKLOG to OVERFLOW "
			      "of --listeners; see the manual.");
	help[out.length] = '\0';
	return help;
}
