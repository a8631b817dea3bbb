/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Waits for the end of BPF programs that are running. */
#ifndef TCPVITALS_PROBE_GRACE_H
#define TCPVITALS_PROBE_GRACE_H

/*
 * Returns when each BPF program that was running on any CPU has ended, after 5 to 20 ms. Returns 0, or a negative errno
 * if the kernel offers no such wait. In that case it sleeps 10 ms, which is enough except for a preempted program.
 */
int grace_wait(void);

#endif
