/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Makes untrusted names harmless, in one way for each output format. Any process can choose its names in the kernel
 * (comm, cgroup path), with any bytes.
 *
 * Input has a length and needs no NUL. No function splits a character or an escape.
 */
#ifndef TCPVITALS_CORE_ESCAPE_H
#define TCPVITALS_CORE_ESCAPE_H

#include "core/strbuf.h"

/* Bytes that one byte of input becomes at most, in any format: \u00HH, or its share of \uHHHH or \xHH\xHH\xHH. */
#define ESCAPED_MAX 6

/* Returns the length of a name in a fixed field: up to the first NUL or the end of the field. */
size_t escape_field_length(const char *field, size_t size);

#define ESCAPE_FIELD 16

/*
 * Returns the length of a name in a field of ESCAPE_FIELD bytes if the name can be copied as it is, else -1. Such a
 * name is printable ASCII, without the special characters of the formats (quote, comma, backslash).
 */
int escape_plain_field(const char field[ESCAPE_FIELD]);

/*
 * Escapes for a terminal. Valid UTF-8 passes, except control characters (C0, DEL, C1), line and paragraph separators
 * and bidirectional controls. Each byte of these, and each byte of an invalid sequence, becomes \xHH. A backslash
 * becomes \\, so the result is unambiguous.
 *
 * Writes at most `max_columns` columns: one per character, four per escaped byte, two per backslash. Returns the
 * columns used.
 */
size_t escape_terminal(struct strbuf *out, const char *bytes, size_t length, size_t max_columns);

/*
 * Returns the cells of a terminal that a character takes, as wcwidth(3) does. A combining mark has 0, an ideograph 2,
 * an unprintable character less than 0. The result depends on a locale, so the caller supplies the function. Callees
 * ask for U+0300 and above; all other characters take one cell. With NULL every character takes one cell.
 */
typedef int cell_width(uint32_t code);

/*
 * Writes a name for a column of a terminal, escaped as by escape_terminal(), but byte by byte. A name of more than
 * `max_cells` cells (at least 1) is cut, and ends in a '+'.
 *
 * An empty name becomes two quotes. No other name looks like an empty or unknown one: a name that is just two quotes or
 * a dash is escaped. A leading blank or combining mark and all unprintable characters are escaped, too.
 *
 * Writes at most ESCAPED_MAX bytes per byte of input, and two for an empty name. Returns the cells used.
 */
size_t escape_name(struct strbuf *out, const char *bytes, size_t length, size_t max_cells, cell_width *width);

/*
 * Writes one RFC 4180 field. Bytes are escaped as for a terminal, because terminals and line-based programs read CSV,
 * too. The field is in quotes (each quote doubled) if the name holds a comma, a quote, a newline or anything else that
 * was escaped. An empty name is in quotes, too: an empty field without quotes stands for an unknown value.
 */
void escape_csv(struct strbuf *out, const char *bytes, size_t length);

/*
 * Writes the inside of a JSON string (RFC 8259), always valid UTF-8: each byte of an invalid sequence becomes U+FFFD.
 * Characters that are unsafe on a terminal become \uHHHH, although JSON allows them bare: DEL, C1, separators and
 * bidirectional controls.
 */
void escape_json(struct strbuf *out, const char *bytes, size_t length);

#endif
