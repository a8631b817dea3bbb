/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Real-time priority for the reader of the ring buffers. A reader that waits for a CPU loses events when its buffers
 * are full. A nice value does not help, because the kernel first divides CPU time between sessions (autogroup) or
 * cgroups. The real-time class has precedence over all of these.
 */
#ifndef TCPVITALS_OS_PRIORITY_H
#define TCPVITALS_OS_PRIORITY_H

#include <stdbool.h>

/*
 * Schedules the calling thread, which is the only one, before ordinary programs for at most 20 of each 40 ms. For the
 * rest of each period it is one of them. Timers send SIGVTALRM, so system calls may return EINTR. Children and threads
 * get the class that the tool was started with.
 *
 * Returns 0, or a negative errno with nothing changed: -EALREADY (started with a nice value or class of the caller's
 * choice), -EPERM (needs CAP_SYS_NICE).
 */
int priority_raise(void);

/*
 * For a tool's main: raises the priority if `wanted`, and reports the result if `verbose`. A failure changes nothing
 * else.
 */
void priority_begin(bool wanted, bool verbose);

#endif
