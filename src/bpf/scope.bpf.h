/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the user asked to see. The settings are constants when the program is loaded: unused filters cost nothing. */
#ifndef TCPVITALS_BPF_SCOPE_H
#define TCPVITALS_BPF_SCOPE_H

#include "bpf/kernel.bpf.h"

#include "abi/port_set.h"
#include "abi/tcp_state.h"
#include "abi/transition.h"

const volatile __u8 scope_ip_version = 0; /* 4, 6, or 0 for both */
const volatile bool scope_by_lport = false;
const volatile bool scope_by_rport = false;
const volatile struct port_set scope_lports = {};
const volatile struct port_set scope_rports = {};

enum scope_verdict {
	SCOPE_OUT,   /* of no interest, and never will be */
	SCOPE_IN,    /* to be shown */
	SCOPE_TRACK, /* not to be shown, but what it will be tells on others: a listener's children inherit its owner */
	SCOPE_HOLD,  /* its addresses are not known yet: the next transition decides */
};

static __always_inline bool has_port(const volatile struct port_set *set, __u32 port)
{
	/* Before 6.8 the verifier forgets the range of a 16-bit value that was on the stack. clang must not remember it
	 * either, or it leaves out the masking. */
	asm volatile("" : "+r"(port));
	return port_set_has(set, port);
}

/* Ports and addresses of `t` are filled in. */
static __always_inline enum scope_verdict scope_judge(const struct transition *t)
{
	bool listening = t->newstate == STATE_LISTEN || (t->oldstate == STATE_LISTEN && t->newstate == STATE_CLOSE);
	/* Before 6.15 a child has its own remote address only after LISTEN -> SYN_RECV. */
	bool nameless_child = t->newstate == STATE_SYN_RECV && !t->rport;

	if (scope_by_lport && !has_port(&scope_lports, t->lport)) {
		/* Without bind(), the port is chosen after CLOSE -> SYN_SENT and CLOSE -> LISTEN. */
		if ((t->newstate != STATE_SYN_SENT && t->newstate != STATE_LISTEN) || t->lport)
			return SCOPE_OUT;
		if (t->newstate == STATE_LISTEN)
			return SCOPE_HOLD;
		if ((scope_ip_version && t->ip_version != scope_ip_version) ||
		    (scope_by_rport && !has_port(&scope_rports, t->rport)))
			return SCOPE_OUT;
		return SCOPE_HOLD;
	}
	if (nameless_child)
		return SCOPE_HOLD;
	if ((scope_ip_version && t->ip_version != scope_ip_version) ||
	    (scope_by_rport && !has_port(&scope_rports, t->rport)))
		return listening ? SCOPE_TRACK : SCOPE_OUT;
	return SCOPE_IN;
}

#endif
