/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The scope's maps (abi/scope.h) in a BPF object; its settings are the object's own constants. */
#ifndef TCPVITALS_PROBE_SCOPE_H
#define TCPVITALS_PROBE_SCOPE_H

#include "core/scope.h"

struct bpf_object;
struct probe;

/* What there is to do without where tree_free is refused (probe/optional.h), which a command's processes leave by. */
#define SCOPE_WITHOUT_TREE_FREE "processes of the command that have ended take the room of later ones"

/* Likewise of cgroup_made, which knows a cgroup that is made again. */
#define SCOPE_WITHOUT_CGROUP_MADE "a cgroup of --cgroup that is made again is not watched for its first second"

/* Before the object is loaded: makes room, and leaves out the maps and programs that are not used. 0 or a negative
 * errno. */
int scope_size_maps(const struct scope *scope, struct bpf_object *object);

/* After it is loaded, before it is attached. 0 or a negative errno. */
int scope_fill_maps(const struct scope *scope, const struct bpf_object *object);

/*
 * What the scope names has changed (os/scope_places.h): connections of what is there now are in scope from now on, of
 * what may be a stranger's no more. 0 or a negative errno.
 */
int scope_follow(const struct probe *probe, const struct scope_place *was, const struct scope_place *is);

/*
 * After the object could not be loaded or attached: whether the scope needs what the kernel refuses. If so, the reason
 * for the user is in `ret`, NUL-terminated.
 */
bool scope_explain(int error, char *ret, size_t size);

#endif
