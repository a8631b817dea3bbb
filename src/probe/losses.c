/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "probe/losses.h"

#include "probe/accept.h"
#include "probe/program.h"
#include "probe/retransmissions.h"
#include "probe/skeleton.h"

/*
 * Returns an upper bound of the lost events. An event is lost only if both programs were skipped, so the loss is at
 * most the smaller count. Events that the second program recovered do not count for the first. Both counters include
 * events that a filter would leave out.
 */
static uint64_t missed_by_both(const struct probe *probe, uint64_t otherwise)
{
	uint64_t recovered = __atomic_load_n(&probe->losses->recovered, __ATOMIC_RELAXED);
	uint64_t unrecovered = __atomic_load_n(&probe->losses->unrecovered, __ATOMIC_RELAXED);
	uint64_t first, second;

	if (program_recursion_misses(probe->prog_fd, &first))
		return otherwise;
	first = first > recovered ? first - recovered : 0;
	if (probe->recover_fd < 0 || program_recursion_misses(probe->recover_fd, &second))
		return first;
	second += unrecovered;
	return first < second ? first : second;
}

/*
 * Returns the number of connections accepted unseen. The hook and the connections each show a part of the same ones, so
 * the larger count is used.
 */
static uint64_t unaccepted(const struct probe *probe)
{
	uint64_t by_hook = accept_missed(&probe->accept);
	uint64_t by_socket = __atomic_load_n(&probe->losses->accept_missed, __ATOMIC_RELAXED);

	return (by_hook > by_socket ? by_hook : by_socket) +
	       __atomic_load_n(&probe->losses->accept_full, __ATOMIC_RELAXED);
}

/* Returns the samples that were missed, by the programs on segments and by the program on state changes. */
static uint64_t unsampled(const struct probe *probe)
{
	uint64_t total = 0;

	for (size_t i = 0; i < probe->sampler_count; i++) {
		uint64_t missed;

		if (!program_recursion_misses(probe->sampler_fds[i], &missed))
			total += missed;
	}
	return total;
}

void probe_losses(const struct probe *probe, bool exact, struct loss_report *report)
{
	report->ring_full = __atomic_load_n(&probe->losses->ring_full, __ATOMIC_RELAXED);
	report->summary_full = __atomic_load_n(&probe->losses->summary_full, __ATOMIC_RELAXED);
	report->storage_full = __atomic_load_n(&probe->losses->storage_full, __ATOMIC_RELAXED);
	report->unjudged = __atomic_load_n(&probe->losses->unjudged, __ATOMIC_RELAXED);
	report->held_lost = __atomic_load_n(&probe->losses->held_lost, __ATOMIC_RELAXED);
	report->gaps = __atomic_load_n(&probe->losses->gaps, __ATOMIC_RELAXED);
	report->unclosed = __atomic_load_n(&probe->losses->unclosed, __ATOMIC_RELAXED);
	report->recovered = __atomic_load_n(&probe->losses->recovered, __ATOMIC_RELAXED);
	if (!exact)
		return;
	report->unaccepted = unaccepted(probe);
	if (probe->tree_fd >= 0 && !program_recursion_misses(probe->tree_fd, &report->unfollowed))
		report->unfollowed += __atomic_load_n(&probe->vitals->bss->tree_full, __ATOMIC_RELAXED);
	if (probe->wants.emits & EMIT_RETRANSMISSIONS) /* a missed transition is no missing row */
		report->recursion = retransmissions_missed(probe);
	else
		report->recursion = missed_by_both(probe, report->recursion);
	report->unsampled = unsampled(probe);
}
