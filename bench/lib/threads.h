/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Threads of a load, and their CPUs. */
#ifndef BENCH_THREADS_H
#define BENCH_THREADS_H

#define THREADS_MAX 64

/*
 * Runs `share` in `threads` threads (1 to THREADS_MAX), this thread among them, and waits for their ends. Returns 0, or
 * a negative errno if fewer threads started; then `share` has run in these.
 */
int threads_run(unsigned long threads, void *(*share)(void *), void *arg);

/*
 * Binds this thread to one of the CPUs that it may use: number `number` after CPU `first`, in a circle. 0 or a negative
 * errno.
 */
int threads_stay(int first, unsigned long number);

#endif
