/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/scope.h"

#include "abi/connection.h"
#include "core/cause.h"
#include "core/glob.h"
#include "core/port_set.h"
#include "core/tcp_state.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

/* PID_MAX_LIMIT of the kernel on 64-bit machines */
#define PID_MAX 4194304

#define WORD_MAX 64

enum {
	WANTED,
	UNWANTED
};

bool scope_take_negation(const char **text)
{
	bool negated = **text == '!';

	*text += negated;
	return negated;
}

bool scope_next_word(const char **text, const char **ret_word, size_t *ret_length)
{
	if (!*text)
		return false;
	*ret_word = *text;
	*ret_length = strcspn(*text, ",");
	*text = (*text)[*ret_length] ? *text + *ret_length + 1 : NULL;
	return true;
}

static __u8 sense_of(bool wanted)
{
	return wanted ? SCOPE_WANTED : SCOPE_UNWANTED;
}

int scope_add_family(struct scope *scope, uint8_t ip_version, struct parse_error *error)
{
	if (scope->settings.ip_version && scope->settings.ip_version != ip_version)
		return parse_refuse(error, "-4 and -6 exclude each other; leave both out to see IPv4 and IPv6");
	scope->settings.ip_version = ip_version;
	return 0;
}

int scope_add_ports(struct scope *scope, bool remote, const char *text, struct parse_error *error)
{
	bool negated = scope_take_negation(&text);
	struct port_set *sets = remote ? scope->rports : scope->lports;

	if (remote)
		scope->settings.by_rport = true;
	else
		scope->settings.by_lport = true;
	return port_set_parse(remote ? "remote port" : "local port", text, &sets[negated], error);
}

int scope_add_addresses(struct scope *scope, bool remote, const char *text, struct parse_error *error)
{
	bool negated = scope_take_negation(&text);
	struct prefix_list *lists = remote ? scope->raddrs : scope->laddrs;

	if (remote)
		scope->settings.raddrs |= sense_of(!negated);
	else
		scope->settings.laddrs |= sense_of(!negated);
	return prefix_list_parse(remote ? "remote address" : "local address", text, &lists[negated], error);
}

int scope_add_number(struct scope *scope, enum scope_kind kind, uint64_t value, bool wanted, const char *what,
		     const char *word, size_t length, struct parse_error *error)
{
	for (uint32_t i = 0; i < scope->number_count; i++) {
		if (scope->numbers[i].number.kind != kind || scope->numbers[i].number.value != value)
			continue;
		if (scope->numbers[i].sense == sense_of(wanted))
			return 0;
		return parse_fail(error, what, word, length, "both selected and excluded");
	}
	if (scope->number_count == SCOPE_NUMBERS_MAX)
		return parse_fail(error, what, word, length,
				  "too many; 1024 processes, cgroups, users and namespaces are possible together");
	scope->numbers[scope->number_count++] = (struct scope_listed){
		.number = {.value = value, .kind = kind}, .sense = sense_of(wanted), .word = word, .length = length};
	scope->settings.numbers[kind] |= sense_of(wanted);
	return 0;
}

int scope_add_pids(struct scope *scope, const char *text, struct parse_error *error)
{
	bool negated = scope_take_negation(&text);
	const char *word;
	size_t length;
	uint64_t pid;

	while (scope_next_word(&text, &word, &length)) {
		if (parse_u64("pid", word, length, 1, PID_MAX, &pid, error) ||
		    scope_add_number(scope, SCOPE_PID, pid, !negated, "pid", word, length, error))
			return -EINVAL;
	}
	return 0;
}

int scope_add_comms(struct scope *scope, const char *text, struct parse_error *error)
{
	bool negated = scope_take_negation(&text);
	const char *word;
	size_t length;

	while (scope_next_word(&text, &word, &length)) {
		if (*word == '!')
			return parse_fail(
				error, "name", word, length,
				"a ! stands in front of the whole list; write \\! for a name that begins with !");
		if (glob_add("name", word, length, !negated, &scope->settings.comm_globs, error))
			return -EINVAL;
	}
	scope->settings.comms |= sense_of(!negated);
	return 0;
}

/* The states of a socket. A connection request and a connection in TIME_WAIT have no full socket. */
static const __u8 states[] = {STATE_SYN_SENT,   STATE_SYN_RECV, STATE_ESTABLISHED, STATE_FIN_WAIT1, STATE_FIN_WAIT2,
			      STATE_CLOSE_WAIT, STATE_CLOSING,  STATE_LAST_ACK,    STATE_CLOSE,     STATE_LISTEN};

static __u16 state_bit(const char *word, size_t length)
{
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		const char *name = tcp_state_name(states[i]);

		if (strlen(name) == length && !strncasecmp(name, word, length))
			return (__u16)(1U << states[i]);
	}
	return 0;
}

int scope_add_states(struct scope *scope, const char *text, struct parse_error *error)
{
	bool negated = scope_take_negation(&text);
	__u16 *mask = negated ? &scope->settings.states_unwanted : &scope->settings.states_wanted;
	const char *word;
	size_t length;

	while (scope_next_word(&text, &word, &length)) {
		__u16 bit = state_bit(word, length);

		if (length == strlen("TIME_WAIT") && !strncasecmp(word, "TIME_WAIT", length))
			return parse_fail(error, "state", word, length,
					  "has no socket and is not traced; for its beginning use --cause time-wait");
		if (!bit)
			return parse_fail(error, "state", word, length,
					  "not one of SYN_SENT, SYN_RECV, ESTABLISHED, FIN_WAIT1, FIN_WAIT2, "
					  "CLOSE_WAIT, CLOSING, LAST_ACK, CLOSE, LISTEN");
		*mask |= bit;
	}
	return 0;
}

/* Returns the causes that a name or a pattern ("timeout*") matches, as bits. */
static uint32_t cause_bits(const char *word, size_t length)
{
	char pattern[WORD_MAX];
	uint32_t bits = 0;

	if (length >= sizeof(pattern))
		return 0;
	memcpy(pattern, word, length);
	pattern[length] = '\0';
	for (unsigned int cause = CAUSE_NONE + 1; cause < CAUSES; cause++)
		if (!fnmatch(pattern, cause_name(cause), 0))
			bits |= 1U << cause;
	return bits;
}

int scope_add_causes(struct scope *scope, const char *text, struct parse_error *error)
{
	bool negated = scope_take_negation(&text);
	const char *word;
	size_t length;

	while (scope_next_word(&text, &word, &length)) {
		uint32_t bits = cause_bits(word, length);

		if (!bits)
			return parse_fail(
				error, "cause", word, length,
				"not one of fin-local, fin-remote, fin-both, reset-sent, reset-received, refused, "
				"timeout, timeout-connect, timeout-retransmission, timeout-probe, timeout-keepalive, "
				"timeout-user, aborted, time-wait, fin-wait2-orphan, abandoned, unread-data, "
				"unreachable, local-error, no-port, address-in-use, repair, out-of-memory, "
				"listener-closed, closed, unknown, or a pattern of them (timeout*)");
		scope->causes[negated] |= bits;
	}
	return 0;
}

int scope_add_roles(struct scope *scope, const char *text, struct parse_error *error)
{
	bool negated = scope_take_negation(&text);
	const char *word;
	size_t length;

	while (scope_next_word(&text, &word, &length)) {
		if (length == 6 && !memcmp(word, "client", 6))
			scope->roles[negated] |= 1 << ROLE_CLIENT;
		else if (length == 6 && !memcmp(word, "server", 6))
			scope->roles[negated] |= 1 << ROLE_SERVER;
		else
			return parse_fail(error, "role", word, length, "not one of client, server");
	}
	return 0;
}

int scope_add_min_duration(struct scope *scope, const char *text, struct parse_error *error)
{
	uint64_t ns;

	if (*text == '!')
		return parse_fail(error, "duration", text, strlen(text),
				  "a duration cannot be negated; leave the ! out");
	if (parse_time("duration", text, PARSE_TIME_US, &ns, error))
		return -EINVAL;
	scope->settings.min_duration_ns = ns;
	return 0;
}

/* ---- checks and settings ----------------------------------------------------------------------------------------- */

static bool is_empty(const struct port_set *set)
{
	for (size_t i = 0; i < sizeof(set->bits) / sizeof(set->bits[0]); i++)
		if (set->bits[i])
			return false;
	return true;
}

/* The wanted ports without the unwanted ones. Without wanted ports, all are wanted, also port 0: no port. */
static int complete_ports(const struct port_set sets[2], struct port_set *ret, struct parse_error *error)
{
	bool all = is_empty(&sets[WANTED]);

	for (size_t i = 0; i < sizeof(ret->bits) / sizeof(ret->bits[0]); i++)
		ret->bits[i] = (all ? ~0ULL : sets[WANTED].bits[i]) & ~sets[UNWANTED].bits[i];
	if (is_empty(ret))
		return parse_refuse(error, "no port is left: all selected ports are excluded");
	return 0;
}

/* Returns the IP versions of the prefixes as bits; both versions for an empty list. */
static unsigned int versions_of(const struct prefix_list *list)
{
	unsigned int versions = 0;

	for (uint32_t i = 0; i < list->count; i++)
		versions |= 1U << list->prefixes[i].ip_version;
	return versions ? versions : 1U << 4 | 1U << 6;
}

static int check_families(const struct scope *scope, struct parse_error *error)
{
	unsigned int local = versions_of(&scope->laddrs[WANTED]), remote = versions_of(&scope->raddrs[WANTED]);
	uint8_t ip_version = scope->settings.ip_version;

	if (!(local & remote))
		return parse_refuse(
			error,
			"local and remote addresses are of different families (IPv4 and IPv6): no connection has both");
	if (ip_version && !(local & remote & 1U << ip_version))
		return parse_refuse(error, ip_version == 4 ? "-4 excludes all selected addresses"
							   : "-6 excludes all selected addresses");
	return 0;
}

static bool is_same_prefix(const struct prefix *a, const struct prefix *b)
{
	return a->ip_version == b->ip_version && a->length == b->length && !memcmp(a->bytes, b->bytes, 16) &&
	       a->ifindex == b->ifindex && !strcmp(a->zone, b->zone);
}

static int check_prefixes(const struct prefix_list lists[2], const char *what, struct parse_error *error)
{
	for (uint32_t i = 0; i < lists[WANTED].count; i++) {
		for (uint32_t j = 0; j < lists[UNWANTED].count; j++) {
			char text[64];
			struct strbuf name = strbuf_over(text, sizeof(text));

			if (!is_same_prefix(&lists[WANTED].prefixes[i], &lists[UNWANTED].prefixes[j]))
				continue;
			prefix_format(&name, &lists[WANTED].prefixes[i]);
			return parse_fail(error, what, text, name.length, "both selected and excluded");
		}
	}
	return 0;
}

static int complete_roles(struct scope *scope, struct parse_error *error)
{
	static const __u8 all = 1 << ROLE_UNKNOWN | 1 << ROLE_CLIENT | 1 << ROLE_SERVER;
	const struct scope_settings *settings = &scope->settings;
	__u8 roles = (scope->roles[WANTED] ? scope->roles[WANTED] : all) & ~scope->roles[UNWANTED];

	if (!scope->roles[WANTED] && !scope->roles[UNWANTED])
		return 0;
	if (!roles)
		return parse_refuse(error, "no role is left: all selected roles are excluded");
	if (roles == 1 << ROLE_CLIENT && settings->states_wanted == 1 << STATE_LISTEN)
		return parse_refuse(error, "a client is never in LISTEN; leave --role or --state out");
	if (roles == 1 << ROLE_SERVER && settings->states_wanted == 1 << STATE_SYN_SENT)
		return parse_refuse(error, "a server is never in SYN_SENT; leave --role or --state out");
	scope->settings.roles = roles;
	return 0;
}

static int complete_causes(struct scope *scope, bool connections, struct parse_error *error)
{
	static const uint32_t only_of_connections = 1U << CAUSE_FIN_LOCAL | 1U << CAUSE_FIN_BOTH;
	static const uint32_t only_of_transitions = 1U << CAUSE_TIME_WAIT | 1U << CAUSE_FIN_WAIT2_ORPHAN;
	uint32_t never = connections ? only_of_transitions : only_of_connections;
	uint32_t all = ((1U << CAUSES) - 1) & ~(1U << CAUSE_NONE);
	uint32_t causes = ((scope->causes[WANTED] ? scope->causes[WANTED] : all) & ~scope->causes[UNWANTED]) & ~never;

	if (!scope->causes[WANTED] && !scope->causes[UNWANTED])
		return 0;
	if (scope->settings.states_unwanted & 1U << STATE_CLOSE)
		return parse_refuse(error,
				    "--cause selects transitions to CLOSE, and --state excludes them; leave one out");
	if (!causes && !connections && scope->causes[WANTED] & never)
		return parse_refuse(error, "fin-local and fin-both are causes of whole connections (-c); for "
					   "transitions use time-wait and fin-wait2-orphan");
	if (!causes && connections && scope->causes[WANTED] & never)
		return parse_refuse(error, "time-wait and fin-wait2-orphan are causes of transitions; for whole "
					   "connections (-c) use fin-local and fin-both");
	if (!causes)
		return parse_refuse(error, "no cause is left: all selected causes are excluded");
	scope->settings.causes = causes;
	return 0;
}

static int check_states(const struct scope *scope, bool connections, struct parse_error *error)
{
	const struct scope_settings *settings = &scope->settings;

	if (connections && (settings->states_wanted || settings->states_unwanted || settings->min_duration_ns))
		return parse_refuse(error, "--state and --min-duration select transitions; -c shows whole connections");
	if (settings->states_wanted && !(settings->states_wanted & ~settings->states_unwanted))
		return parse_refuse(error, "no state is left: all selected states are excluded");
	return 0;
}

/* Sets one flag for each part of the scope: a program checks this constant before it looks at the part. */
static void summarize(struct scope *scope)
{
	struct scope_settings *settings = &scope->settings;

	for (int i = WANTED; i <= UNWANTED; i++)
		settings->zones |= prefix_list_has_zone(&scope->laddrs[i]) || prefix_list_has_zone(&scope->raddrs[i]);
	settings->by_socket = settings->ip_version || settings->by_lport || settings->by_rport || settings->laddrs ||
			      settings->raddrs || settings->numbers[SCOPE_NETNS];
	settings->by_owner = settings->tree.tgid || settings->comms || settings->numbers[SCOPE_PID] ||
			     settings->numbers[SCOPE_CGROUP];
	settings->by_row = settings->by_owner || settings->numbers[SCOPE_UID] || settings->roles ||
			   settings->states_wanted || settings->states_unwanted || settings->causes ||
			   settings->min_duration_ns;
}

int scope_complete(struct scope *scope, bool connections, struct parse_error *error)
{
	struct scope_settings *settings = &scope->settings;
	int failed = check_states(scope, connections, error);

	if (!failed && settings->by_lport)
		failed = complete_ports(scope->lports, &settings->lports, error);
	if (!failed && settings->by_rport)
		failed = complete_ports(scope->rports, &settings->rports, error);
	if (!failed)
		failed = check_prefixes(scope->laddrs, "local address", error);
	if (!failed)
		failed = check_prefixes(scope->raddrs, "remote address", error);
	if (!failed)
		failed = check_families(scope, error);
	if (!failed)
		failed = complete_roles(scope, error);
	if (!failed)
		failed = complete_causes(scope, connections, error);
	if (!failed)
		summarize(scope);
	return failed;
}
