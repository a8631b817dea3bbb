/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Opens the output that the options ask for. */
#ifndef TCPVITALS_APP_OUTPUT_H
#define TCPVITALS_APP_OUTPUT_H

#include "os/command_options.h"
#include "output/sink.h"

/*
 * Opens the output, compressed if its name says so. 0, or a negative errno and a message on stderr. *ret_name is for
 * messages. If the sink was opened, even if the rest failed, ret->buffer.data is not NULL: call sink_close().
 */
int output_open(const struct command_options *options, struct sink *ret, int *ret_fd, const char **ret_name);

#endif
