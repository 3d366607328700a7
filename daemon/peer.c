/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "peer.h"

#define GROUPS_MAX 1024

/* Roles are groups of the operating system; root has them all. */
static const struct {
	const char *group; /* NULL: everybody */
	const char *text;
} roles[ROLE_COUNT] = {
	[ROLE_ANYBODY] = { NULL, "nothing" },
	[ROLE_ADMIN] = { PEER_ADMIN_GROUP, "root or a member of group " PEER_ADMIN_GROUP },
};

const char *peer_role_name(enum role role)
{
	return roles[role].text;
}

static int group_number(const char *name, gid_t *gid)
{
	struct group entry, *found = NULL;
	char room[16384];

	if (getgrnam_r(name, &entry, room, sizeof(room), &found) || !found)
		return -ENOENT;
	*gid = found->gr_gid;
	return 0;
}

static void name_account(struct peer *peer)
{
	struct passwd entry, *found = NULL;
	char room[16384];

	if (!getpwuid_r(peer->uid, &entry, room, sizeof(room), &found) && found)
		snprintf(peer->name, sizeof(peer->name), "%s", found->pw_name);
	else
		snprintf(peer->name, sizeof(peer->name), "uid %u", (unsigned)peer->uid);
}

static bool in_group(const char *name, const gid_t *groups, size_t n)
{
	gid_t gid;

	if (group_number(name, &gid))
		return false;
	for (size_t i = 0; i < n; i++)
		if (groups[i] == gid)
			return true;
	return false;
}

int peer_of(int fd, struct peer *peer)
{
	struct peer found = { 0 };
	gid_t groups[GROUPS_MAX + 1];
	socklen_t size = GROUPS_MAX * sizeof(*groups);
	struct ucred cred;
	socklen_t cred_size = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &cred_size) < 0)
		return -errno;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0)
		size = 0; /* more groups than that: the main one still counts */
	size /= sizeof(*groups);
	groups[size++] = cred.gid;
	found.uid = cred.uid;
	for (int role = 0; role < ROLE_COUNT; role++)
		found.role[role] = cred.uid == 0 || !roles[role].group || in_group(roles[role].group, groups, size);
	name_account(&found);
	*peer = found;
	return 0;
}

int peer_open_to_admins(const char *path)
{
	gid_t gid;

	if (group_number(PEER_ADMIN_GROUP, &gid))
		return 0; /* root alone, as bind left it */
	if (chown(path, -1, gid) < 0 || chmod(path, 0660) < 0)
		return -errno;
	return 0;
}
