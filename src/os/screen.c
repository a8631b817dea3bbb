/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "os/screen.h"

#include <errno.h>
#include <stdio.h>

#ifdef HAVE_NCURSES

#include "os/terminal.h"

#include <curses.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define ESCAPE_DELAY_MS 25

/* Colours that are readable on a light and on a dark background. */
#define GREEN_256  34
#define ORANGE_256 166
#define RED_256    160
#define GREY_256   244

static struct {
	SCREEN *curses; /* NULL: no screen */
	WINDOW *keys; /* read here: from another window than a pad, wgetch() would show the old picture at a new size */
	struct termios before, ours;
	attr_t attributes[STYLES];
	short colors[STYLES]; /* numbers of pairs */
	/* For signal handlers. */
	int emergency_fd; /* the terminal, opened again: writes do not wait */
	char restore[128];
	size_t restore_length;
	sigset_t blocked; /* the signals to end that the event loop reads */
	volatile sig_atomic_t is_stopped;
} screen;

/* ---- the end ----------------------------------------------------------------------------------------------------- */

/* Appends what terminfo has for a capability, without its delays ("$<5>"). */
static void append_capability(const char *name)
{
	const char *text = tigetstr(name);

	if (!text || text == (char *)-1)
		return;
	while (*text && screen.restore_length < sizeof(screen.restore)) {
		const char *end = text[0] == '$' && text[1] == '<' ? strchr(text, '>') : NULL;

		if (end)
			text = end + 1;
		else
			screen.restore[screen.restore_length++] = *text++;
	}
}

/*
 * Makes the terminal as it was, with functions that a signal handler may call. If another program has changed the modes
 * meanwhile, they are its own: a shell that goes on after its child was killed.
 */
static void restore(void)
{
	struct termios now, flowing = screen.before;
	bool is_ours;
	ssize_t written;

	/* The output after Ctrl-S is no longer wanted. A terminal without flow control takes output again. */
	tcflush(STDOUT_FILENO, TCOFLUSH);
	flowing.c_iflag &= ~(tcflag_t)IXON;
	is_ours = !tcgetattr(STDIN_FILENO, &now) && now.c_lflag == screen.ours.c_lflag &&
		  now.c_iflag == screen.ours.c_iflag;
	if (is_ours)
		tcsetattr(STDIN_FILENO, TCSANOW, &flowing);
	written = write(screen.emergency_fd, screen.restore, screen.restore_length);
	(void)written;
	if (is_ours)
		tcsetattr(STDIN_FILENO, TCSANOW, &screen.before);
}

static void die(int number)
{
	sigset_t set;

	restore();
	signal(number, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, number);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(number);
}

static bool takes_output(void)
{
	struct pollfd polled = {.fd = STDOUT_FILENO, .events = POLLOUT};

	return poll(&polled, 1, 0) > 0 && polled.revents & POLLOUT;
}

/* A signal to end, during screen_show(). A terminal that takes nothing (Ctrl-S) would keep the tool for ever. */
static void on_stop(int number)
{
	screen.is_stopped = 1;
	if (!takes_output())
		die(number);
}

static void handle_signals(void)
{
	static const int ends[] = {SIGQUIT, SIGILL,  SIGTRAP, SIGABRT,   SIGBUS,  SIGFPE, SIGUSR1, SIGSEGV,  SIGUSR2,
				   SIGALRM, SIGXCPU, SIGPROF, SIGVTALRM, SIGPOLL, SIGPWR, SIGSYS,  SIGSTKFLT};
	static const int stops[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = die}, old;
	sigset_t blocked;

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (!sigaction(ends[i], NULL, &old) && old.sa_handler == SIG_DFL)
			sigaction(ends[i], &action, NULL);
	/* A change of modes in the background must not stop the tool, while it ends. */
	signal(SIGTTOU, SIG_IGN);
	sigemptyset(&screen.blocked);
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	action.sa_handler = on_stop;
	for (size_t i = 0; i < sizeof(stops) / sizeof(stops[0]); i++) {
		if (!sigismember(&blocked, stops[i]))
			continue;
		sigaddset(&screen.blocked, stops[i]);
		sigaction(stops[i], &action, NULL);
	}
}

/* On a terminal that is no controlling terminal (setsid), there is no background. */
static bool is_in_foreground(void)
{
	pid_t group = tcgetpgrp(STDIN_FILENO);

	return group < 0 || group == getpgrp();
}

void screen_close(void)
{
	if (!screen.curses)
		return;
	if (is_in_foreground() && takes_output())
		endwin();
	else
		restore();
	if (screen.emergency_fd != STDOUT_FILENO)
		close(screen.emergency_fd);
	delwin(screen.keys);
	delscreen(screen.curses);
	screen.curses = NULL;
}

/* ---- the beginning ----------------------------------------------------------------------------------------------- */

static void set_color(enum picture_style style, short few, short many)
{
	short pair = (short)style + 1;

	init_pair(pair, COLORS >= 256 ? many : few, -1);
	screen.colors[style] = pair;
}

static void choose_styles(void)
{
	screen.attributes[STYLE_STRONG] = A_BOLD;
	screen.attributes[STYLE_FAINT] = A_DIM;
	screen.attributes[STYLE_HEADING] = A_REVERSE;
	screen.attributes[STYLE_SORTED] = A_BOLD;
	screen.attributes[STYLE_SELECTED] = A_REVERSE;
	screen.attributes[STYLE_BAD] = A_BOLD;
	if (!terminal_has_color(STDOUT_FILENO) || !has_colors() || start_color() == ERR || use_default_colors() == ERR)
		return;
	if (COLORS >= 256) {
		set_color(STYLE_FAINT, 0, GREY_256);
		screen.attributes[STYLE_FAINT] = A_NORMAL;
	}
	set_color(STYLE_GOOD, COLOR_GREEN, GREEN_256);
	set_color(STYLE_NOTICE, COLOR_MAGENTA, ORANGE_256);
	set_color(STYLE_BAD, COLOR_RED, RED_256);
}

static int refuse(struct screen_error *error, const char *why)
{
	snprintf(error->text, sizeof(error->text), "%s", why);
	return -ENOTTY;
}

static int open_curses(struct screen_error *error)
{
	const char *move_cursor;
	bool can_move;

	screen.curses = newterm(NULL, stdout, stdin);
	if (!screen.curses)
		return refuse(error, "terminfo does not know this terminal; set TERM, as in TERM=xterm");
	move_cursor = tigetstr("cup");
	can_move = move_cursor && move_cursor != (char *)-1;
	screen.keys = can_move ? newpad(1, 1) : NULL;
	if (!screen.keys) {
		endwin();
		delscreen(screen.curses);
		screen.curses = NULL;
		return can_move ? -ENOMEM : refuse(error, "this terminal cannot move its cursor (see TERM)");
	}
	cbreak();
	noecho();
	nonl();
	keypad(screen.keys, TRUE);
	nodelay(screen.keys, TRUE);
	set_escdelay(ESCAPE_DELAY_MS);
	curs_set(0);
	return 0;
}

bool screen_is_built(void)
{
	return true;
}

int screen_open(struct screen_error *error)
{
	static const char *const capabilities[] = {"sgr0", "op", "cnorm", "rmkx", "rmcup"};
	const char *name = ttyname(STDOUT_FILENO);
	int failed;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return refuse(error, "standard input and output are not a terminal");
	if (tcgetattr(STDIN_FILENO, &screen.before))
		return refuse(error, strerror(errno));
	failed = open_curses(error);
	if (failed)
		return failed;
	screen.is_stopped = 0;
	screen.restore_length = 0;
	for (size_t i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++)
		append_capability(capabilities[i]);
	screen.emergency_fd = name ? open(name, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;
	if (screen.emergency_fd < 0)
		screen.emergency_fd = STDOUT_FILENO;
	choose_styles();
	/* The first look at the keys writes the beginning of the screen, and sets all modes. */
	refresh();
	tcgetattr(STDIN_FILENO, &screen.ours);
	handle_signals();
	return 0;
}

/* ---- pictures ---------------------------------------------------------------------------------------------------- */

void screen_size(size_t *ret_width, size_t *ret_height)
{
	*ret_width = COLS > 0 ? (size_t)COLS : 1;
	*ret_height = LINES > 0 ? (size_t)LINES : 1;
}

static void show_line(int number, const struct picture_line *line)
{
	move(number, 0);
	for (size_t i = 0; i < line->run_count; i++) {
		size_t end = i + 1 < line->run_count ? line->runs[i + 1].offset : line->text.length;
		enum picture_style style = line->runs[i].style;

		attr_set(screen.attributes[style], screen.colors[style], NULL);
		addnstr(line->text.data + line->runs[i].offset, (int)(end - line->runs[i].offset));
	}
	attr_set(A_NORMAL, 0, NULL);
	if (line->cells < (size_t)COLS)
		clrtoeol();
}

void screen_show(const struct picture *picture)
{
	sigset_t before;

	if (!is_in_foreground())
		return;
	for (size_t i = 0; i < picture->height && i < (size_t)LINES; i++)
		show_line((int)i, &picture->lines[i]);
	if (picture->cursor_line < picture->height)
		move((int)picture->cursor_line, (int)picture->cursor_column);
	curs_set(picture->cursor_line < picture->height);
	sigprocmask(SIG_UNBLOCK, &screen.blocked, &before);
	refresh();
	sigprocmask(SIG_SETMASK, &before, NULL);
}

void screen_redraw(void)
{
	clearok(stdscr, TRUE);
}

bool screen_is_stopped(void)
{
	return screen.is_stopped;
}

/* ---- keys -------------------------------------------------------------------------------------------------------- */

static bool is_closed(void)
{
	struct pollfd polled = {.fd = STDIN_FILENO, .events = POLLIN};

	return poll(&polled, 1, 0) > 0 && polled.revents & (POLLHUP | POLLERR | POLLNVAL);
}

int screen_key(void)
{
	static const struct {
		int curses, key;
	} keys[] = {
		{KEY_UP, SCREEN_KEY_UP},         {KEY_DOWN, SCREEN_KEY_DOWN},
		{KEY_LEFT, SCREEN_KEY_LEFT},     {KEY_RIGHT, SCREEN_KEY_RIGHT},
		{KEY_PPAGE, SCREEN_KEY_PAGE_UP}, {KEY_NPAGE, SCREEN_KEY_PAGE_DOWN},
		{KEY_HOME, SCREEN_KEY_HOME},     {KEY_END, SCREEN_KEY_END},
		{KEY_ENTER, SCREEN_KEY_ENTER},   {KEY_BACKSPACE, SCREEN_KEY_BACKSPACE},
		{KEY_RESIZE, SCREEN_KEY_RESIZE}, {'\r', SCREEN_KEY_ENTER},
		{'\b', SCREEN_KEY_BACKSPACE},    {0x7f, SCREEN_KEY_BACKSPACE},
	};
	int key;

	if (is_closed())
		return SCREEN_KEY_GONE;
	/* In the background, keys are for another program. */
	if (!is_in_foreground())
		return SCREEN_KEY_NONE;
	key = wgetch(screen.keys);
	if (key == ERR)
		return SCREEN_KEY_NONE;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].curses == key)
			return keys[i].key;
	return key > 0 && key < 0x7f ? key : SCREEN_KEY_OTHER;
}

#else

bool screen_is_built(void)
{
	return false;
}

int screen_open(struct screen_error *error)
{
	error->text[0] = '\0';
	return -EOPNOTSUPP;
}

void screen_close(void)
{
}

void screen_size(size_t *ret_width, size_t *ret_height)
{
	*ret_width = *ret_height = 1;
}

void screen_show(const struct picture *picture)
{
	(void)picture;
}

void screen_redraw(void)
{
}

int screen_key(void)
{
	return SCREEN_KEY_GONE;
}

bool screen_is_stopped(void)
{
	return false;
}

#endif
