/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A bounded load: short TCP connections over loopback, one after the other, to a server in a child process. At its end
 * it prints one line of JSON: how many, how long, the CPU time of both processes and how many changes of TCP state it
 * caused.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
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

#define MAX_THREADS 64

/* Client addresses 127.1.0.1 and up: so many that the ports of none run out by connections in TIME_WAIT. */
#define CLIENT_NETWORK 0x7f010000u
#define CLIENT_HOSTS   8192u

enum order {
	ORDER_CLIENT,
	ORDER_SERVER,
	ORDER_RST
};

static const char *const order_names[] = {
	[ORDER_CLIENT] = "client",
	[ORDER_SERVER] = "server",
	[ORDER_RST] = "rst",
};

/*
 * Changes of state per connection, both ends. Orderly: SYN_SENT, ESTABLISHED, FIN_WAIT1, FIN_WAIT2, CLOSE on one side
 * and SYN_RECV, ESTABLISHED, CLOSE_WAIT, LAST_ACK, CLOSE on the other. Reset: SYN_SENT or SYN_RECV, ESTABLISHED, CLOSE
 * on each.
 */
static const unsigned int order_transitions[] = {
	[ORDER_CLIENT] = 10,
	[ORDER_SERVER] = 10,
	[ORDER_RST] = 6,
};

/* The listener's own: CLOSE -> LISTEN -> CLOSE. */
#define LISTENER_TRANSITIONS 2

struct options {
	unsigned long connections;
	unsigned long threads;
	unsigned long seconds;
	unsigned long port;
	enum order order;
	int family;
};

struct load {
	const struct options *options;
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} server;
	socklen_t server_length;
	int listener;
	uint32_t first_host;  /* where this run begins among the client addresses */
	atomic_ulong tickets; /* connections begun, each process counts its own */
	atomic_bool failed;
};

static void usage(FILE *out)
{
	fputs("Usage: churn --connections N [--port P] [--order client|server|rst] [--family 4|6] [--threads T]\n"
	      "             [--deadline SECONDS]\n"
	      "\n"
	      "Opens and closes N TCP connections over loopback and prints one line of JSON.\n"
	      "\n"
	      "  --connections N        how many, 1 to 10000000\n"
	      "  --port P               the server's port (default: any free one)\n"
	      "  --order client|server  that end closes first (default: client)\n"
	      "  --order rst            the client aborts the connection\n"
	      "  --family 4|6           IPv4 from many addresses of 127.1.0.0/16 (default), or IPv6 from ::1,\n"
	      "                         whose ports last for some 25000 connections a minute\n"
	      "  --threads T            clients, and as many servers, at work at once (default: 1)\n"
	      "  --deadline SECONDS     give up after that time (default: 300)\n",
	      out);
}

static void fail(const char *what)
{
	fprintf(stderr, "churn: %s: %s\n", what, strerror(errno));
}

/* ---- the two ends of one connection ---- */

/* Waits for the other end's FIN. */
static int wait_for_end(int fd)
{
	char byte;
	ssize_t n;

	do {
		n = recv(fd, &byte, 1, 0);
	} while (n < 0 && errno == EINTR);
	return n == 0 ? 0 : -1;
}

static int serve_one(const struct load *load)
{
	int fd = accept4(load->listener, NULL, NULL, SOCK_CLOEXEC);
	int r = 0;

	if (fd < 0) {
		fail("accept");
		return -1;
	}
	switch (load->options->order) {
	case ORDER_CLIENT:
		r = wait_for_end(fd);
		break;
	case ORDER_SERVER:
		r = shutdown(fd, SHUT_WR) < 0 || wait_for_end(fd) < 0 ? -1 : 0;
		break;
	case ORDER_RST:
		/* ends with ECONNRESET */
		(void)wait_for_end(fd);
		break;
	}
	if (r < 0)
		fail("serving a connection");
	close(fd);
	return r;
}

/* Without a port of its own until connect(), which then needs only the pair of addresses to be new. */
static int bind_client(const struct load *load, int fd, unsigned long number)
{
	const int one = 1;
	struct sockaddr_in in = {.sin_family = AF_INET};

	if (load->options->family == AF_INET6)
		return 0;
	in.sin_addr.s_addr = htonl(CLIENT_NETWORK + 1 + (load->first_host + number) % CLIENT_HOSTS);
	if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one)) < 0)
		return -1;
	return bind(fd, (const struct sockaddr *)&in, sizeof(in));
}

static int connect_one(const struct load *load, unsigned long number)
{
	const struct linger abort_now = {.l_onoff = 1};
	int fd = socket(load->options->family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r = 0;

	if (fd < 0) {
		fail("socket");
		return -1;
	}
	if (bind_client(load, fd, number) < 0 || connect(fd, &load->server.sa, load->server_length) < 0) {
		fail("connect");
		close(fd);
		return -1;
	}
	switch (load->options->order) {
	case ORDER_CLIENT:
		/* the server's FIN is read too, so that FIN_WAIT2 ends while the socket is still open */
		r = shutdown(fd, SHUT_WR) < 0 || wait_for_end(fd) < 0 ? -1 : 0;
		break;
	case ORDER_SERVER:
		r = wait_for_end(fd);
		break;
	case ORDER_RST:
		r = setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort_now, sizeof(abort_now));
		break;
	}
	if (r < 0)
		fail("a connection");
	close(fd);
	return r;
}

/* ---- many of them ---- */

static void *serve_share(void *arg)
{
	struct load *load = arg;

	while (!load->failed && atomic_fetch_add(&load->tickets, 1) < load->options->connections)
		if (serve_one(load) < 0)
			load->failed = true;
	return NULL;
}

static void *connect_share(void *arg)
{
	struct load *load = arg;
	unsigned long number;

	while (!load->failed && (number = atomic_fetch_add(&load->tickets, 1)) < load->options->connections)
		if (connect_one(load, number) < 0)
			load->failed = true;
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
			fail("pthread_create");
			load->failed = true;
			break;
		}
		started++;
	}
	share(load);
	while (started > 0)
		pthread_join(threads[--started], NULL);
	return load->failed ? -1 : 0;
}

static int open_listener(struct load *load)
{
	const int one = 1;
	const struct options *options = load->options;

	if (options->family == AF_INET6) {
		load->server.in6 = (struct sockaddr_in6){
			.sin6_family = AF_INET6,
			.sin6_port = htons(options->port),
			.sin6_addr = IN6ADDR_LOOPBACK_INIT,
		};
		load->server_length = sizeof(load->server.in6);
	} else {
		load->server.in = (struct sockaddr_in){
			.sin_family = AF_INET,
			.sin_port = htons(options->port),
			.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		};
		load->server_length = sizeof(load->server.in);
	}
	load->listener = socket(options->family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (load->listener < 0)
		return -1;
	if (setsockopt(load->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    bind(load->listener, &load->server.sa, load->server_length) < 0 || listen(load->listener, 1024) < 0)
		return -1;
	return getsockname(load->listener, &load->server.sa, &load->server_length);
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

static void report(const struct load *load, double seconds)
{
	const struct options *options = load->options;
	struct rusage client, server;

	getrusage(RUSAGE_SELF, &client);
	getrusage(RUSAGE_CHILDREN, &server);
	printf("{\"connections\":%lu,\"order\":\"%s\",\"family\":%d,\"threads\":%lu,\"port\":%d,\"seconds\":%.6f,"
	       "\"connections_per_s\":%.0f,\"cpu_user_s\":%.6f,\"cpu_system_s\":%.6f,\"transitions\":%lu}\n",
	       options->connections, order_names[options->order], options->family == AF_INET6 ? 6 : 4, options->threads,
	       ntohs(options->family == AF_INET6 ? load->server.in6.sin6_port : load->server.in.sin_port), seconds,
	       options->connections / seconds, seconds_of(client.ru_utime) + seconds_of(server.ru_utime),
	       seconds_of(client.ru_stime) + seconds_of(server.ru_stime),
	       options->connections * order_transitions[options->order] + LISTENER_TRANSITIONS);
}

static int churn(const struct options *options)
{
	struct load load = {.options = options, .first_host = (uint32_t)getpid() * 977u};
	double start;
	int status = 0;
	pid_t child;

	if (open_listener(&load) < 0) {
		fail("listening");
		return -1;
	}
	start = monotonic_seconds();
	child = fork();
	if (child < 0) {
		fail("fork");
		return -1;
	}
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		alarm(options->seconds);
		_exit(run_shares(&load, serve_share) < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
	}
	close(load.listener);
	alarm(options->seconds);
	if (run_shares(&load, connect_share) < 0)
		kill(child, SIGTERM);
	if (waitpid(child, &status, 0) < 0 || status != 0 || load.failed)
		return -1;
	report(&load, monotonic_seconds() - start);
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
		fprintf(stderr, "churn: \"%s\": not a number from %lu to %lu\n", text, min, max);
		return -1;
	}
	*ret = value;
	return 0;
}

static int parse_order(const char *text, enum order *ret)
{
	for (size_t i = 0; i < sizeof(order_names) / sizeof(order_names[0]); i++) {
		if (strcmp(text, order_names[i]) == 0) {
			*ret = i;
			return 0;
		}
	}
	fprintf(stderr, "churn: \"%s\": not client, server or rst\n", text);
	return -1;
}

static int parse_family(const char *text, int *ret)
{
	unsigned long version;

	if (parse_number(text, 4, 6, &version) < 0)
		return -1;
	if (version == 5) {
		fputs("churn: \"5\": there is no such family\n", stderr);
		return -1;
	}
	*ret = version == 6 ? AF_INET6 : AF_INET;
	return 0;
}

static int parse_options(int argc, char **argv, struct options *options)
{
	static const struct option names[] = {
		{"connections", required_argument, NULL, 'n'},
		{"port", required_argument, NULL, 'p'},
		{"order", required_argument, NULL, 'o'},
		{"family", required_argument, NULL, 'f'},
		{"threads", required_argument, NULL, 't'},
		{"deadline", required_argument, NULL, 'd'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	int c, r = 0;

	while (r == 0 && (c = getopt_long(argc, argv, "h", names, NULL)) != -1) {
		switch (c) {
		case 'n':
			r = parse_number(optarg, 1, 10000000, &options->connections);
			break;
		case 'p':
			r = parse_number(optarg, 1, 65535, &options->port);
			break;
		case 'o':
			r = parse_order(optarg, &options->order);
			break;
		case 'f':
			r = parse_family(optarg, &options->family);
			break;
		case 't':
			r = parse_number(optarg, 1, MAX_THREADS, &options->threads);
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
	if (r == 0 && (optind < argc || options->connections == 0)) {
		usage(stderr);
		r = -1;
	}
	return r;
}

int main(int argc, char **argv)
{
	struct options options = {.threads = 1, .seconds = 300, .order = ORDER_CLIENT, .family = AF_INET};

	if (parse_options(argc, argv, &options) < 0)
		return 2;
	return churn(&options) < 0 || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
