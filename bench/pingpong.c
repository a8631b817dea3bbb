/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A bounded load: requests and responses of one byte over established TCP connections on loopback, to a server in a
 * child process. At its end it prints one line of JSON: how many, how long and the CPU time of both processes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_THREADS     64
#define MAX_CONNECTIONS 10000
#define MAX_ADDRESSES   65000

/* What waits to be accepted: beyond that, a SYN is dropped and comes again a second later. */
#define BACKLOG 4096

/* Addresses 127.2.0.1 and up. Both ends of a connection have the same one: as many groups as addresses at either. */
#define NETWORK 0x7f020000u

struct options {
	unsigned long exchanges;
	unsigned long connections;
	unsigned long addresses;
	unsigned long threads;
	unsigned long seconds;
	unsigned long port;
};

struct load {
	const struct options *options;
	unsigned long rounds; /* exchanges of each connection */
	int fds[MAX_CONNECTIONS];
	atomic_ulong tickets; /* of threads that began, each process counts its own */
	atomic_bool failed;
};

static void usage(FILE *out)
{
	fputs("Usage: pingpong --exchanges N [--connections M] [--addresses K] [--threads T] [--port P]\n"
	      "                [--deadline SECONDS]\n"
	      "\n"
	      "Sends a byte there and back, N times over M TCP connections on loopback, and prints one line of JSON.\n"
	      "\n"
	      "  --exchanges N       how many, 1 to 1000000000, rounded up to a multiple of M\n"
	      "  --connections M     1 to 10000 (default: 64)\n"
	      "  --addresses K       distinct addresses of 127.2.0.0/16, 1 to 65000 (default: 16)\n"
	      "  --threads T         clients, and as many servers, that share the connections (default: 1)\n"
	      "  --port P            the server's port (default: any free one)\n"
	      "  --deadline SECONDS  give up after that time (default: 300)\n",
	      out);
}

static void fail(const char *what)
{
	fprintf(stderr, "pingpong: %s: %s\n", what, strerror(errno));
}

/* ---- connecting ---- */

/* The address of a connection's ends. */
static struct sockaddr_in address_of(const struct load *load, unsigned long connection, uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(NETWORK + 1 + (uint32_t)(connection % load->options->addresses)),
		.sin_port = htons(port),
	};
}

/* Each byte goes out at once. */
static int set_prompt(int fd)
{
	const int one = 1;

	return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static int open_listener(const struct load *load, uint16_t *ret_port)
{
	const int one = 1;
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(load->options->port)};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, BACKLOG) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &length) < 0) {
		close(fd);
		return -1;
	}
	*ret_port = ntohs(address.sin_port);
	return fd;
}

static int connect_all(struct load *load, uint16_t port)
{
	const int one = 1;

	for (unsigned long i = 0; i < load->options->connections; i++) {
		struct sockaddr_in from = address_of(load, i, 0), to = address_of(load, i, port);
		int fd = load->fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd < 0 || set_prompt(fd) < 0 ||
		    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one)) < 0 ||
		    bind(fd, (const struct sockaddr *)&from, sizeof(from)) < 0 ||
		    connect(fd, (const struct sockaddr *)&to, sizeof(to)) < 0) {
			fail("connecting");
			return -1;
		}
	}
	return 0;
}

static int accept_all(struct load *load, int listener)
{
	for (unsigned long i = 0; i < load->options->connections; i++) {
		load->fds[i] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (load->fds[i] < 0 || set_prompt(load->fds[i]) < 0) {
			fail("accepting");
			return -1;
		}
	}
	return 0;
}

/* ---- talking ---- */

static int send_byte(int fd)
{
	return send(fd, "x", 1, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

static int receive_byte(int fd)
{
	char byte;
	ssize_t n;

	do {
		n = recv(fd, &byte, 1, 0);
	} while (n < 0 && errno == EINTR);
	if (n == 0)
		errno = ECONNRESET;
	return n == 1 ? 0 : -1;
}

/* Every T-th connection is this thread's. */
static void *request_share(void *arg)
{
	struct load *load = arg;
	unsigned long first = atomic_fetch_add(&load->tickets, 1), step = load->options->threads;
	unsigned long end = load->options->connections;

	for (unsigned long round = 0; round < load->rounds && !load->failed; round++) {
		for (unsigned long i = first; i < end && !load->failed; i += step)
			load->failed = send_byte(load->fds[i]) < 0;
		for (unsigned long i = first; i < end && !load->failed; i += step)
			load->failed = receive_byte(load->fds[i]) < 0;
	}
	return NULL;
}

static void *respond_share(void *arg)
{
	struct load *load = arg;
	unsigned long first = atomic_fetch_add(&load->tickets, 1), step = load->options->threads;
	unsigned long end = load->options->connections;

	for (unsigned long round = 0; round < load->rounds && !load->failed; round++) {
		for (unsigned long i = first; i < end && !load->failed; i += step)
			load->failed = receive_byte(load->fds[i]) < 0 || send_byte(load->fds[i]) < 0;
	}
	return NULL;
}

/* Runs `share` in as many threads as asked for, this one among them. */
static int run_shares(struct load *load, void *(*share)(void *))
{
	pthread_t threads[MAX_THREADS];
	unsigned long started = 0;

	while (started + 1 < load->options->threads) {
		errno = pthread_create(&threads[started], NULL, share, load);
		if (errno) {
			load->failed = true;
			break;
		}
		started++;
	}
	share(load);
	while (started > 0)
		pthread_join(threads[--started], NULL);
	if (load->failed)
		fail("talking");
	return load->failed ? -1 : 0;
}

static double seconds_of(struct timeval t)
{
	return t.tv_sec + t.tv_usec / 1e6;
}

static double monotonic_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static void report(const struct load *load, uint16_t port, double seconds)
{
	unsigned long exchanges = load->rounds * load->options->connections;
	struct rusage client, server;

	getrusage(RUSAGE_SELF, &client);
	getrusage(RUSAGE_CHILDREN, &server);
	printf("{\"exchanges\":%lu,\"connections\":%lu,\"addresses\":%lu,\"threads\":%lu,\"port\":%d,\"seconds\":%.6f,"
	       "\"exchanges_per_s\":%.0f,\"cpu_user_s\":%.6f,\"cpu_system_s\":%.6f}\n",
	       exchanges, load->options->connections, load->options->addresses, load->options->threads, port, seconds,
	       exchanges / seconds, seconds_of(client.ru_utime) + seconds_of(server.ru_utime),
	       seconds_of(client.ru_stime) + seconds_of(server.ru_stime));
}

static int serve(struct load *load, int listener)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	alarm(load->options->seconds);
	return accept_all(load, listener) < 0 ? -1 : run_shares(load, respond_share);
}

static int pingpong(const struct options *options)
{
	static struct load load;
	int listener, r, status = 0;
	uint16_t port;
	double start;
	pid_t child;

	load.options = options;
	load.rounds = (options->exchanges + options->connections - 1) / options->connections;
	listener = open_listener(&load, &port);
	if (listener < 0) {
		fail("listening");
		return -1;
	}
	child = fork();
	if (child < 0) {
		fail("fork");
		return -1;
	}
	if (child == 0)
		_exit(serve(&load, listener) < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
	close(listener);
	alarm(options->seconds);
	r = connect_all(&load, port);
	start = monotonic_seconds();
	if (r < 0 || run_shares(&load, request_share) < 0)
		kill(child, SIGTERM);
	if (waitpid(child, &status, 0) < 0 || status != 0 || r < 0 || load.failed)
		return -1;
	report(&load, port, monotonic_seconds() - start);
	return 0;
}

/* ---- command line ---- */

static int parse_number(const char *text, unsigned long min, unsigned long max, unsigned long *ret)
{
	char *end;
	unsigned long value;

	errno = 0;
	value = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || value < min || value > max) {
		fprintf(stderr, "pingpong: \"%s\": not a number from %lu to %lu\n", text, min, max);
		return -1;
	}
	*ret = value;
	return 0;
}

static int parse_options(int argc, char **argv, struct options *options)
{
	static const struct option names[] = {
		{"exchanges", required_argument, NULL, 'n'},
		{"connections", required_argument, NULL, 'c'},
		{"addresses", required_argument, NULL, 'a'},
		{"threads", required_argument, NULL, 't'},
		{"port", required_argument, NULL, 'p'},
		{"deadline", required_argument, NULL, 'd'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int c, r = 0;

	while (r == 0 && (c = getopt_long(argc, argv, "h", names, NULL)) != -1) {
		switch (c) {
		case 'n':
			r = parse_number(optarg, 1, 1000000000, &options->exchanges);
			break;
		case 'c':
			r = parse_number(optarg, 1, MAX_CONNECTIONS, &options->connections);
			break;
		case 'a':
			r = parse_number(optarg, 1, MAX_ADDRESSES, &options->addresses);
			break;
		case 't':
			r = parse_number(optarg, 1, MAX_THREADS, &options->threads);
			break;
		case 'p':
			r = parse_number(optarg, 1, 65535, &options->port);
			break;
		case 'd':
			r = parse_number(optarg, 1, 3600, &options->seconds);
			break;
		case 'h':
			usage(stdout);
			exit(EXIT_SUCCESS);
		default:
			r = -1;
		}
	}
	if (r == 0 && (optind < argc || options->exchanges == 0)) {
		usage(stderr);
		r = -1;
	}
	return r;
}

int main(int argc, char **argv)
{
	struct options options = {.connections = 64, .addresses = 16, .threads = 1, .seconds = 300};

	if (parse_options(argc, argv, &options) < 0)
		return 2;
	return pingpong(&options) < 0 || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
