/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel's counters of a network namespace (/proc/net/netstat, shown by nstat). */
#ifndef TCPVITALS_OS_NETSTAT_H
#define TCPVITALS_OS_NETSTAT_H

#include <stdint.h>

/*
 * Reads TcpExtListenOverflows of the calling thread's network namespace: connections and SYNs that listeners have
 * dropped because the accept queue was full. The kernel counts each of them before sk_drops of the listener. Returns 0
 * or a negative errno.
 */
int netstat_read_overflows(uint64_t *ret);

#endif
