/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A bounded crowd: idle established TCP sockets over loopback. One process holds both ends of a connection. The limit
 * on descriptors decides the number of processes.
 *
 * When all sockets are open, hold prints one line of JSON. The sockets stay open until SIGINT or SIGTERM, until its
 * parent ends, or until the deadline, which is a failure.
 */
#include "lib/option.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_PROCESSES 1000

/* Of a process's descriptors, those that are not connections' ends. */
#define OTHER_DESCRIPTORS 32

/* All connections of a process are from one address to one port: not so many as there are ports to come from. */
#define MAX_CONNECTIONS_EACH 20000

struct options {
	unsigned long sockets;
	unsigned long seconds;
};

struct crowd {
	unsigned long connections;
	unsigned long processes;
	int ready[2]; /* a byte from each process whose connections are open */
	int held[2];  /* ends when they may close */
};

static void usage(FILE *out)
{
	fputs("Usage: hold --sockets N [--deadline SECONDS]\n"
	      "\n"
	      "Holds N established TCP sockets open on loopback until SIGINT or SIGTERM. When they are, it prints one "
	      "line\n"
	      "of JSON.\n"
	      "\n"
	      "  --sockets N         how many, 2 to 2000000, an even number: both ends of each connection count\n"
	      "  --deadline SECONDS  give up after that time (default: 300)\n",
	      out);
}

static void fail(const char *what)
{
	fprintf(stderr, "hold: %s: %s\n", what, strerror(errno));
}

/* ---- one process's connections ---- */

static int open_listener(struct sockaddr_in *ret)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 16) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &length) < 0) {
		close(fd);
		return -1;
	}
	*ret = address;
	return fd;
}

/* Its two descriptors are left open. The client's, which is the first to be closed at exit, resets the connection then:
 * nothing stays in TIME_WAIT. */
static int open_connection(int listener, const struct sockaddr_in *server)
{
	const struct linger abort_now = {.l_onoff = 1};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort_now, sizeof(abort_now)) < 0 ||
	    connect(fd, (const struct sockaddr *)server, sizeof(*server)) < 0)
		return -1;
	return accept4(listener, NULL, NULL, SOCK_CLOEXEC) < 0 ? -1 : 0;
}

static int open_connections(unsigned long count)
{
	struct sockaddr_in server;
	int listener = open_listener(&server);

	if (listener < 0) {
		fail("listening");
		return -1;
	}
	for (unsigned long i = 0; i < count; i++) {
		if (open_connection(listener, &server) < 0) {
			fail("connecting");
			return -1;
		}
	}
	close(listener);
	return 0;
}

static int hold_share(const struct crowd *crowd, unsigned long count)
{
	char byte = 0;

	close(crowd->held[1]);
	if (open_connections(count) < 0 || write(crowd->ready[1], &byte, 1) != 1)
		return -1;
	close(crowd->ready[1]);
	return read(crowd->held[0], &byte, 1) == 0 ? 0 : -1;
}

/* ---- all of them ---- */

/* Of the rest, the same for each process that is left. */
static int start_processes(const struct crowd *crowd)
{
	unsigned long left = crowd->connections;

	for (unsigned long i = 0; i < crowd->processes; i++) {
		unsigned long share = left / (crowd->processes - i);
		pid_t child = fork();

		if (child < 0) {
			fail("fork");
			return -1;
		}
		if (child == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			_exit(hold_share(crowd, share) < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
		}
		left -= share;
	}
	return 0;
}

static int wait_until_open(const struct crowd *crowd)
{
	char byte;

	for (unsigned long i = 0; i < crowd->processes; i++)
		if (read(crowd->ready[0], &byte, 1) != 1)
			return -1;
	return 0;
}

static double monotonic_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* As many descriptors as allowed. Returns how many connections a process can have. */
static unsigned long raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return 1;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < OTHER_DESCRIPTORS + 2)
		return 1;
	limit.rlim_cur = (limit.rlim_cur - OTHER_DESCRIPTORS) / 2;
	return limit.rlim_cur < MAX_CONNECTIONS_EACH ? limit.rlim_cur : MAX_CONNECTIONS_EACH;
}

static void report(const struct crowd *crowd, double seconds)
{
	printf("{\"sockets\":%lu,\"processes\":%lu,\"seconds\":%.6f}\n", crowd->connections * 2, crowd->processes,
	       seconds);
	fflush(stdout);
}

/* `signals` are blocked, in the processes that hold connections, too: these end with the pipe. */
static int hold(const struct options *options, const sigset_t *signals)
{
	double start = monotonic_seconds();
	unsigned long each = raise_limit();
	struct crowd crowd = {.connections = options->sockets / 2};
	int r, signal, status;

	crowd.processes = (crowd.connections + each - 1) / each;
	if (crowd.processes > MAX_PROCESSES) {
		fprintf(stderr, "hold: would take %lu processes: raise the limit on descriptors (ulimit -Hn)\n",
			crowd.processes);
		return -1;
	}
	if (pipe(crowd.ready) < 0 || pipe(crowd.held) < 0) {
		fail("pipe");
		return -1;
	}
	alarm(options->seconds);
	r = start_processes(&crowd);
	close(crowd.ready[1]); /* a process that fails ends the reading */
	close(crowd.held[0]);
	if (r == 0 && (r = wait_until_open(&crowd)) == 0) {
		report(&crowd, monotonic_seconds() - start);
		sigwait(signals, &signal);
	}
	close(crowd.held[1]);
	while (wait(&status) > 0)
		if (status != 0)
			r = -1;
	return r;
}

/* ---- command line ---- */

static int parse_options(int argc, char **argv, struct options *options)
{
	static const struct option names[] = {
		{"sockets", required_argument, NULL, 'n'},
		{"deadline", required_argument, NULL, 'd'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int c, r = 0;

	while (r == 0 && (c = getopt_long(argc, argv, "h", names, NULL)) != -1) {
		switch (c) {
		case 'n':
			r = option_number("--sockets", optarg, 2, 2000000, &options->sockets);
			break;
		case 'd':
			r = option_number("--deadline", optarg, 1, 3600, &options->seconds);
			break;
		case 'h':
			usage(stdout);
			exit(EXIT_SUCCESS);
		default:
			r = -1;
		}
	}
	if (r == 0 && options->sockets % 2) {
		fprintf(stderr, "hold: %lu: both ends of a connection are held, so an even number\n", options->sockets);
		return -1;
	}
	if (r == 0 && (optind < argc || options->sockets == 0)) {
		usage(stderr);
		r = -1;
	}
	return r;
}

int main(int argc, char **argv)
{
	struct options options = {.seconds = 300};
	sigset_t signals;

	if (parse_options(argc, argv, &options) < 0)
		return 2;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	return hold(&options, &signals) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
