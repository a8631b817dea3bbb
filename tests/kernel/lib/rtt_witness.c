/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "rtt_witness.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "require.h"
#include "trace_instance.h"

#define EVENT "events/tcp/tcp_probe"

enum field {
	F_PID,
	F_SADDR,
	F_DADDR,
	F_SPORT,
	F_DPORT,
	F_SND_NXT,
	F_SND_UNA,
	F_SRTT,
	F_COOKIE,
	FIELDS
};

static const char *const field_names[FIELDS] = {"common_pid", "saddr",   "daddr", "sport",      "dport",
						"snd_nxt",    "snd_una", "srtt",  "sock_cookie"};

struct rtt_witness {
	struct trace_instance *instance;
	struct {
		size_t offset;
		size_t size;
	} fields[FIELDS];
	struct rtt_log *log; /* while reading */
	size_t capacity;
};

struct rtt_witness *rtt_witness_new(unsigned int buffer_kb_per_cpu, const char **ret_why)
{
	struct rtt_witness *witness;

	*ret_why = trace_instance_prepare();
	if (*ret_why)
		return NULL;
	witness = allocate(sizeof(*witness));
	memset(witness, 0, sizeof(*witness));
	witness->instance = trace_instance_new_for(EVENT, "probe", buffer_kb_per_cpu);
	for (size_t i = 0; i < FIELDS; i++)
		trace_instance_find_field(witness->instance, field_names[i], &witness->fields[i].offset,
					  &witness->fields[i].size);
	return witness;
}

void rtt_witness_free(struct rtt_witness *witness)
{
	if (!witness)
		return;
	trace_instance_free(witness->instance);
	free(witness);
}

void rtt_witness_start(struct rtt_witness *witness, uint16_t first_port, uint16_t last_port)
{
	char filter[160];

	snprintf(filter, sizeof(filter), "(sport >= %u && sport <= %u) || (dport >= %u && dport <= %u)", first_port,
		 last_port, first_port, last_port);
	trace_instance_set_filter(witness->instance, filter);
	trace_instance_start(witness->instance);
}

static uint64_t read_field(const struct rtt_witness *witness, enum field field, const uint8_t *data)
{
	uint64_t value = 0;

	memcpy(&value, data + witness->fields[field].offset, witness->fields[field].size);
	return value;
}

/* The fields are 28 bytes that hold a struct sockaddr_in or sockaddr_in6. Returns the IP version. */
static uint8_t read_address(const struct rtt_witness *witness, enum field field, const uint8_t *data,
			    uint8_t address[16])
{
	struct sockaddr_in6 v6;
	struct sockaddr_in v4;

	memset(address, 0, 16);
	memcpy(&v6, data + witness->fields[field].offset, sizeof(v6));
	memcpy(&v4, data + witness->fields[field].offset, sizeof(v4));
	if (v6.sin6_family == AF_INET6 && !IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
		memcpy(address, &v6.sin6_addr, 16);
		return 6;
	}
	memcpy(address, v6.sin6_family == AF_INET6 ? (uint8_t *)&v6.sin6_addr + 12 : (uint8_t *)&v4.sin_addr, 4);
	return 4;
}

/* Read while PID 1's threads that were there are still there: they live long. */
static bool is_thread_of_init(int id)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/1/task/%d", id);
	return id && !access(path, F_OK);
}

static void add_probe(uint64_t time_ns, const void *bytes, size_t size, void *context)
{
	struct rtt_witness *witness = context;
	const uint8_t *data = bytes;
	struct rtt_log *log = witness->log;
	struct rtt_probe *probe;

	require(size >= witness->fields[F_COOKIE].offset + witness->fields[F_COOKIE].size, "an event of %zu bytes",
		size);
	if (log->count == witness->capacity) {
		witness->capacity = witness->capacity ? 2 * witness->capacity : 1024;
		log->items = reallocate(log->items, witness->capacity * sizeof(*log->items));
	}
	probe = &log->items[log->count++];
	memset(probe, 0, sizeof(*probe));
	probe->time_ns = time_ns;
	probe->cookie = read_field(witness, F_COOKIE, data);
	probe->srtt_us = (uint32_t)read_field(witness, F_SRTT, data);
	probe->snd_una = (uint32_t)read_field(witness, F_SND_UNA, data);
	probe->snd_nxt = (uint32_t)read_field(witness, F_SND_NXT, data);
	probe->hideable = is_thread_of_init((int32_t)read_field(witness, F_PID, data));
	probe->tuple.lport = (uint16_t)read_field(witness, F_SPORT, data);
	probe->tuple.rport = (uint16_t)read_field(witness, F_DPORT, data);
	probe->tuple.ip_version = read_address(witness, F_DADDR, data, probe->tuple.raddr);
	read_address(witness, F_SADDR, data, probe->tuple.laddr);
}

static int compare_times(const void *left, const void *right)
{
	const struct rtt_probe *a = left, *b = right;

	return a->time_ns < b->time_ns ? -1 : a->time_ns > b->time_ns;
}

void rtt_witness_stop(struct rtt_witness *witness, struct rtt_log *ret_log)
{
	struct rtt_log log = {0};

	witness->log = &log;
	witness->capacity = 0;
	trace_instance_stop_with(witness->instance, add_probe, witness);
	if (log.count)
		qsort(log.items, log.count, sizeof(*log.items), compare_times);
	*ret_log = log;
}
