/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* connect() and close() through io_uring: all rows are there and belong to the program, not to a thread of the kernel.
 */
#include <errno.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/helper.h"
#include "lib/owners.h"
#include "lib/require.h"
#include "lib/run.h"
#include "lib/test.h"
#include "lib/traffic.h"

/* Two io_uring rings for one request at a time. */
struct ring {
	struct io_uring_params params;
	struct io_uring_sqe *requests;
	char *submitted, *completed;
	int fd;
};

static void *map_ring(const struct ring *ring, size_t size, off_t offset)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, offset);

	require(memory != MAP_FAILED, "mmap: %s", strerror(errno));
	return memory;
}

/* Returns 0 or a negative errno. */
static int ring_open(struct ring *ring)
{
	const struct io_uring_params *params = &ring->params;

	memset(ring, 0, sizeof(*ring));
	ring->fd = (int)syscall(__NR_io_uring_setup, 1, &ring->params);
	if (ring->fd < 0)
		return -errno;
	ring->submitted =
		map_ring(ring, params->sq_off.array + params->sq_entries * sizeof(uint32_t), IORING_OFF_SQ_RING);
	ring->completed = map_ring(ring, params->cq_off.cqes + params->cq_entries * sizeof(struct io_uring_cqe),
				   IORING_OFF_CQ_RING);
	ring->requests = map_ring(ring, params->sq_entries * sizeof(*ring->requests), IORING_OFF_SQES);
	return 0;
}

/* Waits for the end of the request. Returns its result. */
static int ring_run(struct ring *ring, const struct io_uring_sqe *request)
{
	uint32_t *tail = (uint32_t *)(ring->submitted + ring->params.sq_off.tail);
	uint32_t *head = (uint32_t *)(ring->completed + ring->params.cq_off.head);
	uint32_t mask = *(uint32_t *)(ring->completed + ring->params.cq_off.ring_mask);
	const struct io_uring_cqe *results = (void *)(ring->completed + ring->params.cq_off.cqes);
	int result;

	ring->requests[0] = *request;
	*(uint32_t *)(ring->submitted + ring->params.sq_off.array) = 0;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	require(syscall(__NR_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) == 1,
		"io_uring_enter: %s", strerror(errno));
	result = results[*head & mask].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return result;
}

enum way {
	IN_THE_CALL,
	IN_A_WORKER_THREAD,
	REGISTERED_FILE /* has no descriptor; the end of the process closes it */
};

struct scene {
	enum way way;
	uint16_t port;
};

static int open_registered(struct ring *ring)
{
	const struct io_uring_sqe request = {
		.opcode = IORING_OP_SOCKET, .fd = AF_INET, .off = SOCK_STREAM, .file_index = 1};
	int none = -1, ret;

	if (syscall(__NR_io_uring_register, ring->fd, IORING_REGISTER_FILES, &none, 1))
		return -errno;
	ret = ring_run(ring, &request);
	return ret < 0 ? ret : 0;
}

/* Says 0 or a negative errno about the way, and then connects and closes. */
static void client_process(int channel, void *context)
{
	const struct scene *scene = context;
	struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(scene->port)};
	struct io_uring_sqe request = {.opcode = IORING_OP_CONNECT, .addr = (uintptr_t)&peer, .off = sizeof(peer)};
	struct ring ring;
	int ret = ring_open(&ring);

	peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (!ret && scene->way == REGISTERED_FILE)
		ret = open_registered(&ring);
	channel_send(channel, ret, -1);
	if (ret)
		return;
	if (scene->way == REGISTERED_FILE)
		request.flags = IOSQE_FIXED_FILE;
	else
		request.fd = client_socket(IPV4);
	if (scene->way == IN_A_WORKER_THREAD)
		request.flags = IOSQE_ASYNC;
	ret = ring_run(&ring, &request);
	require(!ret, "connect() through io_uring: %s", strerror(-ret));
	channel_receive(channel, NULL);
	if (scene->way == REGISTERED_FILE)
		return;
	request = (struct io_uring_sqe){.opcode = IORING_OP_CLOSE, .fd = request.fd, .flags = request.flags};
	ret = ring_run(&ring, &request);
	require(!ret, "close() through io_uring: %s", strerror(-ret));
}

static void check_way(struct run *run, enum way way)
{
	struct scene scene = {.way = way};
	int listener, server, refused;
	struct helper client;

	run_start(run, NULL);
	listener = listen_on(IPV4, &scene.port);
	client = helper_start("tv-ring", client_process, &scene);
	refused = channel_receive(client.channel, NULL);
	if (refused) {
		close(listener);
		skip_because("this kernel's io_uring refuses that: %s", strerror(-refused));
	}
	server = accept_from(listener);
	channel_send(client.channel, 0, -1);
	receive_end(server);
	helper_wait(&client);
	close(server);
	close(listener);
	owners_check(run, &scene.port, 1);
	owners_expect(run, rows_find(&run->rows, scene.port, "CLOSE", "SYN_SENT", NULL), "connect()", "connect",
		      client.pid, "tv-ring");
	owners_expect(run, rows_find(&run->rows, scene.port, "ESTABLISHED", "FIN_WAIT1", NULL), "close()", "connect",
		      client.pid, "tv-ring");
	owners_expect_side(run, scene.port, false, client.pid, client.pid);
}

static void test_in_the_call(void **state)
{
	check_way(*state, IN_THE_CALL);
}

static void test_in_a_worker_thread(void **state)
{
	check_way(*state, IN_A_WORKER_THREAD);
}

static void test_registered_file(void **state)
{
	check_way(*state, REGISTERED_FILE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		measured_test(test_in_the_call),
		measured_test(test_in_a_worker_thread),
		measured_test(test_registered_file),
	};

	return cmocka_run_group_tests_name("io_uring", tests, run_group_setup, run_group_teardown);
}
