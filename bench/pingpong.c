/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A bounded load: requests and responses over established TCP connections on loopback, to a server in a child process.
 * At the end, pingpong prints one line of JSON: exchanges, bytes, seconds, and the CPU time of both processes.
 */
#include "lib/cpu_time.h"
#include "lib/exchange.h"
#include "lib/option.h"
#include "lib/threads.h"
#include "os/clock.h"
#include "os/message.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_CONNECTIONS 10000
#define MAX_ADDRESSES   65000

/* Connections that may wait for accept(): beyond that, a SYN is dropped and comes again a second later. */
#define BACKLOG 4096

/* Addresses 127.2.0.1 and up. Both ends of a connection have the same one: as many groups as addresses at either. */
#define NETWORK 0x7f020000u

struct options {
	enum exchange_kind kind;
	unsigned long bytes; /* of a large request */
	unsigned long exchanges;
	unsigned long connections;
	unsigned long addresses;
	unsigned long threads;
	unsigned long seconds;
	unsigned long port;
};

struct load {
	const struct options *options;
	unsigned long rounds;     /* exchanges of each connection */
	int fds[MAX_CONNECTIONS]; /* the server has them in the order in which they were made, too */
	atomic_ulong tickets;     /* of threads that began, each process counts its own */
	atomic_bool failed;
};

static void usage(FILE *out)
{
	fputs("Usage: pingpong --exchanges N [--kind pingpong|bulk|mixed] [--bytes B] [--connections M]\n"
	      "                [--addresses K] [--threads T] [--port P] [--deadline SECONDS]\n"
	      "\n"
	      "Sends requests that are answered by one byte, N times over M TCP connections on loopback, and prints\n"
	      "one line of JSON.\n"
	      "\n"
	      "  --exchanges N       how many, 1 to 1000000000, rounded up to a multiple of M\n"
	      "  --kind pingpong     requests of one byte (default)\n"
	      "  --kind bulk         requests of B bytes\n"
	      "  --kind mixed        one in four of B bytes, the others of one\n"
	      "  --bytes B           1 to 1048576 (default: 65536)\n"
	      "  --connections M     1 to 10000 (default: 64)\n"
	      "  --addresses K       distinct addresses of 127.2.0.0/16, 1 to 65000 (default: 16)\n"
	      "  --threads T         clients, and as many servers, that share the connections (default: 1)\n"
	      "  --port P            the server's port (default: any free one)\n"
	      "  --deadline SECONDS  give up after that time (default: 300)\n",
	      out);
}

static void fail(const char *what)
{
	message("%s: %s", what, strerror(errno));
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

static size_t request_bytes(const struct load *load, unsigned long connection, unsigned long round)
{
	return exchange_request(load->options->kind, connection, round, load->options->bytes);
}

/* One that fails ends the load. */
static void check(struct load *load, int r)
{
	if (r >= 0)
		return;
	message("talking: %s", strerror(-r));
	load->failed = true;
}

/* Every T-th connection is this thread's. */
static void *request_share(void *arg)
{
	struct load *load = arg;
	unsigned long first = atomic_fetch_add(&load->tickets, 1), step = load->options->threads;
	unsigned long end = load->options->connections;

	for (unsigned long round = 0; round < load->rounds && !load->failed; round++) {
		for (unsigned long i = first; i < end && !load->failed; i += step)
			check(load, exchange_send(load->fds[i], request_bytes(load, i, round)));
		for (unsigned long i = first; i < end && !load->failed; i += step)
			check(load, exchange_receive(load->fds[i], 1));
	}
	return NULL;
}

static int respond(const struct load *load, unsigned long connection, unsigned long round)
{
	int fd = load->fds[connection], r = exchange_receive(fd, request_bytes(load, connection, round));

	return r < 0 ? r : exchange_send(fd, 1);
}

static void *respond_share(void *arg)
{
	struct load *load = arg;
	unsigned long first = atomic_fetch_add(&load->tickets, 1), step = load->options->threads;
	unsigned long end = load->options->connections;

	for (unsigned long round = 0; round < load->rounds && !load->failed; round++)
		for (unsigned long i = first; i < end && !load->failed; i += step)
			check(load, respond(load, i, round));
	return NULL;
}

static int run_shares(struct load *load, void *(*share)(void *))
{
	check(load, threads_run(load->options->threads, share, load));
	return load->failed ? -1 : 0;
}

/* ---- a run ---- */

/* In both directions. */
static unsigned long long payload(const struct load *load)
{
	unsigned long long bytes = 0;

	for (unsigned long round = 0; round < load->rounds; round++)
		for (unsigned long i = 0; i < load->options->connections; i++)
			bytes += request_bytes(load, i, round) + 1;
	return bytes;
}

static void report(const struct load *load, uint16_t port, double seconds)
{
	const struct options *options = load->options;
	unsigned long exchanges = load->rounds * options->connections;
	struct cpu_time cpu = cpu_time_read();

	printf("{\"kind\":\"%s\",\"exchanges\":%lu,\"connections\":%lu,\"addresses\":%lu,\"threads\":%lu,\"port\":%d,"
	       "\"seconds\":%.6f,\"exchanges_per_s\":%.0f,\"payload_bytes\":%llu,\"cpu_user_s\":%.6f,\"cpu_system_s\":%"
	       ".6f}\n",
	       exchange_names[options->kind], exchanges, options->connections, options->addresses, options->threads,
	       port, seconds, exchanges / seconds, payload(load), cpu.user_s, cpu.system_s);
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
	uint64_t start_ns;
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
	start_ns = clock_monotonic_ns();
	if (r < 0 || run_shares(&load, request_share) < 0)
		kill(child, SIGTERM);
	if (waitpid(child, &status, 0) < 0 || status != 0 || r < 0 || load.failed)
		return -1;
	report(&load, port, (double)(clock_monotonic_ns() - start_ns) / 1e9);
	return 0;
}

/* ---- command line ---- */

static int parse_kind(const char *word, enum exchange_kind *ret)
{
	size_t index = 0;

	if (option_choice("kind", word, exchange_names, EXCHANGE_KINDS, &index) < 0)
		return -1;
	*ret = index;
	return 0;
}

static int parse_option(int option, const char *word, struct options *options)
{
	switch (option) {
	case 'n':
		return option_number("exchanges", word, 1, 1000000000, &options->exchanges);
	case 'k':
		return parse_kind(word, &options->kind);
	case 'b':
		return option_number("bytes", word, 1, EXCHANGE_MAX_BYTES, &options->bytes);
	case 'c':
		return option_number("connections", word, 1, MAX_CONNECTIONS, &options->connections);
	case 'a':
		return option_number("addresses", word, 1, MAX_ADDRESSES, &options->addresses);
	case 't':
		return option_number("threads", word, 1, THREADS_MAX, &options->threads);
	case 'p':
		return option_number("port", word, 1, 65535, &options->port);
	case 'd':
		return option_number("deadline", word, 1, 3600, &options->seconds);
	case 'h':
		usage(stdout);
		exit(EXIT_SUCCESS);
	default:
		return -1;
	}
}

static int parse_options(int argc, char **argv, struct options *options)
{
	static const struct option names[] = {
		{"exchanges", required_argument, NULL, 'n'},
		{"kind", required_argument, NULL, 'k'},
		{"bytes", required_argument, NULL, 'b'},
		{"connections", required_argument, NULL, 'c'},
		{"addresses", required_argument, NULL, 'a'},
		{"threads", required_argument, NULL, 't'},
		{"port", required_argument, NULL, 'p'},
		{"deadline", required_argument, NULL, 'd'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int c, r = 0;

	while (r == 0 && (c = getopt_long(argc, argv, "h", names, NULL)) != -1)
		r = parse_option(c, optarg, options);
	if (r == 0 && (optind < argc || options->exchanges == 0)) {
		usage(stderr);
		r = -1;
	}
	return r;
}

int main(int argc, char **argv)
{
	struct options options = {
		.bytes = 65536,
		.connections = 64,
		.addresses = 16,
		.threads = 1,
		.seconds = 300,
	};

	if (parse_options(argc, argv, &options) < 0)
		return 2;
	return pingpong(&options) < 0 || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
