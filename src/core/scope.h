/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The scope language: the connections, and their transitions, that a tool shows. A "!" in front negates a whole list.
 * An option may be repeated.
 *
 * A value is shown if a list without "!" has it, or if there is no such list. A list with "!" excludes its values.
 */
#ifndef TCPVITALS_CORE_SCOPE_H
#define TCPVITALS_CORE_SCOPE_H

#include "abi/scope.h"
#include "core/parse.h"
#include "core/prefix.h"

#include <stdbool.h>

/* Pids, cgroups, users and network namespaces that a scope may have, in all. */
#define SCOPE_NUMBERS_MAX 1024

/* Interfaces with the name of a zone that a scope may have, in all network namespaces. */
#define SCOPE_ZONES_MAX 1024

/* An interface with the name of a zone. Other network namespaces may have one of that name, too. */
struct scope_zone {
	char name[ZONE_NAME_MAX + 1];
	uint32_t netns; /* inode number */
	uint32_t ifindex;
};

/* A number, and its word on the command line. The scope does not own the word, which must stay valid. */
struct scope_listed {
	struct scope_number number;
	__u8 sense; /* enum scope_sense */
	const char *word;
	size_t length;
};

/* A cgroup or a network namespace. A place may go away, and come back with another number. */
struct scope_place {
	enum scope_kind kind;
	__u8 sense;
	const char *word; /* the user's, as in struct scope_listed */
	size_t length;
	char *path;          /* of the cgroup's directory or the namespace's file; NULL: only the number is known */
	uint64_t number;     /* as in struct scope_number */
	uint64_t cookie;     /* of a network namespace, never used for another; 0: unknown */
	uint64_t generation; /* of a network namespace's file: differs between files */
	uint64_t parent;     /* of a cgroup: its parent's number; 0: unknown */
	bool is_gone;
};

/* Members in pairs: [0] is the list to show, [1] the list not to show. */
struct scope {
	struct scope_settings settings; /* complete after scope_complete() */
	struct port_set lports[2], rports[2];
	struct prefix_list laddrs[2], raddrs[2];
	struct scope_listed numbers[SCOPE_NUMBERS_MAX];
	uint32_t number_count;
	struct scope_zone zones[SCOPE_ZONES_MAX]; /* interfaces with a zone name of laddrs or raddrs */
	uint32_t zone_count;
	uint32_t causes[2];
	uint8_t roles[2];
	bool host_pids;                      /* pids are of the initial pid namespace, also in a container */
	bool no_pid_exists, no_netns_exists; /* of the wanted ones, at the start */
	/* The cgroups and network namespaces among `numbers`, from os/scope_places.h. */
	struct scope_place *places;
	uint32_t place_count;
};

/*
 * Readers for lists that are not parsed here: text that ends with NUL, words separated by commas. scope_take_negation()
 * skips a "!" in front, and returns true if there was one. scope_next_word() returns the next word, which is part of
 * *text; false behind the last one. A list has at least one word, which may be empty. Both move *text on.
 */
bool scope_take_negation(const char **text);
bool scope_next_word(const char **text, const char **ret_word, size_t *ret_length);

/*
 * Add a list to `scope`. 0, or -EINVAL and an error that quotes the bad word and states what is accepted. After an
 * error, `scope` may have a part of the list.
 */
int scope_add_family(struct scope *scope, uint8_t ip_version, struct parse_error *error);
int scope_add_ports(struct scope *scope, bool remote, const char *text, struct parse_error *error);
int scope_add_addresses(struct scope *scope, bool remote, const char *text, struct parse_error *error);
int scope_add_pids(struct scope *scope, const char *text, struct parse_error *error);
int scope_add_comms(struct scope *scope, const char *text, struct parse_error *error);
int scope_add_states(struct scope *scope, const char *text, struct parse_error *error);
int scope_add_causes(struct scope *scope, const char *text, struct parse_error *error);
int scope_add_roles(struct scope *scope, const char *text, struct parse_error *error);
int scope_add_min_duration(struct scope *scope, const char *text, struct parse_error *error);

/*
 * Adds a number: a pid, or the uid, inode number or cgroup id that a word stands for. Return value and error as above.
 */
int scope_add_number(struct scope *scope, enum scope_kind kind, uint64_t value, bool wanted, const char *what,
		     const char *word, size_t length, struct parse_error *error);

/*
 * Puts the settings together, after all lists. 0, or -EINVAL and the reason if nothing can ever match. `connections`:
 * rows are whole connections, which have causes of their own and no states.
 */
int scope_complete(struct scope *scope, bool connections, struct parse_error *error);

/* True if the scope excludes anything. Valid after scope_complete(). */
static inline bool scope_is_limited(const struct scope *scope)
{
	return scope->settings.by_socket || scope->settings.by_row;
}

#endif
