/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "links.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netlink.h"
#include "require.h"
#include "traffic.h"
#include "veth.h"

const char *const link_names[LINKS] = {"left", "right"};

/* No addresses but the ones that the test gives: a namespace's new interfaces do as its default says. */
static void want_no_addresses(void)
{
	int fd = open("/proc/sys/net/ipv6/conf/default/addr_gen_mode", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		skip_because("this kernel has no IPv6");
	require(write(fd, "1", 1) == 1, "cannot turn off the automatic addresses");
	close(fd);
}

static void set_up(const char *name)
{
	struct ifreq request = {.ifr_flags = IFF_UP};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	strncpy(request.ifr_name, name, sizeof(request.ifr_name) - 1);
	require(fd >= 0 && !ioctl(fd, SIOCSIFFLAGS, &request), "%s does not come up", name);
	close(fd);
}

/* At once, without asking whether somebody has it already. */
static void add_address(const char *name, const char *text)
{
	struct ifaddrmsg address = {.ifa_family = AF_INET6,
				    .ifa_prefixlen = 64,
				    .ifa_flags = IFA_F_NODAD,
				    .ifa_index = if_nametoindex(name)};
	struct netlink_message message;
	struct in6_addr bytes;
	int error;

	require(inet_pton(AF_INET6, text, &bytes) == 1, "%s is no address", text);
	netlink_begin(&message, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
	netlink_put(&message, &address, sizeof(address));
	netlink_put_attribute(&message, IFA_LOCAL, &bytes, sizeof(bytes));
	error = netlink_ask(NETLINK_ROUTE, &message, NULL);
	require(!error, "%s does not take %s: %s", name, text, strerror(-error));
}

static void furnish(const char *address, uint32_t ifindex[LINKS])
{
	for (unsigned int i = 0; i < LINKS; i++) {
		set_up(link_names[i]);
		add_address(link_names[i], address);
		ifindex[i] = if_nametoindex(link_names[i]);
	}
}

static void enter(int fd)
{
	require(!setns(fd, CLONE_NEWNET), "cannot enter the namespace");
}

static int open_current(void)
{
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	require(fd >= 0, "no /proc/thread-self/ns/net");
	return fd;
}

const char *links_enter(struct links *links)
{
	const char *why;

	*links = LINKS_NONE;
	why = netns_enter(&links->far);
	if (why)
		return why;
	want_no_addresses();
	links->far_fd = open_current();
	netns_leave(&links->far);
	why = netns_enter(&links->near);
	if (why)
		return why;
	want_no_addresses();
	links->near_fd = open_current();
	for (unsigned int i = 0; i < LINKS; i++) {
		int error = veth_add(link_names[i], links->far_fd);

		if (error == -EOPNOTSUPP)
			return "this kernel has no veth";
		require(!error, "no veth: %s", strerror(-error));
	}
	enter(links->far_fd);
	furnish(LINKS_FAR, links->far_ifindex);
	enter(links->near_fd);
	furnish(LINKS_NEAR, links->near_ifindex);
	return NULL;
}

void links_leave(struct links *links)
{
	netns_leave(&links->near);
	netns_leave(&links->far);
	if (links->near_fd >= 0)
		close(links->near_fd);
	if (links->far_fd >= 0)
		close(links->far_fd);
	*links = LINKS_NONE;
}

int links_listen(const struct links *links, uint16_t port)
{
	const struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	int listener;

	enter(links->far_fd);
	listener = client_socket(IPV6);
	require(!bind(listener, (const struct sockaddr *)&address, sizeof(address)) && !listen(listener, 16),
		"cannot listen at the far end");
	enter(links->near_fd);
	return listener;
}

int links_connect(const struct links *links, unsigned int link, uint16_t port)
{
	struct sockaddr_in6 address = {
		.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_scope_id = links->near_ifindex[link]};
	int client = client_socket(IPV6);

	inet_pton(AF_INET6, LINKS_FAR, &address.sin6_addr);
	require(!connect(client, (const struct sockaddr *)&address, sizeof(address)), "cannot connect over %s: %s",
		link_names[link], strerror(errno));
	return client;
}
