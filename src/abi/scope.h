/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The scope: the filters that the user gave. struct scope_settings is a constant of a loaded program, so the kernel
 * removes unused filters as dead code. Filters that need a lookup are in three maps: scope_numbers (a hash),
 * scope_laddrs and scope_raddrs (LPM tries of struct prefix_key). The value of each map is an enum scope_sense.
 */
#ifndef TCPVITALS_ABI_SCOPE_H
#define TCPVITALS_ABI_SCOPE_H

#include "abi/glob.h"
#include "abi/port_set.h"
#include "abi/prefix.h"
#include "abi/tree.h"
#include "abi/types.h"

/*
 * The sense of a listed value; as bits of a whole list, the senses that the list has. A value that is not listed, or
 * not known, is admitted if the list has no wanted values.
 */
enum scope_sense {
	SCOPE_WANTED = 1,
	SCOPE_UNWANTED = 2,
	SCOPE_BY_COOKIE = 4 /* of a namespace's inode number, which the kernel may have reused: the cookie decides */
};

enum scope_kind {
	SCOPE_PID,    /* the owner's pid, as in struct owner */
	SCOPE_CGROUP, /* the owner's cgroup; the nearest listed one, its own or an ancestor, decides */
	SCOPE_UID,    /* the socket's uid */
	SCOPE_NETNS,  /* inode number of the network namespace */
	SCOPE_KINDS,
	SCOPE_NETNS_COOKIE = SCOPE_KINDS /* cookie of a namespace whose SCOPE_NETNS entry has SCOPE_BY_COOKIE */
};

/* Key of scope_numbers. */
struct scope_number {
	__u64 value;
	__u32 kind; /* enum scope_kind */
	__u32 pad;
};

#define SCOPE_CGROUP_NAME_LEN 248

/* Key of scope_cgroups: a cgroup's name, in a parent cgroup that stays. */
struct scope_cgroup_name {
	__u64 parent;                     /* id of the parent */
	char name[SCOPE_CGROUP_NAME_LEN]; /* padded with zeros */
};

/* Value of scope_cgroups: the entry of scope_numbers to write when a cgroup of that name is made. */
struct scope_cgroup_made {
	__u64 id; /* id of the previous cgroup of that name, which is gone by then */
	__u8 sense;
	__u8 pad[7];
};

struct scope_settings {
	struct tree_root tree;     /* the owner must be a process below this one */
	__u32 pidns_ino;           /* inode number of the pid namespace of owners and SCOPE_PID; 0: the initial one */
	__u32 pidns_dev;           /* device of that namespace, in the kernel's encoding */
	__u64 min_duration_ns;     /* least known duration of a state; 0: all */
	__u32 causes;              /* 1 << enum cause: causes to show; 0: all transitions, not only ends */
	__u16 states_wanted;       /* 1 << enum tcp_state: show transitions into or out of these states; 0: all */
	__u16 states_unwanted;     /* the same: transitions not to show */
	__u8 ip_version;           /* 4, 6, or 0 for both */
	__u8 by_lport;             /* bool: lports is in use */
	__u8 by_rport;             /* bool: rports is in use */
	__u8 roles;                /* 1 << enum connection_role: roles to show; 0: all */
	__u8 laddrs;               /* bits of enum scope_sense: the senses in scope_laddrs */
	__u8 raddrs;               /* the same for scope_raddrs */
	__u8 comms;                /* the same for comm_globs */
	__u8 numbers[SCOPE_KINDS]; /* the same for each kind of number in scope_numbers */
	__u8 by_socket;            /* bool: the scope depends on addresses, ports or the network namespace */
	__u8 by_owner;             /* bool: the scope depends on the owner's pid, name, cgroup or tree */
	__u8 by_row;               /* bool: the scope depends on the owner, or on another field of a finished row */
	__u8 zones;                /* bool: an address list has a zone */
	__u8 netns_cookies;        /* bool: the kernel has cookies of network namespaces */
	struct port_set lports;    /* local ports to show; port 0: none */
	struct port_set rports;    /* remote ports to show; port 0: none */
	struct glob_set comm_globs;
};

_Static_assert(sizeof(struct scope_number) == 16, "struct scope_number is a map's key");
_Static_assert(sizeof(struct scope_settings) == 32 + 32 + 2 * 8192 + 4096 + 24,
	       "struct scope_settings is a program's constant");

#endif
