/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Writes the rows of tcpstates --listeners, one line for each listener. */
#ifndef TCPVITALS_OUTPUT_LISTENER_H
#define TCPVITALS_OUTPUT_LISTENER_H

#include "core/column.h"
#include "core/listener.h"
#include "core/strbuf.h"
#include "core/timestamp.h"

/* Text and CSV, with the columns of column_list_listeners() or of -O. `names` may be NULL. */
void listener_text(struct strbuf *out, const struct column_list *columns, enum column_style style,
		   const struct listener_row *listener, const struct names *names, const struct timebase *base);
void listener_csv(struct strbuf *out, const struct column_list *columns, const struct listener_row *listener,
		  const struct names *names, const struct timebase *base);

/* {"v":1,"type":"listener",...} and a newline, without names, as in tcpvitals-json(5). */
void listener_json(struct strbuf *out, const struct listener_row *listener, const struct timebase *base);

#endif
