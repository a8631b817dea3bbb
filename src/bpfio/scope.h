/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The scope's maps (abi/scope.h) in a BPF object; its settings are the object's own constants. */
#ifndef TCPVITALS_BPFIO_SCOPE_H
#define TCPVITALS_BPFIO_SCOPE_H

#include "core/scope.h"

struct bpf_object;

/* Before the object is loaded: makes room, and leaves out the maps and programs that are not used. 0 or a negative
 * errno. */
int scope_size_maps(const struct scope *scope, struct bpf_object *object);

/* After it is loaded, before it is attached. 0 or a negative errno. */
int scope_fill_maps(const struct scope *scope, const struct bpf_object *object);

#endif
