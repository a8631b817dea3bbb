/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "owners.h"

#include <string.h>

#include "kernel.h"
#include "machine.h"
#include "require.h"
#include "traffic.h"

void owners_check(struct run *run, const uint16_t *ports, size_t count)
{
	struct expectation expectation = {.ports = ports, .port_count = count, .netns = own_netns()};

	settle(ports, count);
	run_stop(run);
	run_check(run, 0, &expectation);
}

void owners_expect(const struct run *run, const struct row *row, const char *what, const char *owner, pid_t pid,
		   const char *comm)
{
	if (!row && (run->losses.lost || run->pairing.hidden))
		return;
	require(row, "no row for %s", what);
	require(row->pid == pid && row->has_comm && !strcmp(row->comm, comm) && !strcmp(row->owner, owner),
		"%s: owner is %s, pid %d, comm \"%s\", not %s, %d, \"%s\": %s", what, row->owner, row->pid, row->comm,
		owner, pid, comm, change_text(&row->change));
}

const char *owners_of_accepted(void)
{
	return machine_refuses("fexit") && machine_refuses("kretprobe") ? "use" : "accept";
}

void owners_expect_side(const struct run *run, uint16_t port, bool server, pid_t a, pid_t b)
{
	for (size_t i = 0; i < run->rows.count; i++) {
		const struct row *row = &run->rows.items[i];

		if (row->pid < 0 && rows_is_late_twin(&run->rows, row))
			continue;
		if ((server ? row->change.tuple.lport : row->change.tuple.rport) == port)
			require(row->pid == a || row->pid == b, "pid %d (%s, %s) is neither %d nor %d: %s", row->pid,
				row->comm, row->owner, a, b, change_text(&row->change));
	}
}
