/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is this the password of this account? Asked of esafe-login, which asks PAM: a process that lives for one question,
 * behind a socket of its own. No password is kept or told.
 */
#ifndef ESAFE_LOGIN_H
#define ESAFE_LOGIN_H

#include "esafed.h"

#define LOGIN_ACCOUNT 64
#define LOGIN_PASSWORD 256
#define LOGINS 6 /* at a time */

struct login_result {
	int err;            /* 0; -EACCES: wrong, or the account may not; another: it could not be asked */
	struct peer person; /* with the roles that the account has */
};

/* done() is called once, from the loop. -EBUSY: too many at a time. */
int login_start(struct esafed *esafed, const char *account, const char *password,
		void (*done)(void *ctx, const struct login_result *result), void *ctx);

#endif
