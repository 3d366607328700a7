/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is at the other end of the control socket, by the operating system's own accounts. */
#ifndef ESAFE_PEER_H
#define ESAFE_PEER_H

#include "control.h"

#define PEER_ADMIN_GROUP "esafe-admin"

int peer_of(int fd, struct peer *peer);
const char *peer_role_name(enum role role);

/* Gives the socket file to root and, where it exists, the group of administrators. */
int peer_open_to_admins(const char *path);

#endif
