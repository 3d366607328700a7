/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An empty register in a directory of its own. */
#ifndef TESTS_SCRATCH_REGISTER_H
#define TESTS_SCRATCH_REGISTER_H

#include "register.h"
#include "scratch.h"

static struct reg *reg;

static inline void open_register(void)
{
	scratch_make();
	cr_assert_eq(register_open(scratch, &reg), 0);
}

static inline void close_register(void)
{
	register_close(reg);
	reg = NULL;
	scratch_remove();
}

/* As after a restart. */
static inline void reopen_register(void)
{
	register_close(reg);
	cr_assert_eq(register_open(scratch, &reg), 0);
}

#endif
