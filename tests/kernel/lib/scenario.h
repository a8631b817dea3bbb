/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The ways in which connections begin and end, each with the states that its sockets must go through. */
#ifndef TESTS_KERNEL_SCENARIO_H
#define TESTS_KERNEL_SCENARIO_H

#include "traffic.h"

#define SCENARIO_LIVES 5

/* The least time that half_closed() stays in CLOSE_WAIT. */
#define HALF_CLOSED_MS 100

struct scenario {
	const char *name;
	/* returns when everything has ended */
	void (*play)(enum flavour flavour, uint16_t *ret_port);
	const char *lives[SCENARIO_LIVES + 1]; /* ends with NULL */
};

extern const struct scenario scenarios[];
extern const size_t scenario_count;

const struct scenario *scenario_named(const char *name);

#endif
