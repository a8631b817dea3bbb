/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "rtt_relay.h"

#include <poll.h>
#include <sched.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "require.h"

#define QUEUE_MAX  1024 /* packets on their way */
#define PACKET_MAX 2048 /* a TUN device's MTU is 1500 */

struct packet {
	uint64_t due_ns;
	enum wire_end from;
	size_t length;
	char bytes[PACKET_MAX];
};

/* The delay is the same for all: first in, first out. */
struct queue {
	struct packet packets[QUEUE_MAX];
	size_t first, count;
};

static void take_all(const struct rtt_relay *relay, struct queue *queue)
{
	for (enum wire_end from = WIRE_LEFT; from < WIRE_ENDS; from++) {
		while (queue->count < QUEUE_MAX) {
			struct packet *packet = &queue->packets[(queue->first + queue->count) % QUEUE_MAX];
			ssize_t length = read(relay->wire->devices[from], packet->bytes, PACKET_MAX);

			if (length <= 0)
				break;
			packet->length = (size_t)length;
			packet->from = from;
			packet->due_ns = now_ns() + relay->delay_ms * NS_PER_MS;
			queue->count++;
		}
	}
}

/* A packet that is refused is lost, which TCP knows how to live with. */
static void deliver_due(const struct rtt_relay *relay, struct queue *queue)
{
	while (queue->count && queue->packets[queue->first].due_ns <= now_ns()) {
		const struct packet *packet = &queue->packets[queue->first];

		if (write(relay->wire->devices[!packet->from], packet->bytes, packet->length) < 0) {
			/* lost */
		}
		queue->first = (queue->first + 1) % QUEUE_MAX;
		queue->count--;
	}
}

static void carry(int channel, void *context)
{
	static struct queue queue;
	const struct rtt_relay *relay = context;
	/* Not to be late on a busy machine; where that is not allowed it works all the same. */
	const struct sched_param soon = {.sched_priority = 1};
	struct pollfd ready[] = {{.fd = relay->wire->devices[0], .events = POLLIN},
				 {.fd = relay->wire->devices[1], .events = POLLIN}};

	sched_setscheduler(0, SCHED_FIFO, &soon);
	channel_send(channel, 0, -1);
	for (;;) {
		struct timespec left = {0}, *timeout = NULL;

		if (queue.count) {
			uint64_t due = queue.packets[queue.first].due_ns, now = now_ns();

			left.tv_nsec = due > now ? (long)((due - now) % NS_PER_SEC) : 0;
			timeout = &left;
		}
		ppoll(ready, 2, timeout, NULL);
		deliver_due(relay, &queue);
		take_all(relay, &queue);
	}
}

void rtt_relay_start(struct rtt_relay *relay, const struct wire *wire, unsigned int delay_ms)
{
	relay->wire = wire;
	relay->delay_ms = delay_ms;
	relay->helper = helper_start("tv-relay", carry, relay);
	channel_receive(relay->helper.channel, NULL);
}
