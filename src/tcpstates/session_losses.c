/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpstates/session_losses.h"

#include "abi/loss.h"
#include "abi/scope.h"
#include "abi/stuck.h"
#include "bpfio/program.h"
#include "tcpstates.skel.h"
#include "tcpstates/session.h"

/*
 * Both programs must have been skipped for an event to be lost: not more often than either was, and not for what the
 * second one recovered. (Their counters also have what a filter would have left out, so this is the most there can be.)
 */
static uint64_t missed_by_both(const struct session *session, uint64_t otherwise)
{
	uint64_t recovered = __atomic_load_n(&session->losses->recovered, __ATOMIC_RELAXED);
	uint64_t unrecovered = __atomic_load_n(&session->losses->unrecovered, __ATOMIC_RELAXED);
	uint64_t first, second;

	if (program_recursion_misses(session->prog_fd, &first))
		return otherwise;
	first = first > recovered ? first - recovered : 0;
	if (session->recover_fd < 0 || program_recursion_misses(session->recover_fd, &second))
		return first;
	second += unrecovered;
	return first < second ? first : second;
}

void session_losses(const struct session *session, bool exact, struct loss_report *report)
{
	report->ring_full = __atomic_load_n(&session->losses->ring_full, __ATOMIC_RELAXED);
	report->summary_full = __atomic_load_n(&session->losses->summary_full, __ATOMIC_RELAXED);
	report->storage_full = __atomic_load_n(&session->losses->storage_full, __ATOMIC_RELAXED);
	report->gaps = __atomic_load_n(&session->losses->gaps, __ATOMIC_RELAXED);
	report->unclosed = __atomic_load_n(&session->losses->unclosed, __ATOMIC_RELAXED);
	report->recovered = __atomic_load_n(&session->losses->recovered, __ATOMIC_RELAXED);
	if (!exact)
		return;
	report->unaccepted =
		accept_missed(&session->accept) + __atomic_load_n(&session->losses->accept_full, __ATOMIC_RELAXED);
	if (session->tree_fd >= 0 && !program_recursion_misses(session->tree_fd, &report->unfollowed))
		report->unfollowed += __atomic_load_n(&session->btf->bss->tree_full, __ATOMIC_RELAXED);
	report->recursion = missed_by_both(session, report->recursion);
	if (session->sample_fd >= 0)
		program_recursion_misses(session->sample_fd, &report->unsampled);
}
