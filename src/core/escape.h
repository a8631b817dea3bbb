/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names from the kernel (comm, cgroup paths) are chosen by whoever runs a process: any bytes at all. Each output format
 * has one way to make them harmless. All take bytes without a NUL (the length says where they end) and never split a
 * character or an escape.
 */
#ifndef TCPVITALS_CORE_ESCAPE_H
#define TCPVITALS_CORE_ESCAPE_H

#include "core/strbuf.h"

/* The longest that a byte becomes in any of the formats: \u00HH, or an equal share of \uHHHH or \xHH\xHH\xHH. */
#define ESCAPED_MAX 6

/* The length of a name in a fixed field, up to the first NUL or the field's end. */
size_t escape_field_length(const char *field, size_t size);

#define ESCAPE_FIELD 16

/*
 * The same of a field of ESCAPE_FIELD bytes, if it holds printable ASCII only, and nothing of that which is special in
 * a format (quote, comma, backslash): it can be copied then. Else -1.
 */
int escape_plain_field(const char field[ESCAPE_FIELD]);

/*
 * For a terminal: valid UTF-8 passes, but control characters (C0, DEL, C1), line and paragraph separators and
 * bidirectional controls, and every byte of an invalid sequence become \xHH (each byte of the character). A backslash
 * becomes \\ so that the result is unambiguous. At most `max_columns` columns are written (one per character, four per
 * escaped byte, two per backslash). Returns the columns used.
 */
size_t escape_terminal(struct strbuf *out, const char *bytes, size_t length, size_t max_columns);

/*
 * How many cells of a terminal a character takes, as wcwidth(3) says: 0 for a mark on the one before it, 2 for an
 * ideograph, less than 0 for one that cannot be printed. That depends on a locale, so the caller brings it. It is asked
 * from U+0300 on; without it (NULL) each character takes one cell.
 */
typedef int cell_width(uint32_t code);

/*
 * A name in a column of a terminal, escaped as by escape_terminal(), but byte by byte. A name that takes more than
 * `max_cells` (at least 1) ends in a '+' there. No name looks like none: an empty one is "" in quotes; one that reads
 * so, or is just a dash, is escaped; so are a blank and a mark in front, and what cannot be printed. At most
 * ESCAPED_MAX times its length is written, and two bytes for an empty one. Returns the cells used.
 */
size_t escape_name(struct strbuf *out, const char *bytes, size_t length, size_t max_cells, cell_width *width);

/*
 * One RFC 4180 field. CSV is read on terminals and line by line, too, so bytes are escaped as for a terminal; the field
 * is in quotes (each quote doubled) when the name holds a comma, a quote, a newline or anything else that was escaped,
 * and when it is empty: a field without quotes is what is not known.
 */
void escape_csv(struct strbuf *out, const char *bytes, size_t length);

/*
 * The inside of a JSON string (RFC 8259), always valid UTF-8: each byte of an invalid sequence becomes U+FFFD. What is
 * unsafe on a terminal is escaped though JSON would allow it bare: DEL, C1, separators and bidirectional controls as
 * \uHHHH.
 */
void escape_json(struct strbuf *out, const char *bytes, size_t length);

#endif
