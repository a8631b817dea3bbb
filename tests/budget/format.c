/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * format ROUNDS [OPTION OF tcpstates]...    prints the records of records.h ROUNDS times, as tcpstates does
 * format                                    prints the compiler, the glibc version and the architecture
 *
 * For callgrind: two runs with different ROUNDS differ only in the rows that one of them does not print. The output
 * goes to a file, whose writer never has to wait.
 */
#include "core/parse.h"
#include "os/resolver.h"
#include "output/sink.h"
#include "tcpstates/options.h"
#include "tcpstates/print.h"

#include <gnu/libc-version.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "records.h"

#define ROUNDS_MAX 1000000

#ifdef __clang__
#define COMPILER __VERSION__
#else
#define COMPILER "gcc " __VERSION__
#endif

/* Transitions, or the connections whose ends are among them. */
struct stream {
	struct connection records[RECORDS]; /* a connection begins with a transition */
	size_t count;
	size_t record_size;
};

static int say_compiler(void)
{
	struct utsname name;

	return uname(&name) || printf("%s, glibc %s, %s\n", COMPILER, gnu_get_libc_version(), name.machine) < 0;
}

static void make_stream(bool connections, struct stream *ret)
{
	*ret = (struct stream){.record_size = connections ? sizeof(struct connection) : sizeof(struct transition)};
	for (size_t i = 0; i < RECORDS; i++) {
		struct transition event = record_transition(i);

		if (!connections || event.newstate == STATE_CLOSE)
			ret->records[ret->count++] = record_connection(&event);
	}
}

static int print_round(struct stream *stream, struct printer *printer)
{
	for (size_t i = 0; i < stream->count; i++) {
		struct connection *record = &stream->records[i];

		if (print_record(printer, record, stream->record_size))
			return -1;
		/* for the next round */
		record->end.time_ns += RECORDS * STEP_NS;
		record->life.start_ns += RECORDS * STEP_NS;
	}
	return 0;
}

static int print_rounds(uint64_t rounds, struct stream *stream, struct printer *printer)
{
	for (uint64_t i = 0; i < rounds; i++) {
		if (print_round(stream, printer))
			return -1;
	}
	return sink_flush(printer->sink) || printer->sink->rows != rounds * stream->count ? -1 : 0;
}

static int print_to_stdout(const struct tcpstates_options *options, uint64_t rounds)
{
	static struct stream stream;
	struct resolver_error errors[RESOLVER_ERRORS];
	struct resolver resolver;
	struct sink sink;
	struct printer printer = {
		.options = options,
		.sink = &sink,
		.resolver = &resolver,
		.journal_fd = -1,
		.base = {.clocks.newest = {.realtime_offset_ns = 1795350709000000000, .utc_offset_s = 5400}}};
	int error;

	if (sink_open(STDOUT_FILENO, &sink))
		return -1;
	resolver_open(options->app.names, 0, &resolver, errors);
	make_stream(options->connections, &stream);
	error = print_rounds(rounds, &stream, &printer);
	resolver_close(&resolver);
	sink_close(&sink);
	return error;
}

int main(int argc, char **argv)
{
	static struct tcpstates_options options;
	struct parse_error error;
	uint64_t rounds;

	if (argc < 2)
		return say_compiler();
	if (parse_u64("rounds", argv[1], strlen(argv[1]), 1, ROUNDS_MAX, &rounds, &error)) {
		fprintf(stderr, "format: %s\n", error.text);
		return 2;
	}
	tcpstates_options_parse(argc - 1, argv + 1, &options);
	if (print_to_stdout(&options, rounds)) {
		fputs("format: not every record became a row\n", stderr);
		return 1;
	}
	return 0;
}
