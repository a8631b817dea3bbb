/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who owns a listener, by its address. A connection that nobody has accepted yet belongs to its listener's owner.
 *
 * The owner of a listener is the process that called listen(), or was found with its descriptor. A server that
 * daemonised, or was given the socket by another process, accepts in a process of its own: when the remembered owner
 * has ended, or is PID 1, the next process that is seen accepting takes its place. As long as the owner lives it stays:
 * a master that listens for its workers.
 */
#ifndef TCPVITALS_BPF_TRACK_LISTENER_H
#define TCPVITALS_BPF_TRACK_LISTENER_H

#include "bpf/kernel.bpf.h"

#include "bpf/read/sock.bpf.h"
#include "bpf/track/conn.bpf.h"
#include "bpf/track/losses.bpf.h"
#include "bpf/track/owner.bpf.h"
#include "bpf/track/pid.bpf.h"
#include "bpf/track/process.bpf.h"

struct known_listener {
	struct owner owner;
	__u64 known_by; /* what its process is known by, see process_lives() */
	__u32 cookie;   /* half of the socket's: another listener may have the address later */
	__u32 pad;
};

/* Allocated in advance, as conn_hash is: half a MiB. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64); /* address of struct sock */
	__type(value, struct known_listener);
} listeners SEC(".maps");

static __always_inline void listener_forget(__u64 address)
{
	bpf_map_delete_elem(&listeners, &address);
}

#ifdef WITHOUT_BTF

static __always_inline void listener_store(__u64 address, const struct owner *owner, __u32 cookie)
{
}

#else

static __always_inline void listener_store(__u64 address, const struct owner *owner, __u32 cookie)
{
	struct known_listener listener = {.owner = *owner, .cookie = cookie};

	if (owner->source == OWNER_UNKNOWN)
		return;
	listener.known_by = process_listens(owner->pid);
	if (bpf_map_update_elem(&listeners, &address, &listener, BPF_ANY))
		count(&losses.storage_full);
}

/*
 * The kernel makes a child by copying the listening socket, and fires LISTEN -> SYN_RECV before it puts right what
 * points into itself: the head of an empty list still is the listener's (inet_csk_clone_lock() and
 * tcp_create_openreq_child()). Its address is all that is used here.
 */
static __always_inline __u64 listener_of(struct tcp_sock *child)
{
	return (__u64)child->tsorted_sent_queue.next - bpf_core_field_offset(struct tcp_sock, tsorted_sent_queue);
}

/* To a child's new conn. An owner that has ended is none: nobody has been seen accepting since. */
static __always_inline void listener_inherit(struct conn *conn, struct tcp_sock *child)
{
	__u64 address = listener_of(child);
	struct known_listener *listener = bpf_map_lookup_elem(&listeners, &address);

	if (!listener)
		return;
	owner_copy(&conn->owner, &listener->owner);
	if (process_ends_show && !process_lives(conn->owner.pid, listener->known_by))
		conn->owner.source = OWNER_UNKNOWN;
	conn->listener = address;
	conn->listener_cookie = listener->cookie;
}

/*
 * `owner` has accepted a connection, or is the first process to use it. `earlier`, a constant: it was known to live
 * when it did (process_listens()), and may have ended since.
 */
static __always_inline void listener_learn(const struct conn *conn, const struct owner *owner, bool earlier)
{
	struct known_listener *listener = conn->listener ? bpf_map_lookup_elem(&listeners, &conn->listener) : NULL;
	__u32 known;
	bool lives;

	if (!listener || listener->cookie != conn->listener_cookie || owner->source == OWNER_KERNEL)
		return;
	known = listener->owner.pid;
	lives = process_lives(known, listener->known_by);
	if (lives && (known == owner->pid || !pid_is_init(known)))
		return;
	if (earlier && process_ends_show && !process_is_known(owner->pid))
		return;
	listener_store(conn->listener, owner, conn->listener_cookie);
}

#endif

#endif
