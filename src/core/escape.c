/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/escape.h"

#include <endian.h>

/* 1 in each byte of a word. */
#define ONES (~0ULL / 0xff)

/* The first combining mark. The Latin letters below U+0300 take one cell each. */
#define COMBINING 0x300

/* Output for one character, or for one byte that is part of no character. */
struct piece {
	char text[12]; /* \xHH for each of up to three bytes: no character above U+FFFF is escaped */
	uint8_t length;
	size_t columns;
	size_t consumed; /* bytes of input; any number for a plain run */
};

/* Returns the length of the UTF-8 character at `bytes` (RFC 3629), or 0 if there is none. */
static size_t utf8_decode(const char *bytes, size_t available, uint32_t *ret_code)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000}; /* a smaller code is overlong */
	unsigned char lead = *bytes;
	size_t length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
	uint32_t code = length == 1 ? lead : lead & (0x7f >> length);

	if (length == 0 || length > available)
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (bytes[i] & 0x3f);
	}
	if (code < smallest[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*ret_code = code;
	return length;
}

/* Control characters, line and paragraph separators, and bidirectional controls (Bidi_Control). */
static bool is_unsafe(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x61c || code == 0x200e || code == 0x200f ||
	       (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

/* Spaces (Space_Separator), and letters without a visible shape. */
static bool is_blank(uint32_t code)
{
	return code == ' ' || code == 0xa0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200a) || code == 0x202f ||
	       code == 0x205f || code == 0x2800 || code == 0x3000 || code == 0x3164 || code == 0xffa0;
}

/* Returns the number of bytes before the first that is not printable ASCII, or is one of the two special characters. */
static size_t plain_run(const char *bytes, size_t length, char special1, char special2)
{
	size_t run = 0;

	while (run < length && bytes[run] >= 0x20 && bytes[run] < 0x7f && bytes[run] != special1 &&
	       bytes[run] != special2)
		run++;
	return run;
}

static void piece_copy(struct piece *piece, const char *bytes, size_t length)
{
	memcpy(piece->text, bytes, length);
	piece->length = length;
	piece->columns = 1;
}

static void piece_append_hex(struct piece *piece, unsigned int value, unsigned int digits)
{
	while (digits-- > 0)
		piece->text[piece->length++] = "0123456789ABCDEF"[value >> 4 * digits & 15];
}

static void piece_append_escape(struct piece *piece, unsigned char byte)
{
	piece->text[piece->length++] = '\\';
	if (byte == '\\') {
		piece->text[piece->length++] = '\\';
	} else {
		piece->text[piece->length++] = 'x';
		piece_append_hex(piece, byte, 2);
	}
}

/* Returns true if the piece is an escape. */
static bool terminal_piece(struct piece *piece, const char *bytes, size_t available)
{
	uint32_t code;
	size_t length = utf8_decode(bytes, available, &code);

	piece->consumed = length ? length : 1;
	piece->length = 0;
	if (length && code != '\\' && !is_unsafe(code)) {
		piece_copy(piece, bytes, length);
		return false;
	}
	for (size_t i = 0; i < piece->consumed; i++)
		piece_append_escape(piece, (unsigned char)bytes[i]);
	piece->columns = piece->length;
	return true;
}

size_t escape_field_length(const char *field, size_t size)
{
	return strnlen(field, size);
}

/*
 * Returns the highest bit of each byte that is a control character, not ASCII, or special in a format. Only the lowest
 * set bit is reliable: a subtraction borrows from the bytes above.
 */
static uint64_t find_special(uint64_t word)
{
	uint64_t controls = word - ' ' * ONES, others = word | (word + ONES); /* 0x7f to 0xff */
	uint64_t quotes = (word ^ '"' * ONES) - ONES, commas = (word ^ ',' * ONES) - ONES;
	uint64_t backslashes = (word ^ '\\' * ONES) - ONES;

	return (controls | others | quotes | commas | backslashes) & (0x80 * ONES);
}

int escape_plain_field(const char field[ESCAPE_FIELD])
{
	for (int start = 0; start < ESCAPE_FIELD; start += (int)sizeof(uint64_t)) {
		uint64_t word, special;
		int length;

		memcpy(&word, field + start, sizeof(word));
		special = find_special(le64toh(word));
		if (!special)
			continue;
		length = start + __builtin_ctzll(special) / 8;
		return field[length] ? -1 : length;
	}
	return ESCAPE_FIELD;
}

size_t escape_terminal(struct strbuf *out, const char *bytes, size_t length, size_t max_columns)
{
	size_t columns = 0;

	while (length > 0 && columns < max_columns) {
		size_t room = max_columns - columns;
		size_t run = plain_run(bytes, length < room ? length : room, '\\', '\\');
		struct piece piece = {.consumed = run, .columns = run};

		if (run) {
			strbuf_append(out, bytes, run);
		} else {
			terminal_piece(&piece, bytes, length);
			if (piece.columns > room)
				break;
			strbuf_append(out, piece.text, piece.length);
		}
		columns += piece.columns;
		bytes += piece.consumed;
		length -= piece.consumed;
	}
	return columns;
}

/*
 * Writes names that look like an empty or unknown one. An empty name becomes two quotes; a name that is just a dash or
 * two quotes is escaped. Returns the cells used, 0 for any other name.
 */
static size_t escape_ambiguous_name(struct strbuf *out, const char *bytes, size_t length)
{
	struct piece piece = {};

	if (!length) {
		strbuf_append_literal(out, "\"\"");
		return 2;
	}
	if ((length != 1 || *bytes != '-') && (length != 2 || memcmp(bytes, "\"\"", 2) != 0))
		return 0;
	for (size_t i = 0; i < length; i++)
		piece_append_escape(&piece, (unsigned char)bytes[i]);
	strbuf_append(out, piece.text, piece.length);
	return piece.length;
}

/* One character, or the escape of one byte. The other bytes of an escaped character are then bytes of no character. */
static void name_piece(struct piece *piece, const char *bytes, size_t available, bool is_first, cell_width *width)
{
	uint32_t code = 0;
	size_t length = utf8_decode(bytes, available, &code);
	int cells = code >= COMBINING && width ? width(code) : 1;

	piece->length = 0;
	if (length && code != '\\' && !is_unsafe(code) && cells >= 0 && !(is_first && (!cells || is_blank(code)))) {
		piece_copy(piece, bytes, length);
		piece->columns = (size_t)cells;
		piece->consumed = length;
		return;
	}
	piece_append_escape(piece, (unsigned char)*bytes);
	piece->columns = piece->length;
	piece->consumed = 1;
}

/* A name without room for its next piece is cut behind the last piece that leaves a cell for the '+'. */
size_t escape_name(struct strbuf *out, const char *bytes, size_t length, size_t max_cells, cell_width *width)
{
	size_t cells = escape_ambiguous_name(out, bytes, length), done = cells ? length : 0;
	size_t cut = out->length, cut_cells = 0;

	while (done < length) {
		size_t left = length - done, room = max_cells - cells;
		size_t run = room > 1 && (done || *bytes != ' ')
				     ? plain_run(bytes + done, left < room ? left : room - 1, '\\', '\\')
				     : 0;
		struct piece piece = {.consumed = run, .columns = run};

		if (run) {
			strbuf_append(out, bytes + done, run);
		} else {
			name_piece(&piece, bytes + done, left, !done, width);
			if (piece.columns > room) {
				out->length = cut;
				strbuf_append_char(out, '+');
				return cut_cells + 1;
			}
			strbuf_append(out, piece.text, piece.length);
		}
		cells += piece.columns;
		done += piece.consumed;
		if (cells < max_cells) {
			cut = out->length;
			cut_cells = cells;
		}
	}
	return cells;
}

static bool csv_needs_quotes(const char *bytes, size_t length)
{
	struct piece piece;

	if (!length)
		return true;
	for (size_t i = 0; i < length; i += piece.consumed) {
		if (terminal_piece(&piece, bytes + i, length - i) || bytes[i] == ',' || bytes[i] == '"')
			return true;
	}
	return false;
}

void escape_csv(struct strbuf *out, const char *bytes, size_t length)
{
	struct piece piece;

	if (length && plain_run(bytes, length, ',', '"') == length && !memchr(bytes, '\\', length)) {
		strbuf_append(out, bytes, length);
		return;
	}
	if (!csv_needs_quotes(bytes, length)) {
		escape_terminal(out, bytes, length, SIZE_MAX);
		return;
	}
	strbuf_append_char(out, '"');
	for (; length > 0; bytes += piece.consumed, length -= piece.consumed) {
		terminal_piece(&piece, bytes, length);
		if (*bytes == '"')
			strbuf_append_literal(out, "\"\"");
		else
			strbuf_append(out, piece.text, piece.length);
	}
	strbuf_append_char(out, '"');
}

static void json_piece(struct piece *piece, const char *bytes, size_t available)
{
	static const char short_escapes[0x20] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
	uint32_t code;
	size_t length = utf8_decode(bytes, available, &code);

	piece->consumed = length ? length : 1;
	piece->length = 0;
	if (!length) {
		piece_copy(piece, "\xef\xbf\xbd", 3);
	} else if (code != '"' && code != '\\' && !is_unsafe(code)) {
		piece_copy(piece, bytes, length);
	} else {
		piece->text[piece->length++] = '\\';
		if (code >= 0x20 && code < 0x7f) {
			piece->text[piece->length++] = code;
		} else if (code < 0x20 && short_escapes[code]) {
			piece->text[piece->length++] = short_escapes[code];
		} else {
			piece->text[piece->length++] = 'u';
			piece_append_hex(piece, code, 4);
		}
	}
}

void escape_json(struct strbuf *out, const char *bytes, size_t length)
{
	while (length > 0) {
		size_t run = plain_run(bytes, length, '"', '\\');
		struct piece piece = {.consumed = run};

		if (run) {
			strbuf_append(out, bytes, run);
		} else {
			json_piece(&piece, bytes, length);
			strbuf_append(out, piece.text, piece.length);
		}
		bytes += piece.consumed;
		length -= piece.consumed;
	}
}
