/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The machine's answer to one question. */
#ifndef TESTS_MACHINE_ANSWER_H
#define TESTS_MACHINE_ANSWER_H

enum verdict {
	UNKNOWN,
	NO,
	YES,
};

struct answer {
	enum verdict verdict;
	char why[256]; /* the reason of NO, or the place; may be empty */
};

void answer_set(struct answer *answer, enum verdict verdict, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Sets the answer for an errno of the kernel: NO. A lack of memory or of descriptors is no policy: UNKNOWN. */
void answer_refused(struct answer *answer, int error);

#endif
