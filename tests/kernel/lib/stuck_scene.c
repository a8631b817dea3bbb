/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "stuck_scene.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "helper.h"
#include "require.h"
#include "traffic.h"

struct stuck_victim stuck_enter(const char *state, int fd, uint16_t rport, uint64_t before_ns)
{
	if (fd >= 0)
		wait_for_state(fd, state);
	return (struct stuck_victim){
		.state = state, .lport = local_port(fd), .rport = rport, .before_ns = before_ns, .after_ns = now_ns()};
}

struct wire_pair stuck_open_pair(int listener)
{
	struct wire_pair pair = {.listener = listener, .client = wire_connect(&test_wire)};

	wire_pair_establish(&test_wire, &pair);
	return pair;
}

void stuck_half_close(const struct wire_pair *pair)
{
	shutdown(pair->client, SHUT_WR);
	wire_carry(&test_wire);
	wait_for_state(pair->server, "CLOSE_WAIT");
	wait_for_state(pair->client, "FIN_WAIT2");
}

/* Both FINs arrive, their ACKs do not. */
static void cross(const struct wire_pair *pair)
{
	char packets[WIRE_ENDS][2048];
	size_t lengths[WIRE_ENDS];

	shutdown(pair->client, SHUT_WR);
	shutdown(pair->server, SHUT_WR);
	for (enum wire_end end = WIRE_LEFT; end < WIRE_ENDS; end++)
		lengths[end] = wire_take(&test_wire, end, packets[end], sizeof(packets[end]));
	for (enum wire_end end = WIRE_LEFT; end < WIRE_ENDS; end++)
		wire_give(&test_wire, !end, packets[end], lengths[end]);
}

/* The order matters: once a FIN or SYN is to go unanswered, nothing may be carried any more. */
void stuck_play(struct stuck_scene *scene)
{
	int listener = wire_listen(&test_wire);
	struct stuck_victim *victims = scene->victims;
	uint64_t before_ns = now_ns();

	scene->idle = stuck_open_pair(listener);
	victims[ESTABLISHED_END] = stuck_enter("ESTABLISHED", scene->idle.client, WIRE_SERVER_PORT, before_ns);
	scene->half_closed = stuck_open_pair(listener);
	scene->crossing = stuck_open_pair(listener);
	scene->closed = stuck_open_pair(listener);
	scene->closing = stuck_open_pair(listener);

	stuck_half_close(&scene->closed);
	before_ns = now_ns();
	stuck_half_close(&scene->half_closed);
	victims[CLOSE_WAIT_END] =
		stuck_enter("CLOSE_WAIT", scene->half_closed.server, local_port(scene->half_closed.client), before_ns);
	victims[FIN_WAIT2_END] = stuck_enter("FIN_WAIT2", scene->half_closed.client, WIRE_SERVER_PORT, before_ns);
	before_ns = now_ns();
	cross(&scene->crossing);
	victims[CLOSING_END] = stuck_enter("CLOSING", scene->crossing.client, WIRE_SERVER_PORT, before_ns);
	before_ns = now_ns();
	shutdown(scene->closed.server, SHUT_WR);
	victims[LAST_ACK_END] =
		stuck_enter("LAST_ACK", scene->closed.server, local_port(scene->closed.client), before_ns);
	before_ns = now_ns();
	shutdown(scene->closing.client, SHUT_WR);
	victims[FIN_WAIT1_END] = stuck_enter("FIN_WAIT1", scene->closing.client, WIRE_SERVER_PORT, before_ns);
	before_ns = now_ns();
	scene->connecting = wire_connect(&test_wire);
	victims[SYN_SENT_END] = stuck_enter("SYN_SENT", scene->connecting, WIRE_SERVER_PORT, before_ns);
	victims[LAST_ACK_END].began_here = victims[FIN_WAIT1_END].began_here = true;
}

void stuck_open_wire(struct stuck_scene *scene)
{
	const char *why = wire_open(&test_wire);

	if (why)
		skip_because("%s", why);
	snprintf(scene->namespaces, sizeof(scene->namespaces), "--netns=%llu,%llu",
		 (unsigned long long)test_wire.netns[WIRE_LEFT], (unsigned long long)test_wire.netns[WIRE_RIGHT]);
}

/* Somebody who lives there. */
static void settler(int channel, void *context)
{
	wire_enter(&test_wire, *(const enum wire_end *)context);
	channel_send(channel, 0, -1);
	channel_receive(channel, NULL);
}

void stuck_populate(void)
{
	for (enum wire_end end = WIRE_LEFT; end < WIRE_ENDS; end++)
		channel_receive(helper_start("tv-settler", settler, &end).channel, NULL);
}

void stuck_close_pair(const struct wire_pair *pair)
{
	abort_socket(pair->client);
	abort_socket(pair->server);
}

void stuck_leave(struct stuck_scene *scene)
{
	stuck_close_pair(&scene->idle);
	stuck_close_pair(&scene->half_closed);
	stuck_close_pair(&scene->crossing);
	stuck_close_pair(&scene->closed);
	stuck_close_pair(&scene->closing);
	close(scene->connecting);
	close(scene->idle.listener);
}
