/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "peer.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "require.h"

#define FOLDER           "/usr/sbin/"
#define PATIENCE_SECONDS 30

/* The first line of a peer that traces. */
static const char *const ready_words[] = {"SKADDR", "Tracing TCP RTT", NULL};

/* It writes whole lines at once to a terminal only. */
static int open_terminal(char *ret_name, size_t size)
{
	int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (terminal < 0 || grantpt(terminal) || unlockpt(terminal) || ptsname_r(terminal, ret_name, size)) {
		if (terminal >= 0)
			close(terminal);
		return -1;
	}
	return terminal;
}

static const char *path_of(const struct peer *peer)
{
	static char path[64];

	snprintf(path, sizeof(path), FOLDER "%s", peer->name);
	return path;
}

/* Until the peer has closed its side. Keeps nothing else of the test's open: a listener would go on. */
static _Noreturn void copy_terminal(int terminal, int output)
{
	char buffer[65536];
	ssize_t got;

	dup2(terminal, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	close_range(STDERR_FILENO + 1, ~0U, 0);
	while ((got = read(STDIN_FILENO, buffer, sizeof(buffer))) > 0)
		if (write(STDOUT_FILENO, buffer, (size_t)got) != got)
			_exit(1);
	_exit(0);
}

/* NULL, or why it cannot run here. */
static const char *wait_until_ready(struct peer *peer)
{
	static char why[1200];
	const char *text;

	if (process_await(&peer->process, peer->output, ready_words, PATIENCE_SECONDS))
		return NULL;
	require(!peer->process.pid && process_wait(&peer->reader, PATIENCE_SECONDS), "%s does not trace",
		path_of(peer));
	text = process_said(peer->output);
	snprintf(why, sizeof(why), "%s cannot run here: %.*s", path_of(peer), (int)strcspn(text, "\n"), text);
	peer_drop(peer);
	return why;
}

const char *peer_start(struct peer *peer, const char *name, const char *const *args)
{
	static char why[128];
	const char *argv[PEER_MAX_ARGS + 2] = {NULL};
	struct termios raw;
	char terminal[64];
	int ours, its;

	*peer = (struct peer){.name = name, .output = -1};
	snprintf(why, sizeof(why), "%s (package libbpf-tools) is not there", path_of(peer));
	if (access(path_of(peer), X_OK))
		return why;
	ours = open_terminal(terminal, sizeof(terminal));
	if (ours < 0)
		return "no pseudo-terminal (devpts)";
	its = open(terminal, O_RDWR | O_NOCTTY | O_CLOEXEC);
	require(its >= 0 && !tcgetattr(its, &raw), "cannot open %s", terminal);
	cfmakeraw(&raw);
	tcsetattr(its, TCSANOW, &raw);
	argv[0] = path_of(peer);
	for (size_t i = 0; i < PEER_MAX_ARGS && args[i]; i++)
		argv[i + 1] = args[i];
	peer->output = process_file("peer");
	process_start(&peer->process, argv, -1, its, its);
	close(its);
	if (process_fork(&peer->reader))
		copy_terminal(ours, peer->output);
	close(ours);
	return wait_until_ready(peer);
}

/* SKADDR PID COMM IP LADDR LPORT RADDR RPORT OLDSTATE -> NEWSTATE MS, where COMM may hold anything: from the right. */
static bool parse_row(char *line, struct peer_row *row)
{
	enum {
		LADDR = 1,
		LPORT,
		RADDR,
		RPORT,
		OLDSTATE,
		ARROW,
		NEWSTATE,
		MS,
		WORDS
	};
	char *words[WORDS];
	char *end;

	memset(row, 0, sizeof(*row));
	row->change.skaddr = strtoull(line, &end, 16);
	for (size_t i = WORDS; i-- > 0;) {
		char *word;

		line[strcspn(line, "\r\n")] = '\0';
		for (size_t length = strlen(line); length && line[length - 1] == ' ';)
			line[--length] = '\0';
		word = strrchr(line, ' ');
		if (!word)
			return false;
		*word = '\0';
		words[i] = word + 1;
	}
	row->change.tuple.ip_version = (uint8_t)atoi(words[0]);
	row->change.tuple.lport = (uint16_t)atoi(words[LPORT]);
	row->change.tuple.rport = (uint16_t)atoi(words[RPORT]);
	row->change.oldstate = state_number(words[OLDSTATE]);
	row->change.newstate = state_number(words[NEWSTATE]);
	row->duration_ms = strtod(words[MS], NULL);
	inet_pton(strchr(words[LADDR], ':') ? AF_INET6 : AF_INET, words[LADDR], row->change.tuple.laddr);
	inet_pton(strchr(words[RADDR], ':') ? AF_INET6 : AF_INET, words[RADDR], row->change.tuple.raddr);
	return row->change.oldstate && row->change.newstate && !strcmp(words[ARROW], "->");
}

void peer_read_rows(const struct peer *peer, struct peer_rows *ret_rows)
{
	struct peer_rows rows = {0};
	size_t capacity = 0, size = 0;
	unsigned long long line = 0;
	char *text = NULL;
	FILE *file;

	require(!lseek(peer->output, 0, SEEK_SET), "cannot read the peer's rows");
	file = fdopen(dup(peer->output), "r");
	require(file, "cannot read the peer's rows");
	while (getline(&text, &size, file) > 0) {
		line++;
		if (rows.count == capacity) {
			capacity = capacity ? 2 * capacity : 256;
			rows.items = reallocate(rows.items, capacity * sizeof(*rows.items));
		}
		if (strncmp(text, "SKADDR", 6) && parse_row(text, &rows.items[rows.count]))
			rows.items[rows.count++].line = line;
	}
	free(text);
	fclose(file);
	*ret_rows = rows;
}

void peer_stop(struct peer *peer)
{
	kill(peer->process.pid, SIGINT);
	require(process_wait(&peer->process, PATIENCE_SECONDS), "%s does not end", path_of(peer));
	require(process_wait(&peer->reader, PATIENCE_SECONDS), "the terminal's reader does not end");
}

void peer_drop(struct peer *peer)
{
	process_kill(&peer->process);
	process_kill(&peer->reader);
	if (peer->output > 0)
		close(peer->output);
	peer->output = -1;
}
