/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "probe/vitals_optional.h"

#include "probe/scope.h"
#include "probe/seed.h"

#define WITHOUT_SECOND "a transition during which the first program is busy on that CPU is lost, and counted"

const struct optional vitals_optional[] = {
	{"recover_cast", WITHOUT_SECOND},
	{"recover_storage", WITHOUT_SECOND},
	{"recover_hash", WITHOUT_SECOND},
	{"destroy_storage", "sockets that end unseen are not counted, and each connection costs more"},
	{"seed_storage", SEED_WITHOUT_OWNERS},
	{"seed_hash", SEED_WITHOUT_OWNERS},
	{"seed_rest", SEED_WITHOUT_REST},
	{"seed_rest_hash", SEED_WITHOUT_REST},
	{"sample_rtt", "mean round-trip times are unknown"},
	{"process_exit", "a listener keeps the first owner that was seen, and a process its first name"},
	{"process_rename", "a process that changes its name is shown with the old name until it uses the socket"},
	{"tree_free", SCOPE_WITHOUT_TREE_FREE},
	{"cgroup_made", SCOPE_WITHOUT_CGROUP_MADE},
	{"stuck_storage", NULL}, /* stuck_tcp replaces it */
	{"count_retransmission", "retransmitted segments are not counted"},
	{"count_retransmission_err", "retransmitted segments are not counted"},
	{"count_syn_ack", "retransmitted SYN-ACKs are not counted"},
	{"count_reset_received", "received resets are not counted"},
	{"count_reset_sent", "sent resets are not counted"},
	{"emit_syn_ack", "retransmitted SYN-ACKs are not shown"},
	{"attempt_v4", NULL},
	{"attempt_v6", NULL},
	{},
};
