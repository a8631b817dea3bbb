/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The terminal as a whole screen: shows pictures and reads keys. The only file that uses ncurses.
 *
 * The terminal becomes as it was at screen_close() and on every signal that ends the process. There is one screen in a
 * process, because signal handlers need it.
 */
#ifndef TCPVITALS_OS_SCREEN_H
#define TCPVITALS_OS_SCREEN_H

#include "core/picture.h"

#include <stdbool.h>
#include <stddef.h>

/* Results of screen_key() besides ASCII characters. */
enum screen_key {
	SCREEN_KEY_NONE = 0,    /* no key was pressed */
	SCREEN_KEY_ENTER = 10,  /* also sent by some terminals for Ctrl-J */
	SCREEN_KEY_ESCAPE = 27, /* alone */
	SCREEN_KEY_UP = 0x100,
	SCREEN_KEY_DOWN,
	SCREEN_KEY_LEFT,
	SCREEN_KEY_RIGHT,
	SCREEN_KEY_PAGE_UP,
	SCREEN_KEY_PAGE_DOWN,
	SCREEN_KEY_HOME,
	SCREEN_KEY_END,
	SCREEN_KEY_BACKSPACE,
	SCREEN_KEY_RESIZE, /* the size has changed */
	SCREEN_KEY_OTHER,
	SCREEN_KEY_GONE /* the terminal is closed */
};

/* Why there is no screen, for the user: NUL-terminated. */
struct screen_error {
	char text[160];
};

/* True if this build has ncurses. Without it, no screen can be opened. */
bool screen_is_built(void);

/*
 * Takes the terminal on standard input and standard output, after event_loop_open() has blocked signals. Returns 0, or
 * a negative errno with the reason in `error`. After success, call screen_close().
 */
int screen_open(struct screen_error *error);
void screen_close(void); /* allowed without a screen */

void screen_size(size_t *ret_width, size_t *ret_height);

/* Shows a picture of the screen's size: writes what has changed. Nothing happens while the tool is in the background.
 */
void screen_show(const struct picture *picture);

/* The next screen_show() writes everything. */
void screen_redraw(void);

/* Returns the next key, without waiting. */
int screen_key(void);

/* Returns whether a signal to end came while the terminal took a picture. */
bool screen_is_stopped(void);

#endif
