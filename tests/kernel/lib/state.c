/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "state.h"

#include "abi/tcp_state.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* include/net/tcp_states.h */
static const char *const names[MAX_STATE + 1] = {
	[1] = "ESTABLISHED", [2] = "SYN_SENT",      [3] = "SYN_RECV",        [4] = "FIN_WAIT1", [5] = "FIN_WAIT2",
	[6] = "TIME_WAIT",   [7] = "CLOSE",         [8] = "CLOSE_WAIT",      [9] = "LAST_ACK",  [10] = "LISTEN",
	[11] = "CLOSING",    [12] = "NEW_SYN_RECV", [13] = "BOUND_INACTIVE",
};

const char *state_name(unsigned int state)
{
	return state <= MAX_STATE && names[state] ? names[state] : "?";
}

uint8_t state_number(const char *name)
{
	for (uint8_t state = 1; state <= MAX_STATE; state++)
		if (!strcmp(names[state], name))
			return state;
	return 0;
}

bool tuple_has_port(const struct tuple *tuple, const uint16_t *ports, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (tuple->lport == ports[i] || tuple->rport == ports[i])
			return true;
	return false;
}

const char *change_text(const struct change *change)
{
	static char buffers[4][256];
	static unsigned int next;
	char *text = buffers[next++ % 4];
	char laddr[INET6_ADDRSTRLEN], raddr[INET6_ADDRSTRLEN];
	int family = change->tuple.ip_version == 6 ? AF_INET6 : AF_INET;

	inet_ntop(family, change->tuple.laddr, laddr, sizeof(laddr));
	inet_ntop(family, change->tuple.raddr, raddr, sizeof(raddr));
	snprintf(text, sizeof(buffers[0]), "%" PRIx64 " IPv%u %s:%u - %s:%u %s -> %s", change->skaddr,
		 change->tuple.ip_version, laddr, change->tuple.lport, raddr, change->tuple.rport,
		 state_name(change->oldstate), state_name(change->newstate));
	return text;
}

static bool address_agrees(const uint8_t witness[16], const uint8_t shown[16])
{
	static const uint8_t unspecified[16];

	return !memcmp(witness, shown, 16) || !memcmp(witness, unspecified, 16);
}

static bool port_agrees(uint16_t witness, uint16_t shown)
{
	return witness == shown || !witness;
}

bool change_begins(const struct change *change)
{
	return change->oldstate == STATE_CLOSE &&
	       (change->newstate == STATE_SYN_SENT || change->newstate == STATE_LISTEN);
}

bool change_agrees(const struct change *witness, const struct change *shown)
{
	return witness->skaddr == shown->skaddr && witness->oldstate == shown->oldstate &&
	       witness->newstate == shown->newstate && witness->tuple.ip_version == shown->tuple.ip_version &&
	       (change_begins(witness) || port_agrees(witness->tuple.lport, shown->tuple.lport)) &&
	       port_agrees(witness->tuple.rport, shown->tuple.rport) &&
	       address_agrees(witness->tuple.laddr, shown->tuple.laddr) &&
	       address_agrees(witness->tuple.raddr, shown->tuple.raddr);
}
