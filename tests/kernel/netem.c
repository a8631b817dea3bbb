/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Known delays: the kernel (sch_netem) delays packets between two network namespaces. The results of tcprtt and
 * tcpstates must be that delay. Both must also agree with the kernel (TCP_INFO, which `ss -ti` prints) and with tshark
 * about the same connections.
 *
 * Tolerances:
 * - The lower limit is strict: netem sends no packet too early. A result may be below the limit by the histogram's
 *   rounding, which is 1/32 of a quantile and 1/16 of a slot's bound. The kernel cuts off up to a microsecond more.
 * - The upper limit, for medians, is the greatest delay and SLACK_US for everything else: two stacks, scheduling of two
 *   processes, a busy machine. In emulated guests, that was 0.3 to 5 ms. If the test itself waited longer, its time is
 *   the limit.
 * - Handshakes are single values. Each lies between the captured time and the time that the test waited for it.
 * - Two observers of the same round trips may differ by TOLERANCE, or by TOLERANCE_US if that is more. The size of the
 *   delay does not matter: a capture and the stack read the clock at different places.
 * - A machine that stands still between two such places breaks an upper limit or this agreement, but not each time. So
 *   all is measured again then, up to ATTEMPTS times. A wrong tool is wrong each time.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/path.h"
#include "lib/require.h"
#include "lib/rows.h"
#include "lib/rtt_run.h"
#include "lib/test.h"

#define SLACK_US     10000
#define TOLERANCE    0.1
#define TOLERANCE_US 500

#define ATTEMPTS 3

#define RANKS           50 /* permille */
#define RANKS_WITH_LOSS 200

/* A sample of what was sent again is taken from TCP's timestamps, which count milliseconds. */
#define TIMESTAMP_US 1000

#define FIRST_PORT 6760
#define PORTS      "6760-6789"

static const struct path paths[] = {
	{"1 ms", PATH_FAR(.delay_us = 1000), .exchanges = 60},
	{"10 ms", PATH_FAR(.delay_us = 10000), .exchanges = 40},
	{"50 ms, half each way", PATH_BOTH(.delay_us = 25000), .exchanges = 12},
	{"200 ms", PATH_FAR(.delay_us = 200000), .exchanges = 5},
	{"1 +- 0.5 ms", PATH_FAR(.delay_us = 1000, .jitter_us = 500), .exchanges = 60},
	{"10 +- 4 ms", PATH_FAR(.delay_us = 10000, .jitter_us = 4000), .exchanges = 50},
	{"50 +- 20 ms, half each way", PATH_BOTH(.delay_us = 25000, .jitter_us = 10000), .exchanges = 20},
	{"200 +- 40 ms", PATH_FAR(.delay_us = 200000, .jitter_us = 40000), .exchanges = 6},
	{"1 ms, 1 % lost each way", PATH_BOTH(.delay_us = 500, .loss_percent = 1), .exchanges = 250},
	{"10 ms, 1 % lost", PATH_FAR(.delay_us = 10000, .loss_percent = 1), .exchanges = 150},
	{"50 ms, 1 % lost", PATH_FAR(.delay_us = 50000, .loss_percent = 1), .exchanges = 10, .burst = 30},
	{"200 ms, 1 % lost", PATH_FAR(.delay_us = 200000, .loss_percent = 1), .exchanges = 8, .burst = 30},
	{"10 ms, bulk", PATH_FAR(.delay_us = 10000), .bulk = 300000},
	{"50 +- 5 ms, bulk, 1 % lost", PATH_FAR(.delay_us = 50000, .jitter_us = 5000, .loss_percent = 1),
	 .bulk = 300000},
};

#define PATHS (sizeof(paths) / sizeof(*paths))

static struct path_witness witnessed[PATHS];
static struct tool states;
static struct rows rows;
static bool agreed; /* in the present attempt */

/* For what a machine that stands still may break: the present attempt goes on, and does not count. */
#define agree(condition, ...)                                                                                          \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			print_message("not as expected: " __VA_ARGS__);                                                \
			print_message("\n");                                                                           \
			agreed = false;                                                                                \
		}                                                                                                      \
	} while (0)

static int leave(void **state)
{
	tool_drop(&states);
	rows_free(&rows);
	rtt_run_teardown(state);
	paths_close();
	return 0;
}

static uint16_t port_of(const struct path *path)
{
	return (uint16_t)(FIRST_PORT + (path - paths));
}

struct view {
	const char *sample;
	enum wire_end end;
};

static const struct view views[] = {
	{"rtt", WIRE_LEFT}, {"rtt", WIRE_RIGHT}, {"srtt", WIRE_LEFT},      {"srtt", WIRE_RIGHT},
	{"min", WIRE_LEFT}, {"min", WIRE_RIGHT}, {"handshake", WIRE_LEFT}, {"handshake", WIRE_RIGHT},
};

#define VIEWS (sizeof(views) / sizeof(*views))

static size_t start(struct rtt_run *run, const struct view *view)
{
	if (view->end == WIRE_LEFT)
		return rtt_run_start(run, ARGS("--sample", view->sample, "-P", PORTS, "--by", "rport"));
	return rtt_run_start(run, ARGS("--sample", view->sample, "-p", PORTS, "--by", "lport"));
}

static const char *side(enum wire_end end)
{
	return end == WIRE_LEFT ? "client" : "server";
}

/* `rounding`: the share of it that the histogram takes off. */
static void check_least(const struct path *path, const char *what, enum wire_end end, double us, double rounding)
{
	require(us >= path_least_us(path) * (1 - rounding) - 1, "%s: %s's %s is %.0f us, less than the wire's delay",
		path->name, side(end), what, us);
}

/* Of what is a single measurement, which may be one of a segment that was sent again. */
static void check_very_least(const struct path *path, const char *what, enum wire_end end, double us)
{
	check_least(path, what, end, us + (path_has_loss(path) ? TIMESTAMP_US : 0), 1.0 / 16);
}

/* `waited_us`: what the test itself has waited for it, where a busy machine took longer than its slack. */
static void check_most(const struct path *path, const char *what, enum wire_end end, double us, double waited_us)
{
	double most = path_most_us(path) + SLACK_US;

	if (waited_us > most)
		most = waited_us;
	agree(us <= most, "%s: %s's %s is %.0f us, more than %.0f", path->name, side(end), what, us, most);
}

/* By up to 40 ms: what comes in one after the other without an answer. */
static bool acks_are_delayed(const struct path *path, enum wire_end end)
{
	return path->bulk || (path->burst && end == WIRE_RIGHT);
}

static double tolerance_us(double us)
{
	return us * TOLERANCE > TOLERANCE_US ? us * TOLERANCE : TOLERANCE_US;
}

/* A line of the table in docs/kernels.md. `who` is NULL where nobody else can tell. */
static void tell(const struct path *path, const char *what, enum wire_end end, double us, const char *who,
		 double witness_us)
{
	if (!who)
		print_message("%s | %s | %s | %.2f |\n", path->name, side(end), what, us / 1000);
	else
		print_message("%s | %s | %s | %.2f | %s %.2f\n", path->name, side(end), what, us / 1000, who,
			      witness_us / 1000);
}

/*
 * Of single ones, sorted. A machine that stands still makes one of them longer, anywhere between connect() and
 * accept(), by any time: no slack is enough, and none is needed. The captured time (where there is one) is a part of
 * it, and it is a part of what the test itself has waited. But for 1/32, what a histogram rounds, and more than what a
 * capture's clock is off while somebody adjusts it (500 ppm).
 */
static void check_handshake_time(const struct path *path, const char *what, enum wire_end end, double us,
				 struct path_witness *seen, unsigned int permille)
{
	bool is_captured = end == WIRE_LEFT && path_is_captured(path);
	double captured_us = is_captured ? samples_quantile(&seen->captured_syn, permille) : 0;
	double waited_us = samples_quantile(&seen->openings, permille);

	require(!is_captured || seen->captured_syn.count == PATH_CONNECTIONS, "%s: %zu handshakes by tshark",
		path->name, seen->captured_syn.count);
	tell(path, what, end, us, is_captured ? "tshark" : NULL, captured_us);
	require(us >= captured_us * 31 / 32 - 1 && us <= waited_us * 33 / 32 + 1,
		"%s: %s's %s is %.0f us, captured %.0f, waited %.0f", path->name, side(end), what, us, captured_us,
		waited_us);
}

/* Permille that both may be apart: at least two ranks. */
static unsigned int ranks_of(const struct path *path, const struct samples *samples)
{
	unsigned int two = (unsigned int)(2000 / (samples->count ? samples->count : 1));
	unsigned int ranks = path_has_loss(path) ? RANKS_WITH_LOSS : RANKS;

	return ranks > two ? ranks : two;
}

/*
 * The last measurement, of the FIN, may be in only one of the two. With loss more: a smoothed value is sampled with
 * each segment, of which there are twice as many while each is acknowledged at once.
 */
static void check_quantile(const struct path *path, const char *what, enum wire_end end, double us, const char *who,
			   struct samples *samples, unsigned int permille)
{
	unsigned int ranks = ranks_of(path, samples);
	double low = samples_quantile(samples, permille > ranks ? permille - ranks : 0);
	double high = samples_quantile(samples, permille + ranks < 1000 ? permille + ranks : 1000);

	tell(path, what, end, us, who, samples_quantile(samples, permille));
	agree(us >= low - tolerance_us(low) && us <= high + tolerance_us(high),
	      "%s: %s's %s is %.0f us, %s %.0f to %.0f", path->name, side(end), what, us, who, low, high);
}

static void check_rtt(const struct path *path, enum wire_end end, const struct rtt_report *report,
		      struct path_witness *seen)
{
	double p50 = report->us[RTT_P50], p90 = report->us[RTT_P90];

	/* In bulk, a server measures nothing but its FIN. */
	if (path->bulk && end == WIRE_RIGHT)
		return;
	check_least(path, "p50", end, p50, 1.0 / 32);
	if (!acks_are_delayed(path, end))
		check_most(path, "p50", end, p50, samples_quantile(&seen->exchanges, 500 + 2 * RANKS));
	check_very_least(path, "least", end, report->us[RTT_SMALLEST]);
	require(report->count + seen->sent_again >= (uint64_t)PATH_CONNECTIONS * path->exchanges,
		"%s: %" PRIu64 " samples", path->name, report->count);
	if (end == WIRE_RIGHT || !path_is_captured(path)) {
		tell(path, "rtt p50", end, p50, NULL, 0);
		return;
	}
	require(path->bulk || seen->captured.count + seen->sent_again >= PATH_CONNECTIONS * path->exchanges,
		"%s: %zu round trips by tshark", path->name, seen->captured.count);
	check_quantile(path, "rtt p50", end, p50, "tshark", &seen->captured, 500);
	/* Where one acknowledgement covers a part of what the capture saw as one segment, the longest are not the same.
	 */
	if (!path->bulk)
		check_quantile(path, "rtt p90", end, p90, "tshark", &seen->captured, 900);
}

static void check_srtt(const struct path *path, enum wire_end end, const struct rtt_report *report,
		       struct path_witness *seen)
{
	double p50 = report->us[RTT_P50];

	check_least(path, "smoothed p50", end, p50, 1.0 / 32);
	if (path->bulk)
		return;
	if (!acks_are_delayed(path, end))
		check_most(path, "smoothed p50", end, p50, samples_quantile(&seen->exchanges, 1000));
	check_quantile(path, "srtt p50", end, p50, "TCP_INFO", &seen->smoothed[end], 500);
}

/* TCP_INFO was asked before the FINs, which may have been the quickest. */
static void check_min(const struct path *path, enum wire_end end, const struct rtt_report *report,
		      struct path_witness *seen)
{
	double largest = report->us[RTT_LARGEST];

	require(report->count == PATH_CONNECTIONS, "%s: the least of %" PRIu64 " connections", path->name,
		report->count);
	check_very_least(path, "least", end, report->us[RTT_SMALLEST]);
	check_most(path, "least", end, report->us[RTT_SMALLEST], samples_quantile(&seen->openings, 1000));
	tell(path, "min p99", end, report->us[RTT_P99], "TCP_INFO", samples_quantile(&seen->least[end], 1000));
	require(largest <= samples_quantile(&seen->least[end], 1000) * 17 / 16 + 1,
		"%s: %s's least is %.0f us, TCP_INFO's %.0f", path->name, side(end), largest,
		samples_quantile(&seen->least[end], 1000));
}

static void check_handshake(const struct path *path, enum wire_end end, const struct rtt_report *report,
			    struct path_witness *seen)
{
	require(report->count == PATH_CONNECTIONS, "%s: %" PRIu64 " handshakes", path->name, report->count);
	check_least(path, "handshake", end, report->us[RTT_SMALLEST], 1.0 / 16);
	check_handshake_time(path, "handshake p50", end, report->us[RTT_P50], seen, 500);
	check_handshake_time(path, "handshake p99", end, report->us[RTT_P99], seen, 990);
}

static void check_report(const struct path *path, const struct view *view, const struct rtt_report *report,
			 struct path_witness *seen)
{
	static const struct {
		const char *sample;
		void (*check)(const struct path *path, enum wire_end end, const struct rtt_report *report,
			      struct path_witness *seen);
	} kinds[] = {{"rtt", check_rtt}, {"srtt", check_srtt}, {"min", check_min}, {"handshake", check_handshake}};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (!strcmp(kinds[i].sample, view->sample))
			kinds[i].check(path, view->end, report, seen);
}

static void check_view(struct rtt_run *run, size_t tool, const struct view *view)
{
	rtt_run_read(run, tool);
	for (size_t i = 0; i < PATHS; i++) {
		const struct rtt_report *report = rtt_reports_find(&run->reports, rtt_port_text(port_of(&paths[i])));

		require(report, "%s: no report of %s's %s", paths[i].name, side(view->end), view->sample);
		check_report(&paths[i], view, report, &witnessed[i]);
	}
}

/* Every connection's duration of that state. */
static void check_state(const struct path *path, enum wire_end end, struct path_witness *seen)
{
	const char *state = end == WIRE_LEFT ? "SYN_SENT" : "SYN_RECV";
	struct samples durations = {.count = 0};
	const struct row *row = NULL;

	while ((row = rows_find(&rows, port_of(path), state, "ESTABLISHED", row ? row + 1 : NULL))) {
		require(row->has_duration, "%s: %s of unknown duration", path->name, state);
		check_least(path, state, end, row->duration_us, 0);
		samples_add(&durations, (uint64_t)row->duration_us);
	}
	require(durations.count == PATH_CONNECTIONS, "%s: %zu rows of %s", path->name, durations.count, state);
	for (unsigned int permille = 500; permille <= 1000; permille += 500)
		check_handshake_time(path, state, end, samples_quantile(&durations, permille), seen, permille);
}

static void check_states(void)
{
	struct tool_losses losses;

	tool_expect_success(&states);
	tool_read_losses(&states, &losses);
	require(!losses.lost, "rows were lost: %s", tool_errors(&states));
	rows_read(states.out, &rows);
	for (size_t i = 0; i < PATHS; i++)
		for (enum wire_end end = WIRE_LEFT; end < WIRE_ENDS; end++)
			check_state(&paths[i], end, &witnessed[i]);
}

/* Else these were paths without loss. 1 % of more than 1,000 packets: none once in 20,000 runs. */
static void check_losses(void)
{
	uint64_t sent_again = 0;

	for (size_t i = 0; i < PATHS; i++) {
		if (!path_has_loss(&paths[i]))
			continue;
		sent_again += witnessed[i].sent_again;
		print_message("%s | both | sent again | %" PRIu64 " |\n", paths[i].name, witnessed[i].sent_again);
	}
	require(sent_again, "nothing got lost");
}

static void measure(struct rtt_run *run)
{
	size_t tools[VIEWS];
	uint64_t begin = now_ns();

	rtt_run_watch(run, FIRST_PORT, FIRST_PORT + PATHS - 1);
	paths_open();
	for (size_t i = 0; i < VIEWS; i++)
		tools[i] = start(run, &views[i]);
	tool_start(&states, NULL, -1);
	print_message("the tools trace after %.1f s\n", (double)(now_ns() - begin) / NS_PER_SEC);
	/* Code that runs for the first time is slow, in emulation by milliseconds. */
	path_play(&paths[0], FIRST_PORT - 1, &witnessed[0]);
	for (size_t i = 0; i < PATHS; i++)
		path_play(&paths[i], port_of(&paths[i]), &witnessed[i]);
	print_message("the traffic ends after %.1f s\n", (double)(now_ns() - begin) / NS_PER_SEC);
	tool_stop(&states, SIGTERM);
	rtt_run_stop(run);
	paths_read_capture(paths, witnessed, PATHS, FIRST_PORT);
	check_losses();
	for (size_t i = 0; i < VIEWS; i++)
		check_view(run, tools[i], &views[i]);
	check_states();
}

static void test_known_delays(void **state)
{
	for (int i = 1;; i++) {
		agreed = true;
		measure(*state);
		if (agreed)
			return;
		require(i < ATTEMPTS, "none of %d attempts shows the known delays", ATTEMPTS);
		leave(state);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_known_delays, leave),
	};

	return cmocka_run_group_tests_name("netem", tests, rtt_run_group_setup, rtt_run_group_teardown);
}
