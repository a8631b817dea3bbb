/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "scope_check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "kernel.h"
#include "require.h"
#include "run.h"
#include "scope_traffic.h"
#include "test.h"

#define MAX_ARGS 8

/* A machine that stands still between two tools makes a duration longer for one of them, but not each time. */
#define ATTEMPTS 3

int scope_leave(void **state)
{
	int error = run_teardown(state); /* ends the processes that are in the cgroups */

	scope_traffic_end();
	return error;
}

/*
 * A hash and the classic tracepoint make no cookies: what they show is what somebody else has made, perhaps a tool
 * beside the test's, that was set up between two of these and makes one between their looks at a transition.
 */
static bool cookies_are_others;

/* The rows of the test's own connections, in order of their sockets and times. */
static int by_socket(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->change.skaddr != y->change.skaddr)
		return x->change.skaddr < y->change.skaddr ? -1 : 1;
	return x->line < y->line ? -1 : 1;
}

/* Until a port is chosen the unfiltered run has none; under a filter for ports the row waits for it. */
static void fill_ports(struct rows *rows)
{
	for (size_t i = rows->count - 1; i-- > 0;) {
		struct row *row = &rows->items[i], *next = row + 1;

		if (!row->change.tuple.lport && row->change.skaddr == next->change.skaddr &&
		    row->change.newstate == next->change.oldstate)
			row->change.tuple.lport = next->change.tuple.lport;
	}
}

static void keep_own(struct rows *rows)
{
	const uint16_t ports[] = {scope_traffic.port_v4, scope_traffic.port_v6, scope_traffic.port_refusing,
				  scope_traffic.port_apart};
	size_t kept = 0;

	if (!rows->count)
		return;
	qsort(rows->items, rows->count, sizeof(*rows->items), by_socket);
	fill_ports(rows);
	for (size_t i = 0; i < rows->count; i++)
		if (tuple_has_port(&rows->items[i].change.tuple, ports, 4))
			rows->items[kept++] = rows->items[i];
	rows->count = kept;
}

static void keep_admitted(struct rows *rows, const struct scope_filter *const *filters, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < rows->count; i++) {
		bool admitted = true;

		for (size_t f = 0; f < count; f++)
			admitted &= filters[f]->admits(&rows->items[i], filters[f]);
		if (admitted)
			rows->items[kept++] = rows->items[i];
	}
	rows->count = kept;
}

static bool is_same_owner(const struct row *a, const struct row *b)
{
	return a->pid == b->pid && a->cgroup_id == b->cgroup_id && a->has_comm == b->has_comm &&
	       !strcmp(a->comm, b->comm) && !strcmp(a->owner, b->owner);
}

/*
 * A child before it is established: who accepts it on another CPU may be seen between two tools' looks, or in the
 * middle of one, which then knows no owner.
 */
static bool is_being_born(const struct row *row)
{
	return row->change.oldstate == state_number("LISTEN") || row->change.oldstate == state_number("SYN_RECV");
}

static bool is_same_cookie(uint64_t a, uint64_t b)
{
	return a == b || (cookies_are_others && (!a || !b));
}

static bool is_same(const struct row *a, const struct row *b)
{
	return is_same_cookie(a->cookie, b->cookie) && a->conn_seq == b->conn_seq && a->netns == b->netns &&
	       (is_same_owner(a, b) || is_being_born(a)) && a->uid == b->uid && a->has_duration == b->has_duration &&
	       !strcmp(a->cause, b->cause) && !memcmp(&a->change.tuple, &b->change.tuple, sizeof(a->change.tuple)) &&
	       a->change.oldstate == b->change.oldstate && a->change.newstate == b->change.newstate;
}

static bool are_same(const struct rows *a, const struct rows *b)
{
	bool same = a->count == b->count;

	for (size_t i = 0; same && i < a->count; i++)
		same = is_same(&a->items[i], &b->items[i]);
	return same;
}

static void drop_row(struct rows *rows, size_t index)
{
	memmove(&rows->items[index], &rows->items[index + 1], (--rows->count - index) * sizeof(*rows->items));
}

/* A value too near to a filter's bound may be shown or not, and counts for neither. */
static void drop_close(struct rows *rows, struct rows *others, const struct scope_filter *filter)
{
	for (size_t i = rows->count; i-- > 0;) {
		if (!filter->is_close || !filter->is_close(&rows->items[i], filter))
			continue;
		for (size_t k = others->count; k-- > 0;)
			if (is_same(&rows->items[i], &others->items[k]))
				drop_row(others, k);
		drop_row(rows, i);
	}
}

static void drop_being_born(struct rows *rows)
{
	size_t kept = 0;

	for (size_t i = 0; i < rows->count; i++)
		if (!is_being_born(&rows->items[i]))
			rows->items[kept++] = rows->items[i];
	rows->count = kept;
}

/* By chance one process accepts while another one's filter looks, but not each time. */
static bool are_same_but_for_births(struct rows *a, struct rows *b)
{
	static unsigned int times;

	if (++times > 2)
		return false;
	drop_being_born(a);
	drop_being_born(b);
	return are_same(a, b);
}

static void print_rows(const char *what, const struct rows *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct row *row = &rows->items[i];

		print_message("%s: %s cookie %" PRIu64 " pid %d %s (%s) uid %" PRId64 " cgroup %" PRIu64 " %s %s\n",
			      what, change_text(&row->change), row->cookie, row->pid, row->comm, row->owner, row->uid,
			      row->cgroup_id, row->has_duration ? "timed" : "-", row->cause);
	}
}

/* A combination of filters that one tool runs with. */
struct combination {
	const struct scope_filter *filters[3];
	size_t count;
	size_t tool;
};

static void print_combination(const struct combination *combination, size_t matched, size_t all)
{
	for (size_t i = 0; i < combination->count; i++)
		print_message("%s %s ", combination->filters[i]->option, combination->filters[i]->value);
	print_message("-> %zu of %zu rows\n", matched, all);
}

/* `may_be_empty`: by chance nothing matches, or everything. Returns whether the filters show what they admit. */
static bool check_combination(const struct run *run, const struct combination *combination, bool may_be_empty)
{
	struct rows expected, shown;
	size_t all;
	bool same;

	tool_expect_success(&run->base.tools[combination->tool]);
	rows_read(run->base.tools[0].out, &expected);
	rows_read(run->base.tools[combination->tool].out, &shown);
	keep_own(&expected);
	keep_own(&shown);
	all = expected.count;
	/* To either of the tools: the machine may stand still between the two, for any time. */
	for (size_t i = 0; i < combination->count; i++) {
		drop_close(&expected, &shown, combination->filters[i]);
		drop_close(&shown, &expected, combination->filters[i]);
	}
	keep_admitted(&expected, combination->filters, combination->count);
	print_combination(combination, expected.count, all);
	same = are_same(&expected, &shown);
	if (!same) {
		print_rows("expected", &expected);
		print_rows("shown", &shown);
		same = are_same_but_for_births(&expected, &shown);
	}
	require(!same || may_be_empty || (expected.count && expected.count < all),
		"the filter shows that nothing works: %zu of %zu", expected.count, all);
	rows_free(&expected);
	rows_free(&shown);
	return same;
}

/* Its arguments, with those that all tools of the run have. */
static void start(struct run *run, const char *const *common, struct combination *combination)
{
	const char *args[2 * MAX_ARGS] = {NULL};
	size_t count = 0;

	for (; common && common[count]; count++)
		args[count] = common[count];
	for (size_t i = 0; i < combination->count; i++) {
		args[count++] = combination->filters[i]->option;
		if (combination->filters[i]->value[0])
			args[count++] = combination->filters[i]->value;
	}
	combination->tool = run->base.tool_count;
	run_start_another(run, args);
}

/* The tools must not have lost anything, else there is nothing to compare. */
static void require_no_losses(const struct run *run)
{
	for (size_t i = 0; i < run->base.tool_count; i++) {
		struct tool_losses losses;

		tool_read_losses(&run->base.tools[i], &losses);
		if (losses.lost)
			skip_because("tool %zu has lost %" PRIu64 " rows on this machine: %s", i, losses.lost,
				     tool_errors(&run->base.tools[i]));
	}
}

/* All of them look at the same traffic, beside one tool without a filter. Returns whether all show what they admit. */
static bool check_combinations(void **state, const char *const *common, struct combination *combinations, size_t count,
			       bool may_be_empty)
{
	struct run *run = *state;
	bool same = true;

	cookies_are_others = common || !kernel_has_socket_storage();
	run->no_bracket = true;
	run_start(run, common);
	for (size_t i = 0; i < count; i++)
		start(run, common, &combinations[i]);
	scope_traffic_make();
	run_stop(run);
	require_no_losses(run);
	for (size_t i = 0; i < count; i++)
		same &= check_combination(run, &combinations[i], may_be_empty);
	return same;
}

/* Counts the attempts at the same filters: wrong ones are wrong in each. */
static void note_attempt(bool same, unsigned int *attempts)
{
	*attempts = same ? 0 : *attempts + 1;
	require(*attempts < ATTEMPTS, "what is shown is not what the filter admits, %u times", *attempts);
}

void scope_check_each(void **state, const char *const *common, scope_add_fn *const *adds)
{
	size_t first = 0, count;
	unsigned int attempts = 0;

	do {
		struct combination combinations[RUN_TOOLS - 1] = {0};
		struct scope_filters filters = {.count = 0};
		bool same;

		scope_traffic_begin();
		for (scope_add_fn *const *function = adds; *function; function++)
			(*function)(&filters);
		for (count = 0; count < RUN_TOOLS - 1 && first + count < filters.count; count++)
			combinations[count] =
				(struct combination){.filters = {&filters.items[first + count]}, .count = 1};
		same = check_combinations(state, common, combinations, count, false);
		scope_leave(state);
		note_attempt(same, &attempts);
		first += same ? count : 0;
		count = filters.count;
	} while (first < count);
}

/* The same numbers in every run. */
static unsigned int chance(uint64_t *state, size_t count)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned int)((*state >> 33) % count);
}

/* Two of a kind may contradict each other, which is refused. */
static const char *kind_of(const struct scope_filter *filter)
{
	if (!strcmp(filter->option, "-4") || !strcmp(filter->option, "-6") || strstr(filter->option, "addr"))
		return "family";
	if (!strcmp(filter->option, "--role") || !strcmp(filter->option, "--state"))
		return "side";
	return filter->option;
}

static struct combination draw(uint64_t *random, const struct scope_filters *filters)
{
	struct combination combination = {.count = 0};
	size_t wanted = 2 + chance(random, 2);

	while (combination.count < wanted) {
		const struct scope_filter *filter = &filters->items[chance(random, filters->count)];
		bool used = false;

		for (size_t i = 0; i < combination.count; i++)
			used |= !strcmp(kind_of(combination.filters[i]), kind_of(filter));
		if (!used)
			combination.filters[combination.count++] = filter;
	}
	return combination;
}

void scope_check_combinations(void **state, size_t count)
{
	const char *seed = getenv("TCPVITALS_SEED");
	static struct scope_filters filters;
	uint64_t random = seed ? strtoull(seed, NULL, 10) : 6;
	unsigned int attempts = 0;

	for (size_t left = count, now; left; left -= now) {
		struct combination combinations[RUN_TOOLS - 1];
		uint64_t before = random;
		bool same;

		scope_traffic_begin();
		filters.count = 0;
		scope_add_socket_filters(&filters);
		scope_add_process_filters(&filters);
		scope_add_row_filters(&filters);
		scope_add_cause_filters(&filters);
		for (now = 0; now < left && now < RUN_TOOLS - 1; now++)
			combinations[now] = draw(&random, &filters);
		same = check_combinations(state, NULL, combinations, now, true);
		scope_leave(state);
		note_attempt(same, &attempts);
		if (same)
			continue;
		random = before; /* the same combinations again */
		now = 0;
	}
}
