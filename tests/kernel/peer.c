/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Beside Debian's tcpstates: each row of the peer is among ours, with the same socket, states and addresses. Its
 * duration is the same, but for the time between the two programs' reads of the clock.
 *
 * Some durations of the peer are known to be wrong: 0.000 for a state whose beginning it did not see, the time since
 * the last self-transition, and everything after a row that it missed itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "abi/tcp_state.h"

#include "lib/churn.h"
#include "lib/peer.h"
#include "lib/require.h"
#include "lib/run.h"
#include "lib/scenario.h"
#include "lib/test.h"

#define CONNECTIONS  200
#define MAX_PORTS    64
#define TOLERANCE_US 20.0

/* Of 2,400. On a busy machine it loses most. */
#define LEAST_ROWS 100
#define ATTEMPTS   3

static struct peer peer = {.output = -1};
static struct peer_rows theirs;
/* Which of their rows shows an event, as pairing->row_of says of ours: by the log's index, or NULL. */
static const struct peer_row **its_of;

static int drop_peer(void **state)
{
	peer_drop(&peer);
	free(theirs.items);
	free(its_of);
	theirs = (struct peer_rows){0};
	its_of = NULL;
	return run_teardown(state);
}

static void play(uint16_t ports[MAX_PORTS], size_t *ret_count)
{
	struct churn churn;
	size_t count = 0;

	require(scenario_count * FLAVOURS + CHURN_PROCESSES <= MAX_PORTS, "too many scenarios");
	for (size_t i = 0; i < scenario_count; i++)
		for (enum flavour flavour = 0; flavour < FLAVOURS; flavour++)
			scenarios[i].play(flavour, &ports[count++]);
	churn_run(&churn, CONNECTIONS);
	for (size_t i = 0; i < CHURN_PROCESSES; i++)
		ports[count++] = churn.ports[i];
	*ret_count = count;
}

/* It shows AF_INET6 sockets with their IPv4 addresses mapped, and some before they have any: compare what it shows. */
static bool same_address(const struct tuple *tuple, const uint8_t ours[16], const uint8_t its[16])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	static const uint8_t unspecified[16];

	if (!memcmp(its, unspecified, 16) || !memcmp(its, ours, 16))
		return true;
	return tuple->ip_version == 4 && !memcmp(its, mapped, 12) && !memcmp(its + 12, ours, 4);
}

static bool shows_the_same(const struct row *ours, const struct peer_row *its)
{
	const struct tuple *a = &ours->change.tuple, *b = &its->change.tuple;
	/* Its bug: on a used socket that connects or listens again, it shows the last one's port. */
	bool same_lport = a->lport == b->lport || change_begins(&ours->change);
	/* Before 6.15 it shows a child's birth without a remote end. */
	bool same_rport = a->rport == b->rport || (!b->rport && ours->change.newstate == STATE_SYN_RECV);

	return ours->change.skaddr == its->change.skaddr && ours->change.oldstate == its->change.oldstate &&
	       ours->change.newstate == its->change.newstate && same_lport && same_rport &&
	       same_address(a, a->laddr, b->laddr) && same_address(a, a->raddr, b->raddr);
}

/* How far the two clocks may have been read apart at the ends of the state that by_socket[position] leaves. */
static double slack_us(const struct pairing *pairing, size_t position)
{
	const struct witness_event *event = &pairing->log->events[pairing->by_socket[position]];
	const struct witness_event *before = pairing_before(pairing, position);

	return (double)(event->span_ns + (before ? before->span_ns : 0)) / 1000;
}

/* Their value is one of a state that began with the event before, which they saw, too. */
static bool is_comparable(const struct pairing *pairing, size_t position, const struct peer_row *its)
{
	const struct witness_event *before = pairing_before(pairing, position);
	const struct change *change = &pairing->log->events[pairing->by_socket[position]].change;

	return before && its_of[pairing->by_socket[position - 1]] && before->change.newstate == change->oldstate &&
	       its->duration_ms > 0 && change->oldstate != state_number("CLOSE") &&
	       before->change.oldstate != before->change.newstate;
}

struct account {
	size_t found;    /* rows of theirs that are among ours */
	size_t late;     /* of these, those behind a row of the same socket that came after */
	size_t compared; /* durations */
	size_t apart;    /* of these, those that differ by more than the tolerance */
};

static void compare_durations(const struct pairing *pairing, size_t position, const struct peer_row *its,
			      struct account *account)
{
	const struct row *ours = pairing->row_of[pairing->by_socket[position]];
	double its_us = its->duration_ms * 1000, tolerance_us, difference_us;

	/* Theirs is the kernel's bookkeeping, ours the handshake. */
	if (ours->change.oldstate == state_number("SYN_RECV"))
		return;
	if (!ours->has_duration || !is_comparable(pairing, position, its))
		return;
	account->compared++;
	tolerance_us = its_us * 0.05 > TOLERANCE_US ? its_us * 0.05 : TOLERANCE_US;
	tolerance_us += slack_us(pairing, position);
	difference_us = ours->duration_us - its_us;
	if (difference_us <= tolerance_us && -difference_us <= tolerance_us)
		return;
	account->apart++;
	print_message("line %llu shows %.3f us, the peer's line %llu %.3f us (tolerance %.3f us): %s\n",
		      (unsigned long long)ours->line, ours->duration_us, its->line, its_us, tolerance_us,
		      change_text(&ours->change));
}

static int by_socket(const void *left, const void *right)
{
	const struct peer_row *a = left, *b = right;

	if (a->change.skaddr != b->change.skaddr)
		return a->change.skaddr < b->change.skaddr ? -1 : 1;
	return a->line < b->line ? -1 : a->line > b->line;
}

/* The first row of ours in [from, to) that looks like theirs and is not taken; `to` when there is none. */
static size_t find_between(const struct pairing *pairing, size_t from, size_t to, const struct peer_row *its)
{
	for (; from < to; from++) {
		size_t index = pairing->by_socket[from];

		if (pairing->row_of[index] && !its_of[index] && shows_the_same(pairing->row_of[index], its))
			return from;
	}
	return to;
}

/* The events of one socket address in pairing->by_socket. */
struct span {
	size_t first, end;
	size_t next; /* behind the one whose row was found last */
};

static uint64_t socket_at(const struct pairing *pairing, size_t position)
{
	return pairing->log->events[pairing->by_socket[position]].change.skaddr;
}

/* Goes on to that socket, which is the same or one behind it. */
static void advance_to(struct span *span, const struct pairing *pairing, uint64_t skaddr)
{
	if (span->first < span->end && socket_at(pairing, span->first) == skaddr)
		return;
	while (span->end < pairing->log->count && socket_at(pairing, span->end) < skaddr)
		span->end++;
	span->first = span->next = span->end;
	while (span->end < pairing->log->count && socket_at(pairing, span->end) == skaddr)
		span->end++;
}

/*
 * The next row of ours that looks like theirs; or else one before, since they have a buffer for each CPU and empty one
 * after the other: what a socket did on two CPUs need not come in the order of time. span->end when there is none.
 */
static size_t find_row(const struct span *span, const struct pairing *pairing, const struct peer_row *its)
{
	size_t position = find_between(pairing, span->next, span->end, its);

	if (position < span->end)
		return position;
	position = find_between(pairing, span->first, span->next, its);
	return position < span->next ? position : span->end;
}

/* A row of theirs has none when the witness says that this machine hid it from us, or we said that we lost one. */
static void pair_rows(const struct pairing *pairing, const uint16_t *ports, size_t port_count, struct account *account)
{
	struct span span = {0};
	size_t unfound = 0;

	for (size_t i = 0; i < theirs.count; i++) {
		const struct peer_row *its = &theirs.items[i];
		size_t position;

		if (!tuple_has_port(&its->change.tuple, ports, port_count))
			continue;
		advance_to(&span, pairing, its->change.skaddr);
		position = find_row(&span, pairing, its);
		if (position == span.end) {
			require(++unfound <= pairing->hidden + pairing->missing,
				"the peer's line %llu is not among ours: %s", its->line, change_text(&its->change));
			continue;
		}
		account->found++;
		account->late += position < span.next;
		its_of[pairing->by_socket[position]] = its;
		span.next = position + 1;
	}
}

static struct account compare_rows(const struct run *run, const uint16_t *ports, size_t port_count)
{
	const struct pairing *pairing = &run->pairing;
	struct account account = {0};

	its_of = reallocate(its_of, pairing->log->count * sizeof(const struct peer_row *));
	memset(its_of, 0, pairing->log->count * sizeof(const struct peer_row *));
	pair_rows(pairing, ports, port_count, &account);
	for (size_t position = 0; position < pairing->log->count; position++) {
		const struct peer_row *its = its_of[pairing->by_socket[position]];

		if (its)
			compare_durations(pairing, position, its, &account);
	}
	print_message("the peer printed %zu rows, %zu of the test's own are among ours (%zu out of order), "
		      "%zu durations compared, %zu apart\n",
		      theirs.count, account.found, account.late, account.compared, account.apart);
	return account;
}

static struct account run_beside_the_peer(struct run *run)
{
	uint16_t ports[MAX_PORTS];
	const char *why;
	size_t count;

	run_watch(run);
	why = peer_start(&peer, "tcpstates", (const char *const[]){"-w", NULL});
	if (why)
		skip_because("%s", why);
	run_start_another(run, NULL);
	play(ports, &count);
	run_stop(run);
	peer_stop(&peer);
	peer_read_rows(&peer, &theirs);
	qsort(theirs.items, theirs.count, sizeof(*theirs.items), by_socket);
	run_account(run, 0, NULL);
	return compare_rows(run, ports, count);
}

static void test_beside_the_peer(void **state)
{
	/*
	 * An interrupt between the two programs is no fault of either, and the witness does not see it when somebody
	 * else's perf event was there first. A wrong duration is wrong each time.
	 */
	for (size_t attempt = 0; attempt < ATTEMPTS; attempt++) {
		struct account account = run_beside_the_peer(*state);

		require(account.found >= LEAST_ROWS && account.compared >= LEAST_ROWS / 2,
			"the peer has hardly anything to compare");
		if (!account.apart)
			return;
		drop_peer(state);
	}
	require(false, "durations differ each time");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_beside_the_peer, drop_peer),
	};

	return cmocka_run_group_tests_name("peer", tests, run_group_setup, run_group_teardown);
}
