/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/stuck.h"

#include "abi/tcp_state.h"
#include "core/scope.h"
#include "core/tcp_state.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

static const uint8_t states_of_connections[] = {STATE_SYN_SENT,   STATE_ESTABLISHED, STATE_FIN_WAIT1, STATE_FIN_WAIT2,
						STATE_CLOSE_WAIT, STATE_CLOSING,     STATE_LAST_ACK};

/* States without a connection, and states that no socket shows. */
static const struct {
	const char *name;
	const char *why;
} others[] = {
	{"TIME_WAIT", "has no socket any more, so --stuck cannot show it; try: ss -tan state time-wait"},
	{"SYN_RECV", "has no socket yet, so --stuck cannot show it; try: ss -tan state syn-recv"},
	{"LISTEN", "is the state of listening sockets, which are no connections; try: ss -tln"},
	{"CLOSE", "is the state of a socket without a connection; leave it out"},
};

static bool word_is(const char *word, size_t length, const char *name)
{
	return strlen(name) == length && !strncasecmp(word, name, length);
}

static const char *why_not(const char *word, size_t length)
{
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (word_is(word, length, others[i].name))
			return others[i].why;
	}
	return "not one of SYN_SENT, ESTABLISHED, FIN_WAIT1, FIN_WAIT2, CLOSE_WAIT, CLOSING, LAST_ACK";
}

static uint16_t state_bit(const char *word, size_t length)
{
	for (size_t i = 0; i < sizeof(states_of_connections); i++) {
		if (word_is(word, length, tcp_state_name(states_of_connections[i])))
			return (uint16_t)(1U << states_of_connections[i]);
	}
	return 0;
}

int stuck_parse_states(const char *text, uint16_t *states, struct parse_error *error)
{
	uint16_t bits = 0;
	const char *word;
	size_t length;

	while (scope_next_word(&text, &word, &length)) {
		uint16_t bit = state_bit(word, length);

		if (!bit)
			return parse_fail(error, "state", word, length, why_not(word, length));
		bits |= bit;
	}
	*states |= bits;
	return 0;
}
