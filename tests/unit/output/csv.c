/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* CSV of transitions against tests/golden, and fields with any name. */
#include "output/csv.h"

#include "core/append.h"
#include "records.h"

static struct column_list parse(const char *names)
{
	struct parse_error error;
	struct column_list list;

	assert_int_equal(column_list_parse(names, COLUMNS_OF_TRANSITIONS, &list, &error), 0);
	return list;
}

/* All columns of transitions and of stuck connections. */
static struct column_list all_of_rows(void)
{
	struct column_list list = {.count = COLUMN_START};

	for (size_t i = 0; i < list.count; i++)
		list.ids[i] = (uint8_t)i;
	return list;
}

static void test_golden(void **state)
{
	struct column_list list = column_list_default(COLUMN_STYLE_CSV, false, false);
	struct strbuf sb = text_new(1 << 16);

	(void)state;
	csv_header(&sb, &list);
	for (size_t i = 0; i < COUNT(records); i++)
		csv_row(&sb, &list, &records[i], NULL, &records_base);
	golden_check("transitions.csv", &sb);
}

static void test_all_columns_golden(void **state)
{
	struct column_list list = all_of_rows();
	struct strbuf sb = text_new(1 << 16);

	(void)state;
	csv_header(&sb, &list);
	for (size_t i = 0; i < COUNT(records); i++)
		csv_row(&sb, &list, &records[i], NULL, &records_base);
	golden_check("transitions.all.csv", &sb);
}

/* Unquotes one record; returns the number of fields, 0 when it is no single line of RFC 4180. */
static size_t count_fields(const char *row, size_t length)
{
	size_t fields = 1, i = 0;

	while (i < length && row[i] != '\n') {
		if (row[i] == '"') {
			for (i++; i < length && (row[i] != '"' || row[i + 1] == '"'); i++) {
				if (row[i] == '\n')
					return 0;
				i += row[i] == '"';
			}
			i++;
			if (i >= length || (row[i] != ',' && row[i] != '\n'))
				return 0;
		} else {
			while (i < length && row[i] != ',' && row[i] != '\n') {
				if (row[i++] == '"')
					return 0;
			}
		}
		if (row[i] == ',') {
			fields++;
			i++;
		}
	}
	return i + 1 == length ? fields : 0;
}

static void test_any_name_is_one_field(void **state)
{
	struct column_list list = column_list_default(COLUMN_STYLE_CSV, true, true);
	uint64_t seed = 11;

	(void)state;
	for (int i = 0; i < 50000; i++) {
		static const char few[] = "\",\n\r\\ a\xc3\xa4";
		struct transition event = records[0];
		struct strbuf sb = text_new(ROW_TEXT_MAX);

		for (int byte = 0; byte < OWNER_COMM_LEN; byte++) {
			uint64_t value = text_random(&seed);

			event.owner.comm[byte] = i % 2 ? (char)value : few[value % sizeof(few)];
		}
		csv_row(&sb, &list, &event, NULL, &records_base);
		assert_false(sb.overflow);
		assert_int_equal(count_fields(sb.data, sb.length), list.count);
		for (size_t j = 0; j + 1 < sb.length; j++)
			assert_true((unsigned char)sb.data[j] >= 0x20 && sb.data[j] != 0x7f);
		free(sb.data);
	}
}

static void test_single_column(void **state)
{
	struct column_list list = parse("comm");
	struct strbuf sb = text_new(2 * ROW_TEXT_MAX);

	(void)state;
	csv_header(&sb, &list);
	csv_row(&sb, &list, &records[0], NULL, &records_base);
	csv_row(&sb, &list, &records[2], NULL, &records_base); /* unknown */
	csv_row(&sb, &list, &records[4], NULL, &records_base);
	csv_row(&sb, &list, &records[7], NULL, &records_base); /* empty */
	text_check(&sb, "COMM\ncurl\n\n\"a,\"\"b\"\" \\\\n\"\n\"\"\n");
}

static void test_longest_row(void **state)
{
	struct column_list all = all_of_rows();

	(void)state;
	for (unsigned int variant = 0; variant < RECORDS_LONGEST; variant++) {
		struct transition event = records_longest(variant);
		struct strbuf sb = text_new(ROW_TEXT_MAX);

		csv_row(&sb, &all, &event, NULL, &(struct timebase){});
		assert_false(sb.overflow);
		assert_true(sb.length + APPEND_SLACK <= ROW_TEXT_MAX);
		assert_int_equal(count_fields(sb.data, sb.length), all.count);
		free(sb.data);
	}
}

/* A row that may not fit is dropped whole, and that is remembered. */
static void test_no_room(void **state)
{
	struct column_list list = column_list_default(COLUMN_STYLE_CSV, false, false);
	struct strbuf sb = text_new(ROW_TEXT_MAX - 1);

	(void)state;
	csv_row(&sb, &list, &records[0], NULL, &records_base);
	assert_true(sb.overflow);
	assert_int_equal(sb.length, 0);
	free(sb.data);
}

static void test_longest_names(void **state)
{
	struct column_list all = all_of_rows();
	struct transition event = records_longest(6);
	char room[4096];

	(void)state;
	for (unsigned int i = 0; i < RECORDS_LONGEST_NAMES; i++) {
		struct names names = records_longest_names(room, i);
		struct strbuf sb = text_new(ROW_TEXT_MAX + ROW_NAMES_MAX);

		csv_row(&sb, &all, &event, &names, &records_base);
		assert_false(sb.overflow);
		assert_int_equal(count_fields(sb.data, sb.length), all.count);
		free(sb.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_all_columns_golden),
		cmocka_unit_test(test_any_name_is_one_field),
		cmocka_unit_test(test_single_column),
		cmocka_unit_test(test_longest_row),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_longest_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
