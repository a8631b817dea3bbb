/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The two objects as bpftool generates them. They speak of types of abi/, which must come first. */
#ifndef TCPVITALS_PROBE_SKELETON_H
#define TCPVITALS_PROBE_SKELETON_H

#include "abi/loss.h"
#include "abi/pid.h"
#include "abi/rtt.h"
#include "abi/scope.h"
#include "abi/stuck.h"
#include "abi/summary.h"

#include "vitals.skel.h"
#include "vitals_tp.skel.h"

#endif
