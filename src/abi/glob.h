/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Matches a process's name against all shell patterns of a list at once. A table of steps replaces branches, because
 * the verifier would follow each branch. A position is a bit. The bit is set while the text read so far matches the
 * pattern up to that position.
 */
#ifndef TCPVITALS_ABI_GLOB_H
#define TCPVITALS_ABI_GLOB_H

#include "abi/owner.h"
#include "abi/types.h"

#define GLOB_POSITIONS 64

/* Effect of one character on the positions. */
struct glob_step {
	__u64 advance; /* positions that move one further */
	__u64 stay;    /* positions that stay: in front of a star, or for NUL at a pattern's end */
};

struct glob_set {
	struct glob_step steps[256];
	__u64 start;    /* each pattern's first position */
	__u64 wanted;   /* the last positions of the patterns to show */
	__u64 unwanted; /* the last positions of the patterns not to show */
};

/* Returns the last positions of all patterns that match `text`. `text` is padded with NUL. */
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
