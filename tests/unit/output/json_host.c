/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The members of --fleet, behind all others. */
#include "output/json_host.h"

#include <string.h>

#include "../core/text.h"

static void test_members(void **state)
{
	struct strbuf sb = text_new(4096);
	struct json_host host;

	(void)state;
	json_host_begin(&host, "web-1", "0f1e", 17);
	strbuf_append_literal(&sb, "{\"v\":1}\n");
	json_add_host(&sb, &host);
	strbuf_append_literal(&sb, "{\"v\":1}\n");
	json_add_host(&sb, &host);
	text_check(&sb, "{\"v\":1,\"host\":\"web-1\",\"boot_id\":\"0f1e\",\"run\":17,\"seq\":0}\n"
			"{\"v\":1,\"host\":\"web-1\",\"boot_id\":\"0f1e\",\"run\":17,\"seq\":1}\n");
	free(sb.data);
}

/* The longest host name, of bytes that need an escape. */
static void test_hostile_name(void **state)
{
	struct strbuf sb = text_new(4096);
	struct json_host host;
	char name[HOST_NAME_LENGTH + 1], boot_id[BOOT_ID_LENGTH + 1];

	(void)state;
	memset(name, 1, HOST_NAME_LENGTH);
	memset(boot_id, 'b', BOOT_ID_LENGTH);
	name[HOST_NAME_LENGTH] = boot_id[BOOT_ID_LENGTH] = '\0';
	json_host_begin(&host, name, boot_id, ~0ULL);
	assert_true(host.length + 20 <= JSON_HOST_MAX);
	host.seq = ~0ULL;
	strbuf_append_literal(&sb, "{\"v\":1}\n");
	json_add_host(&sb, &host);
	assert_true(sb.length <= strlen("{\"v\":1}\n") + JSON_HOST_MAX);
	assert_true(text_has(&sb, "\"host\":\"\\u0001\\u0001"));
	assert_true(text_has(&sb, "\"seq\":18446744073709551615}\n"));
	free(sb.data);
}

static void test_unknown_boot(void **state)
{
	struct strbuf sb = text_new(4096);
	struct json_host host;

	(void)state;
	json_host_begin(&host, "", "", 0);
	strbuf_append_literal(&sb, "{}\n");
	json_add_host(&sb, &host);
	assert_true(text_has(&sb, "\"host\":\"\",\"boot_id\":null,"));
	free(sb.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_hostile_name),
		cmocka_unit_test(test_unknown_boot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
