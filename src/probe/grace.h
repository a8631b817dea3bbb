/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Waiting for BPF programs that are under way. */
#ifndef TCPVITALS_PROBE_GRACE_H
#define TCPVITALS_PROBE_GRACE_H

/*
 * Returns when each BPF program that was under way on any CPU has ended: after 5 to 20 ms. 0, or a negative errno where
 * the kernel offers no such wait; then 10 ms have passed, which is enough but for a program that was preempted.
 */
int grace_wait(void);

#endif
