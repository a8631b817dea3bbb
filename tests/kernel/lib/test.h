/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* cmocka, with the headers that it asks for in front of its own. */
#ifndef TESTS_KERNEL_TEST_H
#define TESTS_KERNEL_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
