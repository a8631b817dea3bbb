/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "netns.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "machine.h"
#include "require.h"

static void set_up_loopback(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	require(fd >= 0 && !ioctl(fd, SIOCSIFFLAGS, &request), "loopback does not come up");
	close(fd);
}

const char *netns_enter(struct netns *netns)
{
	const char *why = machine_refuses("netns");
	struct stat stat_buffer;

	netns->home = -1;
	if (why)
		return why;
	netns->home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	require(netns->home >= 0, "no /proc/self/ns/net");
	require(!unshare(CLONE_NEWNET), "no network namespace of its own");
	require(!stat("/proc/self/ns/net", &stat_buffer), "no /proc/self/ns/net");
	netns->inode = stat_buffer.st_ino;
	set_up_loopback();
	return NULL;
}

void netns_leave(struct netns *netns)
{
	if (netns->home < 0)
		return;
	if (setns(netns->home, CLONE_NEWNET))
		perror("cannot come home from a network namespace");
	close(netns->home);
	netns->home = -1;
}

void netns_set_port_range(uint16_t first, uint16_t last)
{
	int fd = open("/proc/sys/net/ipv4/ip_local_port_range", O_WRONLY | O_CLOEXEC);

	require(fd >= 0 && dprintf(fd, "%u %u\n", first, last) > 0, "cannot choose the port range");
	close(fd);
}
