/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Causes: names, and the cause for each combination of what the kernel shows at the end of a connection. */
#include "core/cause.h"

#include "text.h"

#define STATES 16
#define ERRORS 134 /* EHWPOISON is the last one */

/* An orphan in close(). */
#define CLOSED (CAUSE_IS_OWNED | CAUSE_IS_DEAD | CAUSE_IS_CLOSING)

static enum cause decide(__u8 oldstate, __u32 error, __u32 bits)
{
	const struct cause_facts facts = {.oldstate = oldstate, .error = error, .bits = bits};

	return cause_decide(&facts);
}

static void test_names(void **state)
{
	(void)state;
	assert_null(cause_name(CAUSE_NONE));
	assert_string_equal(cause_name(CAUSE_FIN_REMOTE), "fin-remote");
	assert_string_equal(cause_name(CAUSE_TIMEOUT_RETRANSMISSION), "timeout-retransmission");
	assert_string_equal(cause_name(CAUSES), "unknown");
	assert_string_equal(cause_name(255), "unknown");
	for (unsigned int cause = 1; cause < CAUSES; cause++) {
		assert_non_null(cause_name(cause));
		for (unsigned int other = 1; other < cause; other++)
			assert_string_not_equal(cause_name(cause), cause_name(other));
	}
}

static void test_put(void **state)
{
	(void)state;
	for (unsigned int cause = 0; cause < 256; cause++) {
		const char *name = cause_name(cause);
		char text[2 * APPEND_SLACK];

		*cause_append(text, cause) = '\0';
		assert_string_equal(text, name ? name : "");
	}
}

/* The kernel's values in each case, as tests/kernel/cause.c makes it for real. */
static const struct {
	enum cause cause;
	__u8 oldstate;
	__u32 error;
	__u32 bits;
} scenes[] = {
	{CAUSE_CLOSED, STATE_LISTEN, 0, CAUSE_IS_OWNED | CAUSE_HAS_FILE | CAUSE_IS_CLOSING},
	{CAUSE_FIN_REMOTE, STATE_LAST_ACK, 0, CAUSE_IS_DEAD | CAUSE_HAS_FIN | CAUSE_IS_ACKED},
	/* an ICMP error of long ago that nobody has read */
	{CAUSE_FIN_REMOTE, STATE_LAST_ACK, CAUSE_EHOSTUNREACH, CAUSE_HAS_FIN | CAUSE_IS_ACKED},
	{CAUSE_RESET_RECEIVED, STATE_LAST_ACK, CAUSE_ECONNRESET, CAUSE_IS_DEAD | CAUSE_HAS_FIN},
	{CAUSE_OUT_OF_MEMORY, STATE_LAST_ACK, 0, CAUSE_IS_DEAD | CAUSE_HAS_FIN},
	{CAUSE_OUT_OF_MEMORY, STATE_FIN_WAIT1, 0, CAUSE_IS_DEAD},
	{CAUSE_TIME_WAIT, STATE_FIN_WAIT2, 0, CAUSE_HAS_FIN | CAUSE_HAS_FILE | CAUSE_IS_ACKED},
	{CAUSE_TIME_WAIT, STATE_CLOSING, 0, CAUSE_IS_DEAD | CAUSE_HAS_FIN | CAUSE_IS_ACKED},
	{CAUSE_FIN_WAIT2_ORPHAN, STATE_FIN_WAIT2, 0, CAUSE_IS_DEAD | CAUSE_IS_ACKED},
	{CAUSE_RESET_SENT, STATE_FIN_WAIT2, 0, CAUSE_IS_DEAD | CAUSE_IS_ACKED | CAUSE_RESETS_IN_FIN},
	/* the same three by close(), which still has the lock */
	{CAUSE_FIN_WAIT2_ORPHAN, STATE_FIN_WAIT2, 0, CLOSED | CAUSE_IS_ACKED},
	{CAUSE_RESET_SENT, STATE_FIN_WAIT2, 0, CLOSED | CAUSE_IS_ACKED | CAUSE_RESETS_IN_FIN},
	{CAUSE_OUT_OF_MEMORY, STATE_FIN_WAIT1, 0, CLOSED},
	/* and by SO_LINGER of 0, which comes before the orphan */
	{CAUSE_ABORTED, STATE_FIN_WAIT2, 0, CAUSE_IS_OWNED | CAUSE_HAS_FILE | CAUSE_IS_CLOSING | CAUSE_IS_ACKED},
	{CAUSE_RESET_RECEIVED, STATE_CLOSE_WAIT, CAUSE_EPIPE, CAUSE_HAS_FILE | CAUSE_HAS_FIN},
	{CAUSE_REFUSED, STATE_SYN_SENT, CAUSE_ECONNREFUSED, CAUSE_HAS_FILE | CAUSE_HAS_SENT},
	{CAUSE_TIMEOUT_CONNECT, STATE_SYN_SENT, CAUSE_ETIMEDOUT, CAUSE_HAS_FILE | CAUSE_IS_RETRANSMITTING},
	{CAUSE_UNREACHABLE, STATE_SYN_SENT, CAUSE_EHOSTUNREACH, CAUSE_HAS_FILE},
	/* ICMP: source route failed, parameter problem, port unreachable for a connection */
	{CAUSE_UNREACHABLE, STATE_SYN_SENT, CAUSE_EOPNOTSUPP, CAUSE_HAS_FILE | CAUSE_HAS_SENT},
	{CAUSE_UNREACHABLE, STATE_SYN_SENT, CAUSE_EPROTO, CAUSE_HAS_FILE | CAUSE_HAS_SENT},
	{CAUSE_UNREACHABLE, STATE_ESTABLISHED, CAUSE_ECONNREFUSED, CAUSE_HAS_FILE | CAUSE_IS_RETRANSMITTING},
	{CAUSE_ABANDONED, STATE_SYN_SENT, 0,
	 CAUSE_IS_OWNED | CAUSE_HAS_FILE | CAUSE_HAS_SENT | CAUSE_HAS_PORT | CAUSE_HAS_SEQUENCE},
	/* connect(): every port is taken, also for a used socket; that pair of addresses is; anything else */
	{CAUSE_NO_PORT, STATE_SYN_SENT, 0, CAUSE_IS_OWNED | CAUSE_HAS_FILE},
	{CAUSE_NO_PORT, STATE_SYN_SENT, 0, CAUSE_IS_OWNED | CAUSE_HAS_FILE | CAUSE_HAS_SEQUENCE},
	{CAUSE_ADDRESS_IN_USE, STATE_SYN_SENT, 0, CAUSE_IS_OWNED | CAUSE_HAS_FILE | CAUSE_HAS_PORT | CAUSE_IS_BOUND},
	{CAUSE_LOCAL_ERROR, STATE_SYN_SENT, 0, CAUSE_IS_OWNED | CAUSE_HAS_FILE | CAUSE_HAS_PORT},
	{CAUSE_LOCAL_ERROR, STATE_SYN_SENT, 0,
	 CAUSE_IS_OWNED | CAUSE_HAS_FILE | CAUSE_HAS_PORT | CAUSE_IS_BOUND | CAUSE_HAS_SEQUENCE},
	/* close() in repair mode, also with unread data; what else ends the socket there goes by its own name
	 */
	{CAUSE_REPAIR, STATE_ESTABLISHED, 0, CAUSE_IS_OWNED | CAUSE_HAS_FILE | CAUSE_IS_CLOSING | CAUSE_IS_REPAIRED},
	{CAUSE_REPAIR, STATE_CLOSE_WAIT, 0,
	 CAUSE_IS_OWNED | CAUSE_HAS_FILE | CAUSE_IS_CLOSING | CAUSE_HAS_UNREAD | CAUSE_IS_REPAIRED},
	{CAUSE_NO_PORT, STATE_SYN_SENT, 0, CAUSE_IS_OWNED | CAUSE_HAS_FILE | CAUSE_IS_REPAIRED},
	{CAUSE_RESET_RECEIVED, STATE_ESTABLISHED, CAUSE_ECONNRESET, CAUSE_HAS_FILE | CAUSE_IS_REPAIRED},
	{CAUSE_TIMEOUT_RETRANSMISSION, STATE_ESTABLISHED, CAUSE_ETIMEDOUT, CAUSE_IS_RETRANSMITTING},
	{CAUSE_TIMEOUT_USER, STATE_ESTABLISHED, CAUSE_ETIMEDOUT, CAUSE_IS_RETRANSMITTING | CAUSE_HAS_USER_TIMEOUT},
	/* every probe was answered, and the window stayed closed */
	{CAUSE_TIMEOUT_USER, STATE_ESTABLISHED, CAUSE_ETIMEDOUT, CAUSE_HAS_UNSENT | CAUSE_HAS_USER_TIMEOUT},
	/* it was closed over what had been sent */
	{CAUSE_TIMEOUT_RETRANSMISSION, STATE_ESTABLISHED, CAUSE_ETIMEDOUT, CAUSE_HAS_UNSENT},
	{CAUSE_TIMEOUT, STATE_ESTABLISHED, CAUSE_ETIMEDOUT, CAUSE_IS_ACKED},
	{CAUSE_TIMEOUT_KEEPALIVE, STATE_ESTABLISHED, CAUSE_ETIMEDOUT, CAUSE_IS_PROBING},
	{CAUSE_TIMEOUT_PROBE, STATE_ESTABLISHED, CAUSE_ETIMEDOUT, CAUSE_IS_PROBING | CAUSE_HAS_UNSENT},
	{CAUSE_ABORTED, STATE_ESTABLISHED, CAUSE_ECONNABORTED, CAUSE_IS_OWNED | CAUSE_HAS_FILE},
	{CAUSE_ABORTED, STATE_ESTABLISHED, 0, CAUSE_IS_OWNED | CAUSE_HAS_FILE | CAUSE_IS_CLOSING},
	{CAUSE_UNREAD_DATA, STATE_ESTABLISHED, 0,
	 CAUSE_IS_OWNED | CAUSE_HAS_FILE | CAUSE_IS_CLOSING | CAUSE_HAS_UNREAD},
	/* connect(AF_UNSPEC) does not look at what is unread */
	{CAUSE_ABORTED, STATE_ESTABLISHED, 0, CAUSE_IS_OWNED | CAUSE_HAS_FILE | CAUSE_HAS_UNREAD},
	{CAUSE_LISTENER_CLOSED, STATE_ESTABLISHED, 0, 0},
	{CAUSE_LISTENER_CLOSED, STATE_CLOSE_WAIT, 0, CAUSE_HAS_FIN | CAUSE_HAS_UNREAD},
	{CAUSE_RESET_RECEIVED, STATE_ESTABLISHED, CAUSE_ECONNRESET, 0},
	{CAUSE_UNKNOWN, STATE_ESTABLISHED, 0, CAUSE_HAS_FILE},
};
static void test_scenes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(scenes); i++)
		assert_string_equal(cause_name(decide(scenes[i].oldstate, scenes[i].error, scenes[i].bits)),
				    cause_name(scenes[i].cause));
}

static bool is_orderly(__u8 oldstate, __u32 bits)
{
	return oldstate == STATE_LISTEN || (oldstate == STATE_LAST_ACK && bits & CAUSE_IS_ACKED) ||
	       (oldstate == STATE_CLOSING && bits & CAUSE_IS_ACKED) ||
	       (oldstate == STATE_FIN_WAIT2 && bits & CAUSE_HAS_FIN);
}

/* Rules for any answer, whatever the input. */
static void check(enum cause cause, __u8 oldstate, __u32 error, __u32 bits)
{
	bool connecting = oldstate == STATE_SYN_SENT;
	bool failed_to_connect = cause == CAUSE_NO_PORT || cause == CAUSE_ADDRESS_IN_USE;
	bool timed_out = cause >= CAUSE_TIMEOUT && cause <= CAUSE_TIMEOUT_USER;

	assert_int_equal(cause == CAUSE_NONE, oldstate == STATE_CLOSE);
	if (cause == CAUSE_NONE)
		return;
	assert_true(cause < CAUSES);
	assert_true(cause != CAUSE_FIN_LOCAL && cause != CAUSE_FIN_BOTH);
	assert_int_equal(is_orderly(oldstate, bits),
			 cause == CAUSE_CLOSED || cause == CAUSE_FIN_REMOTE || cause == CAUSE_TIME_WAIT);
	if (is_orderly(oldstate, bits))
		return;
	if (cause == CAUSE_REFUSED || cause == CAUSE_ABANDONED || cause == CAUSE_TIMEOUT_CONNECT)
		assert_true(connecting);
	assert_int_equal(timed_out, error == CAUSE_ETIMEDOUT);
	assert_int_equal(cause == CAUSE_RESET_RECEIVED, error == CAUSE_ECONNRESET || error == CAUSE_EPIPE);
	if (error) {
		assert_true(timed_out || cause == CAUSE_ABORTED || cause == CAUSE_REFUSED ||
			    cause == CAUSE_RESET_RECEIVED || cause == CAUSE_UNREACHABLE || cause == CAUSE_LOCAL_ERROR);
		return;
	}
	/* Without an error, a process that uses the socket is to blame, and nobody else is blamed for it. */
	assert_int_equal((bits & (CAUSE_IS_OWNED | CAUSE_IS_DEAD)) == CAUSE_IS_OWNED,
			 cause == CAUSE_ABORTED || cause == CAUSE_ABANDONED || cause == CAUSE_LOCAL_ERROR ||
				 cause == CAUSE_UNREAD_DATA || cause == CAUSE_REPAIR || failed_to_connect);
	assert_int_equal(failed_to_connect || (cause == CAUSE_LOCAL_ERROR),
			 connecting && (bits & (CAUSE_IS_OWNED | CAUSE_IS_DEAD | CAUSE_HAS_SENT)) == CAUSE_IS_OWNED);
	if (cause == CAUSE_REPAIR)
		assert_true(bits & CAUSE_IS_REPAIRED);
	if (cause == CAUSE_OUT_OF_MEMORY || cause == CAUSE_FIN_WAIT2_ORPHAN || cause == CAUSE_RESET_SENT)
		assert_true(bits & CAUSE_IS_DEAD);
	if (cause == CAUSE_LISTENER_CLOSED)
		assert_false(bits & (CAUSE_IS_DEAD | CAUSE_HAS_FILE));
}

/* None, each that means something, and one that does not. */
static const __u32 errors[] = {
	0,
	CAUSE_EACCES,
	CAUSE_EPIPE,
	CAUSE_ENONET,
	CAUSE_EPROTO,
	CAUSE_ENOPROTOOPT,
	CAUSE_EOPNOTSUPP,
	CAUSE_ENETDOWN,
	CAUSE_ENETUNREACH,
	CAUSE_ECONNABORTED,
	CAUSE_ECONNRESET,
	CAUSE_ETIMEDOUT,
	CAUSE_ECONNREFUSED,
	CAUSE_EHOSTDOWN,
	CAUSE_EHOSTUNREACH,
	1,
};

static bool means_something(__u32 error)
{
	for (size_t i = 0; i < COUNT(errors) - 1; i++) {
		if (errors[i] == error)
			return true;
	}
	return false;
}

static void test_everything(void **state)
{
	bool seen[CAUSES] = {};

	(void)state;
	for (unsigned int oldstate = 0; oldstate < STATES; oldstate++) {
		for (size_t i = 0; i < COUNT(errors); i++) {
			for (__u32 bits = 0; bits < CAUSE_BITS; bits++) {
				enum cause cause = decide(oldstate, errors[i], bits);

				check(cause, oldstate, errors[i], bits);
				seen[cause] = true;
			}
		}
	}
	for (unsigned int cause = CAUSE_UNKNOWN; cause < CAUSES; cause++)
		assert_int_equal(seen[cause], cause != CAUSE_FIN_LOCAL && cause != CAUSE_FIN_BOTH);
}

/* All other errors are alike. */
static void test_other_errors(void **state)
{
	(void)state;
	for (__u32 error = 1; error < ERRORS; error++) {
		for (__u32 bit = 0; !means_something(error) && bit < CAUSE_BITS; bit = bit ? bit * 2 : 1) {
			for (unsigned int oldstate = 0; oldstate < STATES; oldstate++)
				assert_int_equal(decide(oldstate, error, bit), decide(oldstate, 1, bit));
		}
	}
}

/* Where the whole connection is looked at, TIME_WAIT is no end. */
static void test_of_connections(void **state)
{
	(void)state;
	assert_int_equal(cause_of_connection(CAUSE_TIME_WAIT, STATE_FIN_WAIT2), CAUSE_FIN_LOCAL);
	assert_int_equal(cause_of_connection(CAUSE_TIME_WAIT, STATE_CLOSING), CAUSE_FIN_BOTH);
	assert_int_equal(cause_of_connection(CAUSE_NONE, STATE_ESTABLISHED), CAUSE_UNKNOWN);
	assert_int_equal(cause_of_connection(CAUSE_FIN_WAIT2_ORPHAN, STATE_FIN_WAIT2), CAUSE_FIN_LOCAL);
	for (unsigned int cause = CAUSE_UNKNOWN; cause < CAUSES; cause++)
		if (cause != CAUSE_TIME_WAIT && cause != CAUSE_FIN_WAIT2_ORPHAN)
			assert_int_equal(cause_of_connection((__u8)cause, STATE_CLOSING), cause);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of_connections),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_put),
		cmocka_unit_test(test_scenes),
		cmocka_unit_test(test_everything),
		cmocka_unit_test(test_other_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
