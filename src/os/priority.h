/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A reader that waits for its turn behind other programs loses what does not fit into its buffers. Its nice value does
 * not help: the kernel shares CPUs out to sessions (autogroup) or cgroups first, and to their processes then. The
 * real-time class comes before all of these.
 */
#ifndef TCPVITALS_OS_PRIORITY_H
#define TCPVITALS_OS_PRIORITY_H

#include <stdbool.h>

/*
 * The calling thread, which is the only one, is scheduled before ordinary programs from now on: for at most 20 of each
 * 40 ms, and for the rest of these among them. Timers tell (SIGVTALRM, in system calls EINTR). Children and threads get
 * what the tool was started with. 0, or a negative errno and nothing has changed: -EALREADY when it was started with a
 * nice value or class of the caller's choice, -EPERM without the right.
 */
int priority_raise(void);

/* For a tool's main, if `wanted`: raises it, and says with `verbose` whether that worked. Without the right, it goes on
 * as before. */
void priority_begin(bool wanted, bool verbose);

#endif
