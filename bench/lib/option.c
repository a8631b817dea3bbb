/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "option.h"

#include <stdint.h>
#include <string.h>

#include "core/parse.h"
#include "os/message.h"

int option_number(const char *what, const char *word, unsigned long min, unsigned long max, unsigned long *ret)
{
	struct parse_error error;
	uint64_t value;

	if (parse_u64(what, word, strlen(word), min, max, &value, &error) < 0) {
		message("%s", error.text);
		return -1;
	}
	*ret = value;
	return 0;
}

int option_choice(const char *what, const char *word, const char *const *names, size_t count, size_t *ret)
{
	struct parse_error error;
	char why[64] = "not one of";

	for (size_t i = 0; i < count; i++) {
		if (strcmp(word, names[i]) == 0) {
			*ret = i;
			return 0;
		}
		strncat(why, i ? ", " : " ", sizeof(why) - strlen(why) - 1);
		strncat(why, names[i], sizeof(why) - strlen(why) - 1);
	}
	parse_fail(&error, what, word, strlen(word), why);
	message("%s", error.text);
	return -1;
}
