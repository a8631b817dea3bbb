/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/limit.h"

#include <stddef.h>

static const char *const names[LIMITED_BY_COUNT] = {
	[LIMITED_BY_NONE] = "none",
	[LIMITED_BY_APPLICATION] = "application",
	[LIMITED_BY_RECEIVER_WINDOW] = "receiver-window",
	[LIMITED_BY_SEND_BUFFER] = "send-buffer",
	[LIMITED_BY_LOSS] = "loss",
	[LIMITED_BY_NETWORK] = "network",
};

const char *limit_name(enum limited_by limit)
{
	return limit < LIMITED_BY_COUNT ? names[limit] : NULL;
}

/* Whether `part` is at least `percent` of a whole that is not 0. No product overflows. */
static bool is_share(uint64_t part, uint64_t whole, uint64_t percent)
{
	return whole && part / percent >= whole / 100 &&
	       (part / percent > whole / 100 || part * 100 >= whole * percent);
}

static bool is_loss(const struct limit_evidence *evidence)
{
	return is_share(evidence->bytes_lost, evidence->bytes_sent, LIMIT_LOST_PERCENT) ||
	       is_share(evidence->timer_ns, evidence->busy_ns, LIMIT_TIMER_PERCENT);
}

enum limited_by limit_judge(const struct limit_evidence *evidence)
{
	uint64_t busy_ns = evidence->window_ns + evidence->send_buffer_ns + evidence->busy_ns;
	uint64_t idle_ns = evidence->able_ns > busy_ns ? evidence->able_ns - busy_ns : 0;
	enum limited_by limit = LIMITED_BY_RECEIVER_WINDOW;
	uint64_t most_ns = evidence->window_ns;

	if (!evidence->is_known)
		return LIMITED_UNKNOWN;
	if (!evidence->bytes_sent || (evidence->able_ns < LIMIT_LEAST_NS && busy_ns < LIMIT_LEAST_NS))
		return LIMITED_BY_NONE;
	if (evidence->send_buffer_ns > most_ns) {
		most_ns = evidence->send_buffer_ns;
		limit = LIMITED_BY_SEND_BUFFER;
	}
	if (evidence->busy_ns > most_ns) {
		most_ns = evidence->busy_ns;
		limit = is_loss(evidence) ? LIMITED_BY_LOSS : LIMITED_BY_NETWORK;
	}
	return idle_ns > most_ns ? LIMITED_BY_APPLICATION : limit;
}
