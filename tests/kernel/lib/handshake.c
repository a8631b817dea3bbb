/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "handshake.h"

#include <stdio.h>
#include <unistd.h>

#include "require.h"
#include "test.h"
#include "traffic.h"

void handshake_end(struct run *run, const struct wire_pair *pair)
{
	const uint16_t port = WIRE_SERVER_PORT;
	struct expectation expectation = {.ports = &port, .port_count = 1, .pid = getpid(), .comm = own_comm()};

	abort_socket(pair->client);
	abort_socket(pair->server);
	close(pair->listener);
	run_stop(run);
	run_check(run, 0, &expectation);
}

const struct row *handshake_find(const struct run *run, enum wire_end end)
{
	const char *from = end == WIRE_LEFT ? "SYN_SENT" : "SYN_RECV";
	const struct row *row = rows_find(&run->rows, WIRE_SERVER_PORT, from, "ESTABLISHED", NULL);

	require(row || run->losses.lost || run->pairing.hidden, "no row %s -> ESTABLISHED", from);
	return row;
}

void handshake_expect(const struct run *run, enum wire_end end, bool known, int syn_retrans)
{
	const struct row *row = handshake_find(run, end);

	if (!row)
		return;
	print_message("%s: %s%.0f us, syn_retrans %d\n", end == WIRE_LEFT ? "client" : "server",
		      row->has_duration ? "" : "not known, ", row->duration_us, row->syn_retrans);
	/* The state's beginning may be among the rows that are known to be missing. */
	require(row->has_duration == known || (known && (run->losses.lost || run->pairing.hidden)), "duration_us is %s",
		known ? "null" : "a number");
	require(row->syn_retrans == syn_retrans, "syn_retrans is %d, not %d", row->syn_retrans, syn_retrans);
}

void handshake_expect_ms(const struct run *run, enum wire_end end, double least_ms, double most_ms)
{
	const struct row *row = handshake_find(run, end);

	require(!row || !row->has_duration ||
			(row->duration_us >= least_ms * 1000 && row->duration_us <= most_ms * 1000),
		"%.0f us are not between %.0f and %.0f ms", row->duration_us, least_ms, most_ms);
}
