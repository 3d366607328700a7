/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A part of a program: a function that the verifier checks by itself. Modules that also run natively have parts too. */
#ifndef ESAFE_PART_H
#define ESAFE_PART_H

#ifdef __bpf__
/* Weak: clang must not carry what it knows of one part into another. */
#define PART __attribute__((noinline, weak))
#define TABLE const /* numbers that never change; libbpf finds only those that are not static */
#else
#define PART static inline
#define TABLE static const
#ifndef __always_inline
#define __always_inline inline
#endif
#endif

#endif
