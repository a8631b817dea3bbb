/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef BENCH_THREADS_H
#define BENCH_THREADS_H

#define THREADS_MAX 64

/* Runs `share` in that many threads, 1 to THREADS_MAX, this one among them, and waits for their ends. 0, or a negative
 * errno when there are fewer: then `share` has run in those. */
int threads_run(unsigned long threads, void *(*share)(void *), void *arg);

/* Binds this thread to one of the CPUs that it may use: that many behind `first`, around in a circle. 0 or a negative
 * errno. */
int threads_stay(int first, unsigned long number);

#endif
