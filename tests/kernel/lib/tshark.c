/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tshark.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "require.h"

#define PATIENCE_SECONDS 60
/* libpcap hands packets on after a quarter of a second. */
#define LAST_PACKETS_MS 1000

/* Fails the test if it does not end well. */
static void wait_for_end(struct tshark *tshark, const char *name)
{
	require(process_wait(&tshark->process, PATIENCE_SECONDS), "%s does not end: %s", name,
		process_said(tshark->said));
	require(!tshark->process.status, "%s says: %s", name, process_said(tshark->said));
}

const char *tshark_start(struct tshark *tshark, const struct wire *wire, enum wire_end end)
{
	static const char *const argv[] = {"dumpcap", "-q", "-i", WIRE_DEVICE, "-f", "tcp", "-w", "-", NULL};

	tshark->capture = process_file("capture");
	tshark->said = process_file("dumpcap");
	wire_enter(wire, end);
	process_start(&tshark->process, argv, -1, tshark->capture, tshark->said);
	wire_leave(wire);
	/* It writes the file's header when it has begun. */
	if (process_await(&tshark->process, tshark->capture, NULL, PATIENCE_SECONDS))
		return NULL;
	/* A program without one of its libraries ends with 127, too. */
	require(!strncmp(process_said(tshark->said), PROCESS_CANNOT_RUN, strlen(PROCESS_CANNOT_RUN)),
		"dumpcap does not begin: %s", process_said(tshark->said));
	return "there is no dumpcap (package tshark)";
}

/* A line of three fields; a flag is 1 or, since 4.2, True. */
static void read_line(const char *line, tshark_fn *each, void *context)
{
	struct tshark_rtt rtt;
	double seconds;
	char flag[8];

	require(sscanf(line, "%" SCNu16 " %7s %lf", &rtt.port, flag, &seconds) == 3, "tshark says: %s", line);
	rtt.of_syn = flag[0] == '1' || flag[0] == 'T';
	rtt.us = (uint64_t)(seconds * 1e6 + 0.5);
	each(&rtt, context);
}

static void end_capture(struct tshark *tshark)
{
	sleep_ms(LAST_PACKETS_MS);
	kill(tshark->process.pid, SIGTERM);
	wait_for_end(tshark, "dumpcap");
	/* "Packets received/dropped on interface 'wire': 100/0 (pcap:0/dumpcap:0/...)" */
	require(strstr(process_said(tshark->said), "/0 (pcap:0/dumpcap:0/"), "dumpcap says: %s",
		process_said(tshark->said));
}

void tshark_read(struct tshark *tshark, enum wire_end end, tshark_fn *each, void *context)
{
	const char *argv[] = {"tshark", "-n",
			      "-r",     "-",
			      "-Y",     NULL,
			      "-T",     "fields",
			      "-e",     "tcp.srcport",
			      "-e",     "tcp.flags.syn",
			      "-e",     "tcp.analysis.ack_rtt",
			      NULL};
	struct sockaddr_in address = wire_address(end, 0);
	int output = process_file("tshark");
	char filter[80], line[128];
	FILE *lines;

	end_capture(tshark);
	lseek(tshark->capture, 0, SEEK_SET);
	snprintf(filter, sizeof(filter), "tcp.analysis.ack_rtt && ip.dst == %s", inet_ntoa(address.sin_addr));
	argv[5] = filter;
	process_start(&tshark->process, argv, tshark->capture, output, tshark->said);
	wait_for_end(tshark, "tshark");
	lseek(output, 0, SEEK_SET);
	lines = fdopen(output, "r");
	while (fgets(line, sizeof(line), lines))
		read_line(line, each, context);
	fclose(lines);
}

void tshark_drop(struct tshark *tshark)
{
	process_kill(&tshark->process);
	if (tshark->capture >= 0)
		close(tshark->capture);
	if (tshark->said >= 0)
		close(tshark->said);
	*tshark = (struct tshark)TSHARK_NONE;
}
