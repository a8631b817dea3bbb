/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps of the scope (abi/scope.h) in a BPF object. The settings of the scope are constants of the object. */
#ifndef TCPVITALS_PROBE_SCOPE_H
#define TCPVITALS_PROBE_SCOPE_H

#include "core/scope.h"

struct bpf_object;
struct probe;

/* Effect if tree_free is refused (probe/optional.h). The program removes ended processes of a command. */
#define SCOPE_WITHOUT_TREE_FREE "processes of the command keep their room after their end, and later ones may find none"

/* Effect if cgroup_made is refused. The program sees a cgroup that is created again. */
#define SCOPE_WITHOUT_CGROUP_MADE "a cgroup of --cgroup that is made again is not watched for its first second"

/*
 * Sizes the maps of an object that is not loaded yet, and leaves out unused maps and programs. Returns 0 or a negative
 * errno.
 */
int scope_size_maps(const struct scope *scope, struct bpf_object *object);

/* Fills the maps of an object that is loaded and not attached yet. Returns 0 or a negative errno. */
int scope_fill_maps(const struct scope *scope, const struct bpf_object *object);

/*
 * Updates the maps after a place has changed (os/scope_places.h). Connections in the new place are in scope from then
 * on. Connections in a place that may be a stranger's are out of scope. Returns 0 or a negative errno.
 */
int scope_update_place(const struct probe *probe, const struct scope_place *was, const struct scope_place *is);

/*
 * Explains a refused program that the scope needs, after the object could not be loaded or attached. Returns whether
 * that is the cause. If so, `ret` gets the reason for the user, NUL-terminated.
 */
bool scope_explain(int error, char *ret, size_t size);

#endif
