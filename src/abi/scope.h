/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the user asked to see. The settings are constants of a loaded program, so that what is not asked for is taken
 * out of it as dead code; beside them three maps have what takes a lookup: scope_numbers (a hash), scope_laddrs and
 * scope_raddrs (LPM tries of struct prefix_key). The value of each is an enum scope_sense.
 */
#ifndef TCPVITALS_ABI_SCOPE_H
#define TCPVITALS_ABI_SCOPE_H

#include "abi/glob.h"
#include "abi/port_set.h"
#include "abi/prefix.h"
#include "abi/tree.h"
#include "abi/types.h"

/*
 * Of a value, and as bits of a whole list: whether it has such values. A value that is in no list is admitted if the
 * list has none that are wanted, and so is one that is not known.
 */
enum scope_sense {
	SCOPE_WANTED = 1,
	SCOPE_UNWANTED = 2,
	SCOPE_BY_COOKIE = 4 /* of a network namespace's number, which may be another one's by now: the cookie decides */
};

enum scope_kind {
	SCOPE_PID,    /* of the owner, as struct owner has it */
	SCOPE_CGROUP, /* of the owner; the nearest one above it that is listed decides */
	SCOPE_UID,    /* of the socket */
	SCOPE_NETNS,  /* inode number */
	SCOPE_KINDS,
	SCOPE_NETNS_COOKIE = SCOPE_KINDS /* of those of SCOPE_NETNS that SCOPE_BY_COOKIE is said of */
};

/* Key of scope_numbers. */
struct scope_number {
	__u64 value;
	__u32 kind; /* enum scope_kind */
	__u32 pad;
};

#define SCOPE_CGROUP_NAME_LEN 248

/* Key of scope_cgroups: a cgroup by its name, in a cgroup that stays. */
struct scope_cgroup_name {
	__u64 parent;                     /* id */
	char name[SCOPE_CGROUP_NAME_LEN]; /* zeros behind its end */
};

/* The value: what to put into scope_numbers when that cgroup is made. */
struct scope_cgroup_made {
	__u64 id; /* of the one before, which is gone then */
	__u8 sense;
	__u8 pad[7];
};

struct scope_settings {
	struct tree_root tree;     /* of the owner: only the processes below this one */
	__u32 pidns_ino;           /* whose numbers owners have, and SCOPE_PID: an inode number; 0: the initial one's */
	__u32 pidns_dev;           /* and the device, as the kernel encodes it */
	__u64 min_duration_ns;     /* of a state that is known to have lasted so long; 0: all */
	__u32 causes;              /* 1 << enum cause, to be shown; 0: all transitions, not only ends */
	__u16 states_wanted;       /* 1 << enum tcp_state; a transition into or out of one of these; 0: all */
	__u16 states_unwanted;     /* likewise */
	__u8 ip_version;           /* 4, 6, or 0 for both */
	__u8 by_lport;             /* bool: lports counts */
	__u8 by_rport;             /* likewise */
	__u8 roles;                /* 1 << enum connection_role, to be shown; 0: all */
	__u8 laddrs;               /* enum scope_sense, as bits */
	__u8 raddrs;               /* likewise */
	__u8 comms;                /* likewise */
	__u8 numbers[SCOPE_KINDS]; /* likewise */
	__u8 by_socket;            /* bool: addresses, ports or the namespace count */
	__u8 by_owner;             /* bool: pid, name, cgroup or the tree count */
	__u8 by_row;               /* bool: the owner, or what a finished row tells besides, counts */
	__u8 zones;                /* bool: addresses are in a list with a zone */
	__u8 netns_cookies;        /* bool: the kernel tells the cookies of network namespaces */
	struct port_set lports;    /* those to show; port 0 stands for none */
	struct port_set rports;    /* likewise */
	struct glob_set comm_globs;
};

_Static_assert(sizeof(struct scope_number) == 16, "struct scope_number is a map's key");
_Static_assert(sizeof(struct scope_settings) == 32 + 32 + 2 * 8192 + 4096 + 24,
	       "struct scope_settings is a program's constant");

#endif
