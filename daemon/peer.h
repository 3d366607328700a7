/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is at the other end of the control socket, by the operating system's own accounts. */
#ifndef ESAFE_PEER_H
#define ESAFE_PEER_H

#include "control.h"

int peer_of(int fd, struct peer *peer);
/* The roles that an account has as a person; may take its time. -ENOENT: there is no such account. */
int peer_of_account(const char *account, struct peer *peer);

/* "needs the role teacher or admin: be a member of the group esafe-teacher or esafe-admin" */
#define PEER_NEEDS_SIZE 320
void peer_needs(unsigned may, char out[PEER_NEEDS_SIZE]);

/*
 * Gives the socket file to root and to those groups of the roles that exist, each by an entry of its access control
 * list, and to nobody else. Of a group made later its members get in when the daemon starts again.
 */
int peer_open(const char *path);

#endif
