/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Hints for a user on a terminal who sees no row. */
#ifndef TCPVITALS_TCPSTATES_HINT_H
#define TCPVITALS_TCPSTATES_HINT_H

#include "app/app.h"

#include <stdbool.h>
#include <stdint.h>

struct hint {
	unsigned int quiet_ticks, held_ticks; /* without a row; since rows are held back */
	bool is_given;
};

/*
 * Call once a second while there is no row; `held`: rows that are held back. Reports once why there are no rows, or how
 * to cause one.
 */
void hint_tick(struct hint *hint, const struct app *app, uint64_t held);

#endif
