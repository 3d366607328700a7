/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Vouchers of guests, of whose codes only a keyed hash is kept, and who accepted which terms of use. */
#ifndef ESAFE_REGISTER_VOUCHERS_H
#define ESAFE_REGISTER_VOUCHERS_H

#include "register.h"

struct reg_voucher {
	__u32 id;
	const char *group;   /* of the policy */
	const char *sponsor; /* who answers for the guest */
	const char *note;
	const char *made_by; /* account */
	__s64 made;
	__s64 seconds;       /* that it is good for from its first use */
	__s64 expires;       /* unused until then, it is worth nothing */
	__s64 used, until;   /* 0: not used */
	bool revoked;
};

/* code: as voucher_read() has it. -EEXIST: that code is taken. */
int register_voucher_add(struct reg *reg, const struct reg_voucher *voucher, const char *code, __u32 *id);
/*
 * Uses it, or goes on with it: its first use binds it to that device. row() is told what came out, with until set.
 * -ENOENT: no such code; -ETIME: it is over; -EKEYREVOKED; -EBUSY: another device has it.
 */
int register_voucher_use(struct reg *reg, const char *code, const void *device, size_t len, __s64 now,
			 void (*row)(void *ctx, const struct reg_voucher *voucher), void *ctx);
int register_voucher_revoke(struct reg *reg, __u32 id); /* -ENOENT; -EALREADY */
/* Newest first; without `past` only those that can still be used. `row` must not write to the register. */
int register_vouchers(struct reg *reg, bool past, __s64 now, unsigned limit,
		      int (*row)(void *ctx, const struct reg_voucher *voucher), void *ctx);

/* ---- the terms of use ---- */
struct reg_acceptance {
	__s64 time;
	__u8 sha256[32]; /* of the text */
	const char *how; /* "voucher" or "portal" */
	const char *who; /* user, or "voucher 17" */
	const char *device;
};
int register_accept(struct reg *reg, const struct reg_acceptance *acceptance, const char *text);
int register_acceptances(struct reg *reg, unsigned limit,
			 int (*row)(void *ctx, const struct reg_acceptance *acceptance), void *ctx);
/* The text of that hash, to be freed; -ENOENT. */
int register_terms(struct reg *reg, const __u8 sha256[32], char **text);

#endif
