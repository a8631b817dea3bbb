/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "core/owner.h"

static const struct label names[OWNER_SOURCES] = {
	[OWNER_UNKNOWN] = LABEL("unknown"), [OWNER_CONNECT] = LABEL("connect"), [OWNER_LISTEN] = LABEL("listen"),
	[OWNER_ACCEPT] = LABEL("accept"),   [OWNER_USE] = LABEL("use"),         [OWNER_LISTENER] = LABEL("listener"),
	[OWNER_SEED] = LABEL("seed"),       [OWNER_KERNEL] = LABEL("kernel"),
};

const char *owner_source_name(unsigned int source)
{
	return names[source < OWNER_SOURCES ? source : OWNER_UNKNOWN].text;
}

char *owner_source_append(char *at, unsigned int source)
{
	return append_label(at, &names[source < OWNER_SOURCES ? source : OWNER_UNKNOWN]);
}
