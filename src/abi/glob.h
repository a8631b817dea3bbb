/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Shell patterns over a process's name, all of a list at once: a table of steps instead of branches, which the verifier
 * would follow each. A position is a bit, set while the text read so far matches the pattern up to there.
 */
#ifndef TCPVITALS_ABI_GLOB_H
#define TCPVITALS_ABI_GLOB_H

#include "abi/owner.h"
#include "abi/types.h"

#define GLOB_POSITIONS 64

/* What a character does to the positions. */
struct glob_step {
	__u64 advance; /* those it moves one further */
	__u64 stay;    /* those it leaves: in front of a star, or for NUL at a pattern's end */
};

struct glob_set {
	struct glob_step steps[256];
	__u64 start;    /* each pattern's first position */
	__u64 wanted;   /* the last positions of the patterns to show */
	__u64 unwanted; /* of those not to show */
};

/* The last positions of all patterns that match `text`, which is padded with NUL. */
static inline __u64 glob_match(const volatile struct glob_set *set, const char text[OWNER_COMM_LEN])
{
	__u64 at = set->start;

	for (int i = 0; i < OWNER_COMM_LEN; i++) {
		const volatile struct glob_step *step = &set->steps[(__u8)text[i]];

		at = (at & step->advance) << 1 | (at & step->stay);
	}
	return at;
}

#endif
