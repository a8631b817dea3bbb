/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "output/live_help.h"

#include "output/live_draw.h"

#define KEYS_WIDTH 14

/* A line with keys and what they do, or a heading without keys. */
static const struct {
	const char *keys, *text;
} help[] = {
	{NULL, "Keys (q or Esc closes the help)"},
	{"q, Ctrl-C", "quit"},
	{"Up Down k j", "select a line; also PgUp, PgDn, Home, End"},
	{"Enter", "details of the selected connection, and back"},
	{"Tab", "go to the connections that have just ended, and back"},
	{"", "(a minute, the last 16,384 at most)"},
	{"< >", "sort by the column to the left or right; also the arrows"},
	{"r", "reverse the order"},
	{"v, 1 to 7", "lines: connection, process, peer prefix (/24, /64), unit,"},
	{"", "container, listener (accept queues), the group of --by"},
	{"t", "rates a second, or totals since the connections began"},
	{"/", "filter in the words of the command line: lport 80 comm 'ng*';"},
	{"", "of ended connections only: cause reset-*,timeout*"},
	{"Esc", "no filter"},
	{"p, Space", "pause: the screen stands still"},
	{"+ -", "a longer, a shorter interval"},
	{"Ctrl-L", "draw the screen anew"},
	{NULL, ""},
	{NULL, "Columns (- is unknown, K is 1024 bytes)"},
	{"AGE", "time in the state; > at least: older than tcpstates"},
	{"IN, OUT", "payload received, payload acknowledged by the peer"},
	{"RTT", "smoothed round-trip time; of a group, the mean"},
	{"RETR", "segments sent again, a second or in total"},
	{"RECVQ, SENDQ", "bytes not read, bytes not acknowledged"},
	{"LIMIT", "what limits sending, in the last interval (totals: so far):"},
	{"", "application (app), receiver-window (rwnd), send-buffer (sbuf),"},
	{"", "loss, network (net), none (too little was sent to tell)"},
	{NULL, ""},
	{NULL, "A line moves only when its value has changed by half."},
};

#define HELP_LINES (sizeof(help) / sizeof(help[0]))

size_t live_help_lines(void)
{
	return HELP_LINES;
}

void live_draw_help(struct picture *picture, size_t line, size_t lines, size_t top)
{
	for (size_t i = top; i < HELP_LINES && lines; i++, line++, lines--) {
		if (!help[i].keys) {
			picture_add_string(picture, line, STYLE_STRONG, help[i].text);
			continue;
		}
		picture_add_string(picture, line, STYLE_STRONG, help[i].keys);
		picture_pad(picture, line, KEYS_WIDTH);
		picture_add_string(picture, line, STYLE_PLAIN, help[i].text);
	}
}
