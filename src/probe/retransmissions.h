/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Retransmissions: the programs that see each segment that the kernel sends again (EMIT_RETRANSMISSIONS). */
#ifndef TCPVITALS_PROBE_RETRANSMISSIONS_H
#define TCPVITALS_PROBE_RETRANSMISSIONS_H

#include "probe/probe.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vitals_bpf;

/*
 * Whether the tracepoint tells if the kernel could make the retransmission: the programs whose names end in _err are
 * for that (bpf/states/retransmission_programs.bpf.h, bpf/metrics/programs.bpf.h). Reads the kernel's BTF.
 */
bool retransmissions_have_error(void);

/* Chooses the programs, before `vitals` is loaded. */
void retransmissions_prepare(const struct probe_wants *wants, struct vitals_bpf *vitals);

/* Explains the refusal of the programs, as optional_explain() does. */
bool retransmissions_explain(int error, char *ret, size_t size);

/* Returns how many retransmissions the programs missed, because they were busy on that CPU. */
uint64_t retransmissions_missed(const struct probe *probe);

#endif
