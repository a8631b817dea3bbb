/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "os/priority.h"

#include "os/clock.h"
#include "os/message.h"
#include "os/privileges.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/* The lowest real-time priority. Kernel threads and other real-time programs go first or take turns with the tool. */
#define RR_PRIORITY 1

#define NS_PER_S 1000000000ULL

/* CPU time in each period. The kernel checks CPU time only at ticks of its clock, so a slice is several ticks long. */
#define SLICE_NS  20000000ULL
#define PERIOD_NS (2 * SLICE_NS)

/* Global, because a signal handler gets no context. The tool has one thread. */
static struct {
	timer_t used;               /* expires when the slice is used up */
	timer_t over;               /* expires at the end of the period, once the slice is used up */
	volatile uint64_t since_ns; /* start of the period */
	volatile sig_atomic_t lowered;
} state;

/*
 * Sets the scheduling class. A child starts with the class that the tool was started with, at any time. Returns 0 or a
 * negative errno.
 */
static int set_class(bool raised)
{
	struct sched_param param = {.sched_priority = raised ? RR_PRIORITY : 0};
	int policy = (raised ? SCHED_RR : SCHED_OTHER) | SCHED_RESET_ON_FORK;

	return sched_setscheduler(0, policy, &param) ? -errno : 0;
}

static int start_slice(void)
{
	const struct itimerspec spec = {.it_value.tv_nsec = SLICE_NS, .it_interval.tv_nsec = SLICE_NS};

	return timer_settime(state.used, 0, &spec, NULL) ? -errno : 0;
}

static void wait_for_period(void)
{
	uint64_t end_ns = state.since_ns + PERIOD_NS;
	const struct itimerspec spec = {
		.it_value = {.tv_sec = (time_t)(end_ns / NS_PER_S), .tv_nsec = (long)(end_ns % NS_PER_S)},
	};

	timer_settime(state.over, TIMER_ABSTIME, &spec, NULL);
}

/* Handles both timers. A timer also interrupts long work: the histograms of a million groups, or an endless loop. */
static void handle_timer(int signal)
{
	uint64_t now_ns = clock_monotonic_ns();
	int saved = errno;

	(void)signal;
	if (now_ns - state.since_ns >= PERIOD_NS) {
		state.since_ns = now_ns;
		state.lowered = false;
		set_class(true);
		start_slice();
	} else if (!state.lowered) {
		state.lowered = true;
		set_class(false);
		wait_for_period();
	}
	errno = saved;
}

/* Starts the timers. From then on handle_timer() sets the class. Returns 0 or a negative errno. */
static int watch_slices(void)
{
	struct sigaction action = {.sa_handler = handle_timer, .sa_flags = SA_RESTART};
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGVTALRM};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGVTALRM);
	if (sigaction(SIGVTALRM, &action, NULL) || sigprocmask(SIG_UNBLOCK, &set, NULL))
		return -errno;
	if (timer_create(CLOCK_MONOTONIC, &event, &state.over) ||
	    timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &state.used))
		return -errno;
	return start_slice();
}

int priority_raise(void)
{
	int error;

	if (sched_getscheduler(0) != SCHED_OTHER || getpriority(PRIO_PROCESS, 0) != 0)
		return -EALREADY;
	error = set_class(true);
	if (error)
		return error;
	state.since_ns = clock_monotonic_ns();
	error = watch_slices();
	if (error)
		set_class(false);
	return error;
}

static const char *reason(int error)
{
	if (error != -EPERM)
		return strerror(-error);
	return privileges_set_priority() ? "its cgroup has no real-time budget, or a policy forbids it"
					 : "needs CAP_SYS_NICE";
}

void priority_begin(bool wanted, bool verbose)
{
	int error = wanted ? priority_raise() : 0;

	if (!wanted || !verbose)
		return;
	if (!error)
		message("runs in the real-time class (SCHED_RR), at most half of one CPU's time; --no-priority turns "
			"this off");
	else if (error == -EALREADY)
		message("keeps the scheduling class and the nice value of its start");
	else
		message("cannot use the real-time class (%s): more is lost while other programs take all CPUs",
			reason(error));
}
