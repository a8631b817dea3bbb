/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A bounded load: short TCP connections over loopback, one after the other, to a server in a child process. At the end,
 * churn prints one line of JSON: connections, seconds, CPU time of both processes, and transitions that they caused.
 */
#include "lib/cpu_time.h"
#include "lib/endpoint.h"
#include "lib/option.h"
#include "lib/order.h"
#include "lib/threads.h"
#include "os/clock.h"
#include "os/message.h"

#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

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
	struct endpoint server;
	int listener;
	uint32_t first_host;  /* where this run begins among the client addresses */
	int first_cpu;        /* of the clients */
	atomic_ulong clients; /* that have begun */
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

/* ---- connections ---- */

/* One that fails ends the load. */
static void check(struct load *load, const char *what, int r)
{
	if (r >= 0)
		return;
	message("%s: %s", what, strerror(-r));
	load->failed = true;
}

static int serve_one(const struct load *load)
{
	int fd = accept4(load->listener, NULL, NULL, SOCK_CLOEXEC), r;

	if (fd < 0)
		return -errno;
	r = order_play_server(load->options->order, fd);
	close(fd);
	return r;
}

static int connect_one(const struct load *load, unsigned long number)
{
	int fd = endpoint_connect(&load->server, load->first_host + (uint32_t)number), r;

	if (fd < 0)
		return fd;
	r = order_play_client(load->options->order, fd);
	close(fd);
	return r;
}

static void *serve_share(void *arg)
{
	struct load *load = arg;

	while (!load->failed && atomic_fetch_add(&load->tickets, 1) < load->options->connections)
		check(load, "serving a connection", serve_one(load));
	return NULL;
}

/*
 * On one CPU, whose queue hands all that a client sends to the server in order. When the client moves between its ACK
 * and its FIN, two CPUs may make a socket of the same handshake at once, of which one is closed again: two transitions
 * more.
 */
static void *connect_share(void *arg)
{
	struct load *load = arg;
	unsigned long number;

	check(load, "staying on a CPU", threads_stay(load->first_cpu, atomic_fetch_add(&load->clients, 1)));
	while (!load->failed && (number = atomic_fetch_add(&load->tickets, 1)) < load->options->connections)
		check(load, "a connection", connect_one(load, number));
	return NULL;
}

static int run_shares(struct load *load, void *(*share)(void *))
{
	alarm(load->options->seconds);
	check(load, "starting a thread", threads_run(load->options->threads, share, load));
	return load->failed ? -1 : 0;
}

/* ---- a run ---- */

static void report(const struct load *load, double seconds)
{
	const struct options *options = load->options;
	unsigned long client_transitions = options->connections * order_transitions(options->order);
	struct cpu_time cpu = cpu_time_read();

	printf("{\"connections\":%lu,\"order\":\"%s\",\"family\":%d,\"threads\":%lu,\"port\":%d,\"seconds\":%.6f,"
	       "\"connections_per_s\":%.0f,\"cpu_user_s\":%.6f,\"cpu_system_s\":%.6f,\"client_transitions\":%lu,"
	       "\"transitions\":%lu}\n",
	       options->connections, order_names[options->order], options->family == AF_INET6 ? 6 : 4, options->threads,
	       endpoint_port(&load->server), seconds, options->connections / seconds, cpu.user_s, cpu.system_s,
	       client_transitions, 2 * client_transitions + LISTENER_TRANSITIONS);
}

static int churn(const struct options *options)
{
	struct load load = {
		.options = options,
		.first_host = (uint32_t)getpid() * 977u,
		.first_cpu = sched_getcpu(),
	};
	uint64_t start_ns;
	int status = 0;
	pid_t child;

	load.listener = endpoint_listen(options->family, (uint16_t)options->port, &load.server);
	if (load.listener < 0) {
		message("listening: %s", strerror(-load.listener));
		return -1;
	}
	start_ns = clock_monotonic_ns();
	child = fork();
	if (child < 0) {
		message("fork: %s", strerror(errno));
		return -1;
	}
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		_exit(run_shares(&load, serve_share) < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
	}
	close(load.listener);
	if (run_shares(&load, connect_share) < 0)
		kill(child, SIGTERM);
	if (waitpid(child, &status, 0) < 0 || status != 0 || load.failed)
		return -1;
	report(&load, (double)(clock_monotonic_ns() - start_ns) / 1e9);
	return 0;
}

/* ---- command line ---- */

static int parse_order(const char *word, enum order *ret)
{
	size_t index = ORDERS;

	if (option_choice("order", word, order_names, ORDERS, &index) < 0)
		return -1;
	*ret = index;
	return 0;
}

static int parse_family(const char *word, int *ret)
{
	static const char *const names[] = {"4", "6"};
	size_t index = 0;

	if (option_choice("family", word, names, 2, &index) < 0)
		return -1;
	*ret = index == 1 ? AF_INET6 : AF_INET;
	return 0;
}

static int parse_option(int option, const char *word, struct options *options)
{
	switch (option) {
	case 'n':
		return option_number("connections", word, 1, 10000000, &options->connections);
	case 'p':
		return option_number("port", word, 1, 65535, &options->port);
	case 'o':
		return parse_order(word, &options->order);
	case 'f':
		return parse_family(word, &options->family);
	case 't':
		return option_number("threads", word, 1, THREADS_MAX, &options->threads);
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

	while (r == 0 && (c = getopt_long(argc, argv, "h", names, NULL)) != -1)
		r = parse_option(c, optarg, options);
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
