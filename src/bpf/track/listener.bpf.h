/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The owners of listeners, by address. A connection that is not accepted yet belongs to its listener's owner. */
#ifndef TCPVITALS_BPF_TRACK_LISTENER_H
#define TCPVITALS_BPF_TRACK_LISTENER_H

#include "bpf/kernel.bpf.h"

#include "bpf/read/sock.bpf.h"
#include "bpf/track/conn.bpf.h"
#include "bpf/track/losses.bpf.h"
#include "bpf/track/owner.bpf.h"
#include "bpf/track/pid.bpf.h"
#include "bpf/track/process.bpf.h"
#ifndef WITHOUT_BTF
#include "bpf/track/listener_queue.bpf.h"
#endif

struct known_listener {
	struct owner owner;
	__u64 identity; /* identity of the owner's process, see process_lives() */
	__u32 cookie;   /* lower half of the socket's cookie: the address may be another listener's later */
	__u32 pad;
};

/*
 * The owner of a listener is the process that called listen(), or that was found with a descriptor of it. A server may
 * accept in another process: it has daemonised, or has the socket from another process. When the stored owner has
 * ended, or is PID 1, the next process that is seen accepting becomes the owner. An owner stays while it lives: a
 * master that listens for its workers.
 *
 * Allocated in advance, as conn_hash is: half a MiB.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64); /* address of struct sock */
	__type(value, struct known_listener);
} listeners SEC(".maps");

#ifdef WITHOUT_BTF

static __always_inline void listener_forget(__u64 address)
{
	bpf_map_delete_elem(&listeners, &address);
}

static __always_inline void listener_store(__u64 address, const struct owner *owner, __u32 cookie)
{
}

#else

static __always_inline void listener_forget(__u64 address)
{
	bpf_map_delete_elem(&listeners, &address);
	listener_queue_forget(address);
}

static __always_inline void listener_store(__u64 address, const struct owner *owner, __u32 cookie)
{
	struct known_listener listener = {.owner = *owner, .cookie = cookie};

	if (owner->source == OWNER_UNKNOWN)
		return;
	listener.identity = process_register(owner->pid);
	if (bpf_map_update_elem(&listeners, &address, &listener, BPF_ANY))
		count(&losses.storage_full);
}

/*
 * Returns the address of a child's listener, at the child's birth. The kernel copies the listening socket into the
 * child. LISTEN -> SYN_RECV fires before the kernel corrects the pointers into the socket itself: the head of an empty
 * list still is the listener's (inet_csk_clone_lock() and tcp_create_openreq_child()). Only the address of that head is
 * used.
 */
static __always_inline __u64 listener_of(struct tcp_sock *child)
{
	return (__u64)child->tsorted_sent_queue.next - bpf_core_field_offset(struct tcp_sock, tsorted_sent_queue);
}

/*
 * Copies the owner of the listener at `address`. An owner that has ended is unknown: no process was seen accepting
 * since. Returns NULL for an unknown listener.
 */
static __always_inline struct known_listener *listener_copy_owner(struct owner *ret, __u64 address)
{
	struct known_listener *listener = bpf_map_lookup_elem(&listeners, &address);

	if (!listener)
		return NULL;
	owner_copy(ret, &listener->owner);
	if (process_ends_show && !process_lives(ret->pid, listener->identity))
		ret->source = OWNER_UNKNOWN;
	return listener;
}

/* Copies the listener's owner to a child's new struct conn. */
static __always_inline void listener_inherit(struct conn *conn, struct tcp_sock *child)
{
	__u64 address = listener_of(child);
	struct known_listener *listener = listener_copy_owner(&conn->owner, address);

	if (!listener)
		return;
	conn->listener = address;
	conn->listener_cookie = listener->cookie;
}

/*
 * Makes `owner` the listener's owner where the stored one is to be replaced. `owner` has accepted a connection, or is
 * the first process to use it. `earlier`, a constant: `owner` lived when it accepted (process_register()), and may have
 * ended since.
 */
static __always_inline void listener_learn(const struct conn *conn, const struct owner *owner, bool earlier)
{
	struct known_listener *listener = conn->listener ? bpf_map_lookup_elem(&listeners, &conn->listener) : NULL;
	__u32 known;
	bool lives;

	if (!listener || listener->cookie != conn->listener_cookie || owner->source == OWNER_KERNEL)
		return;
	known = listener->owner.pid;
	lives = process_lives(known, listener->identity);
	if (lives && (known == owner->pid || !pid_is_init(known)))
		return;
	if (earlier && process_ends_show && !process_is_registered(owner->pid))
		return;
	listener_store(conn->listener, owner, conn->listener_cookie);
}

#endif

#endif
