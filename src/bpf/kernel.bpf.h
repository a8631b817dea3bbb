/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's types, with only the members that the programs use. Member offsets here have no meaning: libbpf replaces
 * them by the running kernel's (CO-RE). So the build needs no BTF of a kernel. VMLINUX_H=path compiles against a full
 * generated header, as a cross-check.
 */
#ifndef TCPVITALS_BPF_KERNEL_H
#define TCPVITALS_BPF_KERNEL_H

#ifdef VMLINUX_H
#include VMLINUX_H
#else
#include <linux/bpf.h>

#include <asm/ptrace.h>
#include <stdbool.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	__s64 counter;
} atomic64_t;

struct in6_addr {
	union {
		__u8 u6_addr8[16];
		__u32 u6_addr32[4];
	} in6_u;
};

struct ns_common {
	unsigned int inum;
};

struct netns_ipv4 {
	__u8 sysctl_tcp_syncookies; /* int before 5.13 */
};

struct net {
	struct ns_common ns;
	struct netns_ipv4 ipv4;
	__u64 net_cookie; /* since 5.12 */
};

typedef struct {
	struct net *net;
} possible_net_t;

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num; /* host byte order */
	unsigned short skc_family;
	unsigned char skc_state;
	unsigned char skc_reuseport : 1;
	int skc_bound_dev_if;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	unsigned long skc_flags;
	atomic64_t skc_cookie;
};

typedef struct {
	int owned;
} socket_lock_t;

struct sock;

struct socket {
	struct sock *sk;
};

typedef struct {
	__u32 val;
} kuid_t;

struct sock_reuseport {
	unsigned int synq_overflow_ts; /* in jiffies */
};

struct sock {
	struct sock_common __sk_common;
	struct sock_reuseport *sk_reuseport_cb;
	socket_lock_t sk_lock;
	struct socket *sk_socket;
	kuid_t sk_uid;
	int sk_err;
	__u32 sk_ack_backlog;
	__u32 sk_max_ack_backlog;
	atomic_t sk_drops;
	__u16 sk_protocol; /* a full short since 5.6 */
	__u8 sk_shutdown;  /* a full byte since 5.6 */
};

struct inet_sock {
	struct sock sk;
	__be16 inet_sport;
};

struct tcp_congestion_ops {
	char name[16];
};

struct request_sock_queue {
	atomic_t qlen;
};

struct inet_connection_sock {
	struct inet_sock icsk_inet;
	struct request_sock_queue icsk_accept_queue;
	const struct tcp_congestion_ops *icsk_ca_ops;
	__u32 icsk_user_timeout;
	__u8 icsk_ca_state : 5;
	__u8 icsk_retransmits;
	__u8 icsk_pending;
	__u8 icsk_probes_out;
	void *icsk_ulp_data;
};

struct tcp_rack {
	__u64 mstamp;
	__u32 rtt_us;
	__u32 end_seq;
};

struct tcp_options_received {
	int ts_recent_stamp; /* of a listener, in jiffies: the last SYN cookie */
	__u16 tstamp_ok : 1;
	__u16 wscale_ok : 1;
	__u16 sack_ok : 3;
};

struct minmax_sample {
	__u32 v;
};

struct minmax {
	struct minmax_sample s[3];
};

struct list_head {
	struct list_head *next;
};

/*
 * For each type that an access begins with, libbpf searches all types of the kernel by name: 0.8 ms at the start of a
 * tool. So the programs read the members of a socket as members of struct tcp_sock (sock_as_tcp()).
 */
struct tcp_sock {
	struct inet_connection_sock inet_conn;
	__u32 segs_in;
	__u64 bytes_received;
	__u32 segs_out;
	__u64 bytes_sent;
	__u64 bytes_acked;
	__u32 rcv_nxt;
	__u32 copied_seq;
	__u32 snd_una;
	__u32 snd_nxt;
	__u32 write_seq;
	__u32 total_retrans;
	__u64 bytes_retrans;
	__u32 lost;
	__u32 dsack_dups;
	__u32 reord_seen;
	__u32 delivered;
	__u32 delivered_ce;
	__u32 rate_delivered;
	__u32 rate_interval_us;
	__u8 rate_app_limited : 1;
	__u32 snd_wnd;
	__u32 snd_cwnd;
	__u32 snd_ssthresh;
	__u32 mss_cache;
	__u8 ecn_flags;
	/* Since 6.7. */
	__u32 rto_stamp; /* in ms */
	__u16 total_rto;
	__u16 total_rto_recoveries;
	__u32 total_rto_time; /* in ms */
	__u32 retrans_stamp;
	__u32 undo_marker;
	__u32 chrono_start;   /* in jiffies */
	__u32 chrono_stat[3]; /* in jiffies: busy, limited by the receive window, by the send buffer */
	__u8 chrono_type : 2; /* the running one + 1, 0: none */
	__u64 tcp_mstamp;
	__u8 tcp_usec_ts : 1;
	__u8 is_mptcp : 1;
	__u8 repair : 1;
	int linger2;
	__u32 srtt_us; /* in 1/8 us */
	__u32 mdev_us; /* in 1/4 us */
	struct minmax rtt_min;
	struct {
		__u32 rtt_us; /* in 1/8 us */
	} rcv_rtt_est;
	struct list_head tsorted_sent_queue;
	struct tcp_rack rack;
	struct tcp_options_received rx_opt;
};

struct tcp_skb_cb {
	__u32 seq;
	__u16 tcp_gso_segs;
};

struct sk_buff {
	unsigned int len;
	char cb[48];
};

struct request_sock {
	struct sock_common __req_common;
	struct sock *rsk_listener;
	__u8 num_retrans;
};

struct tcp_request_sock {
	__u32 snt_isn;
};

struct inode {
	unsigned short i_mode;
};

struct file {
	struct inode *f_inode;
	void *private_data;
};

struct kernfs_node {
	__u64 id;
	const char *name;
};

struct cgroup;

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};

struct cgroup_root {
	int hierarchy_id; /* 0: v2 */
};

struct cgroup {
	struct cgroup_subsys_state self;
	struct kernfs_node *kn;
	struct cgroup_root *root;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct signal_struct {
	atomic_t live;
};

struct pid;

struct task_struct {
	unsigned int flags;
	int pid;
	int tgid;
	__u64 start_time;
	struct css_set *cgroups;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	struct signal_struct *signal;
	char comm[16];
};

struct mptcp_subflow_context {
	__u32 token;
	__u32 request_join : 1;
	__u32 mp_join : 1;
};

/* Since 6.10. */
struct proto_accept_arg {
};

#pragma clang attribute pop

/* The contexts of iterators. These structs are a stable interface: nothing to relocate. */
struct seq_file;
struct bpf_map;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__tcp {
	struct bpf_iter_meta *meta;
	struct sock_common *sk_common;
};

struct bpf_iter__bpf_sk_storage_map {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
	struct sock *sk;
	void *value;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
};
#endif

#include <bpf/bpf_helpers.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

/* Macros of the kernel, which BTF does not have. */
#define AF_INET         2
#define AF_INET6        10
#define IPPROTO_TCP_NUM 6
#define PF_KTHREAD      0x00200000
#define ECONNABORTED    103
#define SHUTDOWN_MASK   3
#define S_IFMT          0170000
#define S_IFSOCK        0140000
#define SOCK_DEAD_BIT   0 /* enum sock_flags, the same since 2.6 */
#define SOCK_DONE_BIT   1

#ifndef NULL
#define NULL ((void *)0)
#endif

/*
 * Returns a 0 that is unknown to the compiler and to the verifier. The verifier follows the rest of a program once for
 * each stack that it can distinguish, and a known 0 distinguishes a stack.
 */
static __always_inline __u64 opaque_zero(__u64 any)
{
	__u64 same = any;

	barrier_var(same);
	return any - same;
}

/*
 * Returns 1 if `value` is 0, else 0. The verifier learns nothing about `value`, neither from the result nor from a
 * branch on the result. The reason is that of opaque_zero().
 */
static __always_inline __u64 is_zero(__u32 value)
{
	__u64 wide = value;

	/*
	 * asm, because the compiler could make a branch. Not volatile, so that the compiler may merge two equal ones.
	 */
	asm("%0 += -1" : "+r"(wide));
	return wide >> 63;
}

#endif
