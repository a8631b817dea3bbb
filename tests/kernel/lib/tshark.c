/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tshark.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "require.h"

#define PATIENCE_SECONDS 60
/* libpcap hands packets on after a quarter of a second. */
#define LAST_PACKETS_MS 1000

static int file_without_name(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	require(fd >= 0, "no file");
	return fd;
}

/* With that input and output; its messages go to `errors`. */
static pid_t spawn(const char *const *argv, int input, int output, int errors)
{
	pid_t pid = fork();

	require(pid >= 0, "cannot fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(input, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	dup2(errors, STDERR_FILENO);
	execvp(argv[0], (char **)argv);
	_exit(127);
}

/* In a static buffer. */
static const char *text_of(int fd)
{
	static char text[4096];
	ssize_t length = pread(fd, text, sizeof(text) - 1, 0);

	text[length > 0 ? length : 0] = '\0';
	return text;
}

/* Fails the test if it does not end well. */
static void wait_for_end(struct tshark *tshark, const char *name)
{
	uint64_t deadline = now_ns() + PATIENCE_SECONDS * NS_PER_SEC;
	int status = 0;

	while (!waitpid(tshark->pid, &status, WNOHANG)) {
		require(now_ns() < deadline, "%s does not end: %s", name, text_of(tshark->said));
		sleep_ms(5);
	}
	tshark->pid = 0;
	require(!status, "%s says: %s", name, text_of(tshark->said));
}

const char *tshark_start(struct tshark *tshark, const struct wire *wire, enum wire_end end)
{
	static const char *const argv[] = {"dumpcap", "-q", "-i", WIRE_DEVICE, "-f", "tcp", "-w", "-", NULL};
	uint64_t deadline = now_ns() + PATIENCE_SECONDS * NS_PER_SEC;
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	int status;

	tshark->capture = file_without_name("capture");
	tshark->said = file_without_name("dumpcap");
	wire_enter(wire, end);
	tshark->pid = spawn(argv, nothing, tshark->capture, tshark->said);
	wire_leave(wire);
	close(nothing);
	/* It writes the file's header when it has begun. */
	while (!lseek(tshark->capture, 0, SEEK_END)) {
		if (waitpid(tshark->pid, &status, WNOHANG) == tshark->pid) {
			tshark->pid = 0;
			/* A program without one of its libraries ends with 127, too, but not without a word. */
			require(WIFEXITED(status) && WEXITSTATUS(status) == 127 && !*text_of(tshark->said),
				"dumpcap says: %s", text_of(tshark->said));
			return "there is no dumpcap (package tshark)";
		}
		require(now_ns() < deadline, "dumpcap does not begin: %s", text_of(tshark->said));
		sleep_ms(5);
	}
	return NULL;
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
	kill(tshark->pid, SIGTERM);
	wait_for_end(tshark, "dumpcap");
	/* "Packets received/dropped on interface 'wire': 100/0 (pcap:0/dumpcap:0/...)" */
	require(strstr(text_of(tshark->said), "/0 (pcap:0/dumpcap:0/"), "dumpcap says: %s", text_of(tshark->said));
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
	int output = file_without_name("tshark");
	char filter[80], line[128];
	FILE *lines;

	end_capture(tshark);
	lseek(tshark->capture, 0, SEEK_SET);
	snprintf(filter, sizeof(filter), "tcp.analysis.ack_rtt && ip.dst == %s", inet_ntoa(address.sin_addr));
	argv[5] = filter;
	tshark->pid = spawn(argv, tshark->capture, output, tshark->said);
	wait_for_end(tshark, "tshark");
	lseek(output, 0, SEEK_SET);
	lines = fdopen(output, "r");
	while (fgets(line, sizeof(line), lines))
		read_line(line, each, context);
	fclose(lines);
}

void tshark_drop(struct tshark *tshark)
{
	if (tshark->pid) {
		kill(tshark->pid, SIGKILL);
		waitpid(tshark->pid, NULL, 0);
	}
	if (tshark->capture >= 0)
		close(tshark->capture);
	if (tshark->said >= 0)
		close(tshark->said);
	*tshark = (struct tshark)TSHARK_NONE;
}
