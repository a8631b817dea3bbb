/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Runs a real BPF program in one thread while another thread waits for the end of the program. Needs root. */
#include "probe/grace.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#define PAGE 4096

/* The verifier follows each round: 1,000,000 instructions are its limit. */
#define ROUNDS 90000

enum progress {
	WAITING,
	RUNNING,
	ENDED
};

struct fixture {
	int map, program;
	volatile uint32_t *progress; /* written by the program */
};

#define INSN(code_, dst, src, offset, value)                                                                           \
	((struct bpf_insn){.code = (code_), .dst_reg = (dst), .src_reg = (src), .off = (offset), .imm = (value)})
#define CALL(function) INSN(BPF_JMP | BPF_CALL, 0, 0, 0, (function))

/* Runs for some 10 ms: it asks for the time again and again. */
static int load_program(int map)
{
	const struct bpf_insn code[] = {
		INSN(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_7, BPF_PSEUDO_MAP_VALUE, 0, map),
		INSN(0, 0, 0, 0, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_6, 0, 0, ROUNDS),
		INSN(BPF_ST | BPF_MEM | BPF_W, BPF_REG_7, 0, 0, RUNNING),
		CALL(BPF_FUNC_ktime_get_ns),
		CALL(BPF_FUNC_ktime_get_ns),
		CALL(BPF_FUNC_ktime_get_ns),
		CALL(BPF_FUNC_ktime_get_ns),
		CALL(BPF_FUNC_ktime_get_ns),
		CALL(BPF_FUNC_ktime_get_ns),
		CALL(BPF_FUNC_ktime_get_ns),
		CALL(BPF_FUNC_ktime_get_ns),
		INSN(BPF_ALU64 | BPF_ADD | BPF_K, BPF_REG_6, 0, 0, -1),
		INSN(BPF_JMP | BPF_JNE | BPF_K, BPF_REG_6, 0, -10, 0),
		INSN(BPF_ST | BPF_MEM | BPF_W, BPF_REG_7, 0, 0, ENDED),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};

	return bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "busy", "GPL", code, sizeof(code) / sizeof(code[0]), NULL);
}

static int setup(void **state)
{
	static struct fixture fixture;
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_MMAPABLE);

	fixture.map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "progress", sizeof(uint32_t), sizeof(uint64_t), 1, &options);
	if (fixture.map < 0)
		return errno == EPERM ? 0 : -1;
	fixture.program = load_program(fixture.map);
	fixture.progress = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fixture.map, 0);
	*state = &fixture;
	return fixture.program < 0 || fixture.progress == MAP_FAILED ? -1 : 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	if (!fixture)
		return 0;
	munmap((void *)fixture->progress, PAGE);
	close(fixture->program);
	close(fixture->map);
	return 0;
}

static void *run_program(void *argument)
{
	const struct fixture *fixture = argument;
	char packet[64] = {0};
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = packet, .data_size_in = sizeof(packet));

	bpf_prog_test_run_opts(fixture->program, &options);
	return NULL;
}

static void test_program_under_way(void **state)
{
	struct fixture *fixture = *state;

	if (!fixture)
		skip();
	for (int i = 0; i < 20; i++) {
		pthread_t thread;

		*fixture->progress = WAITING;
		assert_int_equal(pthread_create(&thread, NULL, run_program, fixture), 0);
		while (*fixture->progress == WAITING)
			;
		assert_int_equal(grace_wait(), 0);
		assert_int_equal(*fixture->progress, ENDED);
		pthread_join(thread, NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_program_under_way, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
