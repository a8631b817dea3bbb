/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "expect.h"

#include <stdio.h>
#include <string.h>

#include "guest.h"
#include "kernel.h"
#include "require.h"

#define MAX_LIVES    32
#define TOLERANCE_NS (50 * 1000.0)
/* A guest sometimes stands still for some milliseconds, also between two readings of its clock. */
#define GUEST_TOLERANCE_NS (5 * 1000 * 1000.0)
#define TOLERANCE_PART     0.05

enum knowledge {
	MUST_KNOW,
	MUST_NOT_KNOW,
	MAY_KNOW,
};

static bool is_self_transition(const struct change *change)
{
	return change->oldstate == change->newstate;
}

/* The event that entered the state which by_socket[position] left; SIZE_MAX when the witness did not see it. */
static size_t find_entry(const struct pairing *pairing, size_t position)
{
	const struct witness_event *events = pairing->log->events;
	uint8_t state = events[pairing->by_socket[position]].change.oldstate;

	for (size_t i = position; pairing_before(pairing, i); i--) {
		const struct change *before = &pairing_before(pairing, i)->change;

		if (before->newstate != state)
			break;
		if (!is_self_transition(before))
			return pairing->by_socket[i - 1];
	}
	return SIZE_MAX;
}

static enum knowledge duration_knowledge(const struct pairing *pairing, const struct tool *tool, size_t index,
					 size_t entry, const struct expectation *expectation)
{
	const struct change *change = &pairing->log->events[index].change;
	const struct row *row = pairing->row_of[index], *entry_row;

	if (change->oldstate == state_number("LISTEN") && change->newstate == state_number("SYN_RECV"))
		return MUST_NOT_KNOW; /* the child was not in LISTEN: its listener is */
	if (entry == SIZE_MAX)
		return MUST_NOT_KNOW;
	entry_row = pairing->row_of[entry];
	if (change->oldstate == state_number("CLOSE")) {
		if (expectation->cookies_may_be_unknown)
			return MAY_KNOW;
		if (entry_row && entry_row->cookie != row->cookie)
			return MUST_NOT_KNOW; /* a new socket at the old one's address */
	}
	if (pairing->log->events[entry].time_ns < tool->start_ns)
		return MUST_NOT_KNOW;
	if (!entry_row || pairing->log->events[entry].time_ns < tool->tracing_ns ||
	    expectation->durations_may_be_unknown)
		return MAY_KNOW;
	return MUST_KNOW;
}

/* An accepted connection's SYN_RECV is the handshake's, not the time between two events (tests/kernel/handshake.c). */
static bool is_handshake(const struct pairing *pairing, size_t index, size_t entry)
{
	return entry != SIZE_MAX && pairing->log->events[index].change.newstate == state_number("ESTABLISHED") &&
	       pairing->log->events[entry].change.oldstate == state_number("LISTEN");
}

static void expect_duration(const struct pairing *pairing, const struct tool *tool, size_t position,
			    const struct expectation *expectation)
{
	size_t index = pairing->by_socket[position], entry = find_entry(pairing, position);
	const struct witness_event *event = &pairing->log->events[index], *begin;
	const struct row *row = pairing->row_of[index];
	/* An orphan's FIN_WAIT2 goes on without a socket: what was seen of it is the least that it lasted. */
	bool goes_on = !strcmp(row->cause, "fin-wait2-orphan");
	bool has_time = goes_on ? row->has_at_least : row->has_duration;
	double shown_us = goes_on ? row->at_least_us : row->duration_us;
	enum knowledge knowledge = duration_knowledge(pairing, tool, index, entry, expectation);
	double least_ns = is_guest() ? GUEST_TOLERANCE_NS : TOLERANCE_NS;
	double duration_ns, tolerance_ns, difference_ns;

	if (is_handshake(pairing, index, entry))
		return;
	require(!goes_on || !row->has_duration, "line %llu knows when a FIN_WAIT2 without a socket ends",
		(unsigned long long)row->line);
	require(knowledge != MUST_NOT_KNOW || !row->has_duration,
		"line %llu shows %.3f us for a state whose beginning nobody saw: %s", (unsigned long long)row->line,
		row->duration_us, change_text(&event->change));
	require(knowledge != MUST_KNOW || has_time, "line %llu does not know the duration: %s",
		(unsigned long long)row->line, change_text(&event->change));
	if (!has_time || knowledge == MUST_NOT_KNOW || expectation->durations_are_not_compared)
		return;
	begin = &pairing->log->events[entry];
	duration_ns = (double)(event->time_ns - begin->time_ns);
	tolerance_ns = duration_ns * TOLERANCE_PART > least_ns ? duration_ns * TOLERANCE_PART : least_ns;
	/* Interruptions between the witness's reading of the clock and the tool's. */
	tolerance_ns += (double)(begin->span_ns + event->span_ns);
	difference_ns = shown_us * 1000 - duration_ns;
	require(difference_ns <= tolerance_ns && -difference_ns <= tolerance_ns,
		"line %llu shows %.3f us, the witness %.3f us (tolerance %.3f us): %s", (unsigned long long)row->line,
		shown_us, duration_ns / 1000, tolerance_ns / 1000, change_text(&event->change));
}

static bool is_one_of(const char *owner, const char *const *owners)
{
	for (; *owners; owners++)
		if (!strcmp(owner, *owners))
			return true;
	return false;
}

/* The transitions that prove an owner. */
static const char *owner_at(const struct change *change)
{
	if (change->oldstate == state_number("CLOSE") && change->newstate == state_number("SYN_SENT"))
		return "connect";
	if (change->oldstate == state_number("CLOSE") && change->newstate == state_number("LISTEN"))
		return "listen";
	/* A row that waited for the child's addresses may know of an accept(). */
	if (change->oldstate == state_number("LISTEN") && change->newstate == state_number("SYN_RECV"))
		return kernel_names_children_at_birth() ? "listener" : NULL;
	return NULL;
}

static void expect_owner(const struct rows *rows, const struct row *row, const struct expectation *expectation)
{
	static const char *const usual[] = {"connect", "listen", "listener", "use", "accept", NULL};
	const char *owner = owner_at(&row->change);
	unsigned long long line = row->line;

	if (row->pid < 0 && (expectation->owners_may_be_unknown || rows_is_late_twin(rows, row)))
		return;
	require(row->pid == expectation->pid, "line %llu: pid is %d, not %d (owner %s): %s", line, row->pid,
		expectation->pid, row->owner, change_text(&row->change));
	require(row->has_comm && !strcmp(row->comm, expectation->comm), "line %llu: comm is \"%s\", not \"%s\"", line,
		row->comm, expectation->comm);
	if (expectation->owners_may_be_found_early && !strcmp(row->owner, "seed"))
		return;
	require(owner && !expectation->owners_may_be_unknown ? !strcmp(row->owner, owner)
							     : is_one_of(row->owner, usual),
		"line %llu: the owner is known by \"%s\": %s", line, row->owner, change_text(&row->change));
}

static void expect_identity(const struct pairing *pairing, size_t position, const struct expectation *expectation)
{
	size_t index = pairing->by_socket[position];
	const struct row *row = pairing->row_of[index], *before;
	unsigned long long line = row->line;

	require(row->cookie || expectation->cookies_may_be_unknown, "line %llu has no cookie: %s", line,
		change_text(&row->change));
	require(!expectation->netns || row->netns == expectation->netns, "line %llu: netns is %llu, not %llu", line,
		(unsigned long long)row->netns, (unsigned long long)expectation->netns);
	if (!pairing_before(pairing, position))
		return;
	before = pairing->row_of[pairing->by_socket[position - 1]];
	if (!before || before->change.newstate != row->change.oldstate || row->change.oldstate == state_number("CLOSE"))
		return;
	/* Without a cookie of its own making the tool may learn one in between, from somebody else who made it. */
	if (expectation->cookies_may_be_unknown && (!before->cookie || !row->cookie))
		return;
	require(before->cookie == row->cookie && before->conn_seq == row->conn_seq,
		"lines %llu and %llu are of one connection, but not by their cookies: %s",
		(unsigned long long)before->line, line, change_text(&row->change));
}

void expect_rows(const struct pairing *pairing, const struct tool *tool, const struct expectation *expected)
{
	struct expectation relaxed = *expected;
	const struct expectation *expectation = &relaxed;
	size_t looked_at = 0;

	relaxed.cookies_may_be_unknown |= !kernel_has_socket_storage();
	relaxed.owners_may_be_unknown |= !kernel_has_socket_storage();

	for (size_t i = 0; i < pairing->log->count; i++) {
		const struct witness_event *event = &pairing->log->events[pairing->by_socket[i]];
		const struct row *row = pairing->row_of[pairing->by_socket[i]];

		if (!row || !tuple_has_port(&event->change.tuple, expectation->ports, expectation->port_count))
			continue;
		expect_duration(pairing, tool, i, expectation);
		expect_identity(pairing, i, expectation);
		if (expectation->pid)
			expect_owner(pairing->rows, row, expectation);
		looked_at++;
	}
	require(looked_at, "no row of the test's own connections");
}

struct lives {
	char texts[MAX_LIVES][192];
	size_t count;
};

static bool begins_life(const struct change *change)
{
	return change->oldstate == state_number("CLOSE") ||
	       (change->oldstate == state_number("LISTEN") && change->newstate == state_number("SYN_RECV"));
}

static void collect_lives(const struct pairing *pairing, uint16_t port, struct lives *lives)
{
	uint64_t skaddr = 0;

	for (size_t i = 0; i < pairing->log->count; i++) {
		const struct change *change = &pairing->log->events[pairing->by_socket[i]].change;
		char *text;

		if (!tuple_has_port(&change->tuple, &port, 1) || is_self_transition(change))
			continue;
		if (begins_life(change) || change->skaddr != skaddr) {
			require(lives->count < MAX_LIVES, "more than %d sockets have port %u", MAX_LIVES, port);
			skaddr = change->skaddr;
			snprintf(lives->texts[lives->count++], sizeof(lives->texts[0]), "%s",
				 state_name(change->oldstate));
		}
		text = lives->texts[lives->count - 1];
		snprintf(text + strlen(text), sizeof(lives->texts[0]) - strlen(text), " %s",
			 state_name(change->newstate));
	}
}

void expect_lives(const struct pairing *pairing, uint16_t port, const char *const *lives)
{
	struct lives seen = {.count = 0};
	size_t left;

	collect_lives(pairing, port, &seen);
	left = seen.count;
	for (; *lives; lives++) {
		size_t i = 0;

		while (i < seen.count && strcmp(seen.texts[i], *lives))
			i++;
		if (i == seen.count)
			for (size_t j = 0; j < seen.count; j++)
				fprintf(stderr, "a socket went %s\n", seen.texts[j]);
		require(i < seen.count, "no socket of port %u went %s", port, *lives);
		seen.texts[i][0] = '\0';
		left--;
	}
	for (size_t j = 0; left && j < seen.count; j++)
		if (seen.texts[j][0])
			fprintf(stderr, "a socket went %s\n", seen.texts[j]);
	require(!left, "port %u had %zu sockets more than expected", port, left);
}
