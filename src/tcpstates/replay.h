/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* tcpstates --replay: prints the rows of a recording, with the printers of a live run. Needs no rights and no kernel.
 */
#ifndef TCPVITALS_TCPSTATES_REPLAY_H
#define TCPVITALS_TCPSTATES_REPLAY_H

#include "tcpstates/options.h"

/* Runs --replay until its end. Returns the exit status. */
int replay_run(struct tcpstates_options *options);

#endif
