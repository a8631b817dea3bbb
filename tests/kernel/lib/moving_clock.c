/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "moving_clock.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "require.h"

#define ALARM "/sys/class/rtc/rtc0/wakealarm"
#define SLEEP "/sys/power/mem_sleep"
#define STATE "/sys/power/state"

/* An alarm that comes before the machine sleeps does not wake it. */
#define ALARM_SECONDS "+5"

static int64_t stepped_ns;

static int64_t read_ns(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (int64_t)time.tv_sec * (int64_t)NS_PER_SEC + time.tv_nsec;
}

void need_own_clock(void)
{
	if (!is_guest())
		skip_because("the clock of this machine is not the tests' own: only in guests of tests/vm");
}

void need_suspend(void)
{
	char modes[64] = "";
	int fd;

	need_own_clock();
	fd = open(SLEEP, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, modes, sizeof(modes) - 1) <= 0 || !strstr(modes, "[deep]"))
		skip_because("no suspend to RAM: %s has no [deep]", SLEEP);
	close(fd);
	if (access(ALARM, W_OK))
		skip_because("no RTC that wakes the machine: no %s", ALARM);
}

int64_t wall_ns(void)
{
	return read_ns(CLOCK_REALTIME);
}

void clock_step(int64_t step_ns)
{
	int64_t now_ns = wall_ns() + step_ns;
	struct timespec time = {.tv_sec = now_ns / (int64_t)NS_PER_SEC, .tv_nsec = now_ns % (int64_t)NS_PER_SEC};

	require(is_guest(), "that would step the clock of this machine");
	require(!clock_settime(CLOCK_REALTIME, &time), "the clock cannot be set");
	stepped_ns += step_ns;
}

void clock_restore(void)
{
	if (stepped_ns)
		clock_step(-stepped_ns);
}

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	require(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), "%s does not take \"%s\"", path,
		text);
	close(fd);
}

static int64_t suspended_ns(void)
{
	int64_t monotonic_ns = read_ns(CLOCK_MONOTONIC);

	return read_ns(CLOCK_BOOTTIME) - monotonic_ns;
}

int64_t machine_suspend(void)
{
	int64_t before_ns = suspended_ns();

	require(is_guest(), "that would suspend this machine");
	write_text(ALARM, "0");
	write_text(ALARM, ALARM_SECONDS);
	write_text(STATE, "mem");
	return suspended_ns() - before_ns;
}
