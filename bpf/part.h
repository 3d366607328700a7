/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ESAFE_PART_H
#define ESAFE_PART_H

/* A part that the verifier checks by itself. Weak: clang must not carry what it knows of one part into another. */
#define PART __attribute__((noinline, weak))

#endif
