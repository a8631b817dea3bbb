/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cmocka, after the headers that it requires. */
#ifndef TESTS_KERNEL_TEST_H
#define TESTS_KERNEL_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
