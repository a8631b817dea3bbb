/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tcpstates/session_optional.h"

#include "bpfio/scope.h"

#define WITHOUT_SECOND "a transition that comes while the first program runs on that CPU is missed, and counted"

const struct optional session_optional[] = {
	{"recover_cast", WITHOUT_SECOND},
	{"recover_storage", WITHOUT_SECOND},
	{"recover_hash", WITHOUT_SECOND},
	{"destroy_storage", "sockets that end unseen are not counted, and each connection costs more"},
	{"seed_storage", "the owners of connections that are older than tcpstates are not known"},
	{"seed_rest", "connections that are older than tcpstates and have no descriptor are not known"},
	{"sample_rtt", "mean round-trip times are not known"},
	{"tree_free", SCOPE_WITHOUT_TREE_FREE},
	{"stuck_storage", NULL}, /* stuck_tcp */
	{},
};

bool session_explain(int error, char *ret, size_t size)
{
	static const char without_stuck[] = "nothing goes through the connections; try ss -tnp";

	return scope_explain(error, ret, size) || optional_explain("stuck_tcp", without_stuck, error, ret, size) ||
	       optional_explain("stuck_hash", without_stuck, error, ret, size);
}
