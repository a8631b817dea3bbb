/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The words that options take, at the end of --help. */
#ifndef TCPVITALS_TCPSTATES_HELP_H
#define TCPVITALS_TCPSTATES_HELP_H

/* A help filter for struct argp: adds states, causes and columns from the tables that define them. argp frees the text.
 */
char *tcpstates_filter_help(int key, const char *text, void *input);

#endif
