/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The scope language: which connections, and which of their transitions, a tool shows. Each list may be negated as a
 * whole by a "!" in front of it, and given again: shown is what is in a list that is not negated, if there is one, and
 * in none that is.
 */
#ifndef TCPVITALS_CORE_SCOPE_H
#define TCPVITALS_CORE_SCOPE_H

#include "abi/scope.h"
#include "core/parse.h"
#include "core/prefix.h"

#include <stdbool.h>

/* Pids, cgroups, users and network namespaces in all. */
#define SCOPE_NUMBERS_MAX 1024

/* Interfaces that zones are called after, in all network namespaces. */
#define SCOPE_ZONES_MAX 1024

/* What the name of a zone means: that interface of that network namespace, and perhaps others. */
struct scope_zone {
	char name[ZONE_NAME_MAX + 1];
	uint32_t netns; /* inode number */
	uint32_t ifindex;
};

/* A number, and the word that stands for it on the command line, which must last. */
struct scope_listed {
	struct scope_number number;
	__u8 sense; /* enum scope_sense */
	const char *word;
	size_t length;
};

/* A cgroup or a network namespace, which may go away, and come back with another number. */
struct scope_place {
	enum scope_kind kind;
	__u8 sense;
	const char *word; /* the user's, as in struct scope_listed */
	size_t length;
	char *path;          /* of the cgroup's directory or the namespace's file; NULL: only its number is known */
	uint64_t number;     /* as in struct scope_number */
	uint64_t cookie;     /* of a network namespace, which no other gets; 0: not known */
	uint64_t generation; /* of the file of a network namespace: another file has another one */
	uint64_t parent;     /* of a cgroup: the number of the one that it is in; 0: not known */
	bool is_gone;
};

/* As pairs, the first is what to show, the second what not to show. */
struct scope {
	struct scope_settings settings; /* complete after scope_complete() */
	struct port_set lports[2], rports[2];
	struct prefix_list laddrs[2], raddrs[2];
	struct scope_listed numbers[SCOPE_NUMBERS_MAX];
	uint32_t number_count;
	struct scope_zone zones[SCOPE_ZONES_MAX]; /* of all names that laddrs and raddrs have */
	uint32_t zone_count;
	uint32_t causes[2];
	uint8_t roles[2];
	bool host_pids; /* pids are of the initial pid namespace, wherever the tool runs */
	/* At the start, nothing led to any of the processes, or of the network namespaces, that it asks for. */
	bool is_blind, is_placeless;
	/* Of the cgroups and network namespaces among the numbers: os/scope_places.h fills in these. */
	struct scope_place *places;
	uint32_t place_count;
};

/*
 * The negation in front of a list, and its words, for lists that are not parsed here: text that ends with NUL,
 * separated by commas. *text moves on; scope_next_word() returns false behind the last word. There is always one, if an
 * empty one.
 */
bool scope_take_negation(const char **text);
bool scope_next_word(const char **text, const char **ret_word, size_t *ret_length);

/*
 * These add a list to `scope`. 0, or -EINVAL and an error that quotes the bad word and tells what is accepted; then
 * `scope` may have a part of the list.
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

/* A pid, or what a word has been resolved to: a uid, an inode, a cgroup's id. */
int scope_add_number(struct scope *scope, enum scope_kind kind, uint64_t value, bool wanted, const char *what,
		     const char *word, size_t length, struct parse_error *error);

/*
 * When everything has been added: puts the settings together. -EINVAL and the reason when nothing could ever match.
 * `connections`: whole ones will be shown, which have causes of their own and no states.
 */
int scope_complete(struct scope *scope, bool connections, struct parse_error *error);

/* Whether it leaves anything out; after scope_complete(). */
static inline bool scope_is_limited(const struct scope *scope)
{
	return scope->settings.by_socket || scope->settings.by_row;
}

#endif
