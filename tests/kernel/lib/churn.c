/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "churn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "helper.h"
#include "require.h"
#include "traffic.h"

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

#define CLIENT_NETWORK 0x7f010000

static int connect_from(uint16_t port, uint16_t host)
{
	struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(CLIENT_NETWORK | host)};
	int fd = client_socket(IPV4), yes = 1, error;

	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof(yes));
	require(!bind(fd, (const struct sockaddr *)&from, sizeof(from)), "cannot bind to 127.1.0.0/16");
	error = connect_socket(fd, IPV4, port);
	require(!error, "cannot connect: %s", strerror(-error));
	return fd;
}

static void churn_process(int channel, void *context)
{
	const unsigned int *connections = context;
	uint16_t port;
	int listener = listen_on(IPV4, &port);

	channel_send(channel, port, -1);
	channel_receive(channel, NULL);
	for (unsigned int i = 0; i < *connections; i++) {
		int client = connect_from(port, (uint16_t)(1 + i % 200));
		int server = accept_from(listener);

		if (i % 2) {
			close(client);
			receive_end(server);
			close(server);
		} else {
			close(server);
			receive_end(client);
			close(client);
		}
	}
	close(listener);
}

void churn_run(struct churn *churn, unsigned int connections)
{
	struct helper helpers[CHURN_PROCESSES];
	unsigned int each = connections / CHURN_PROCESSES;
	uint64_t start;

	for (size_t i = 0; i < CHURN_PROCESSES; i++) {
		helpers[i] = helper_start(CHURN_COMM, churn_process, &each);
		churn->pids[i] = helpers[i].pid;
		churn->ports[i] = (uint16_t)channel_receive(helpers[i].channel, NULL);
	}
	start = now_ns();
	for (size_t i = 0; i < CHURN_PROCESSES; i++)
		channel_send(helpers[i].channel, 0, -1);
	for (size_t i = 0; i < CHURN_PROCESSES; i++)
		helper_wait(&helpers[i]);
	churn->took_ns = now_ns() - start;
	settle(churn->ports, CHURN_PROCESSES);
}
