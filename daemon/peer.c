/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <endian.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <linux/xattr.h>

#include "log.h"
#include "peer.h"

#define GROUPS_MAX 1024

static const struct {
	const char *name, *group;
} roles[ROLE_COUNT] = {
	[ROLE_ADMIN] = { "admin", "esafe-admin" },
	[ROLE_HEAD] = { "head", "esafe-head" },
	[ROLE_DSL] = { "dsl", "esafe-dsl" },
	[ROLE_TEACHER] = { "teacher", "esafe-teacher" },
	[ROLE_GOVERNOR] = { "governor", "esafe-governor" },
	[ROLE_PAGES] = { "pages", "esafe-pages" },
};

/* "admin, head or dsl" of the names or groups of these roles. */
static void join(unsigned may, bool groups, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (unsigned role = 0, left = may & (MAY_ANYBODY - 1); left; left &= ~(1u << role++)) {
		if (!(left >> role & 1))
			continue;
		used += (size_t)snprintf(out + used, size - used, "%s%s",
					 !used ? "" : left == 1u << role ? " or " : ", ",
					 groups ? roles[role].group : roles[role].name);
	}
}

void peer_needs(unsigned may, char out[PEER_NEEDS_SIZE])
{
	char names[128], groups[128];

	join(may, false, names, sizeof(names));
	join(may, true, groups, sizeof(groups));
	snprintf(out, PEER_NEEDS_SIZE, "needs the role %s: be a member of the group %s", names, groups);
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
	found.roles = MAY_ANYBODY;
	for (int role = 0; role < ROLE_COUNT; role++)
		if (cred.uid == 0 || in_group(roles[role].group, groups, size))
			found.roles |= 1u << role;
	name_account(&found);
	*peer = found;
	return 0;
}

int peer_of_account(const char *account, struct peer *peer)
{
	struct passwd entry, *found = NULL;
	struct peer person = { .roles = MAY_ANYBODY };
	char room[16384];
	gid_t groups[GROUPS_MAX];
	int n = GROUPS_MAX;

	if (getpwnam_r(account, &entry, room, sizeof(room), &found) || !found)
		return -ENOENT;
	if (getgrouplist(found->pw_name, found->pw_gid, groups, &n) < 0)
		return -EOVERFLOW;
	person.uid = found->pw_uid;
	snprintf(person.name, sizeof(person.name), "%s", found->pw_name);
	for (int role = 0; role < ROLE_COUNT; role++)
		if (role != ROLE_PAGES && in_group(roles[role].group, groups, (size_t)n))
			person.roles |= 1u << role;
	*peer = person;
	return 0;
}

/* ---- the access control list of the socket file, as acl(5) orders it: named groups by number ---- */

struct acl {
	struct posix_acl_xattr_header header;
	struct posix_acl_xattr_entry entry[ROLE_COUNT + 4];
};

static void add_entry(struct acl *acl, size_t *n, unsigned tag, unsigned perm, unsigned id)
{
	acl->entry[(*n)++] = (struct posix_acl_xattr_entry){ htole16(tag), htole16(perm), htole32(id) };
}

static int by_number(const void *a, const void *b)
{
	const gid_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

int peer_open(const char *path)
{
	struct acl acl = { .header.a_version = htole32(POSIX_ACL_XATTR_VERSION) };
	gid_t gid[ROLE_COUNT];
	size_t groups = 0, n = 0;

	for (int role = 0; role < ROLE_COUNT; role++)
		if (!group_number(roles[role].group, &gid[groups]))
			groups++;
	if (!groups)
		return 0; /* root alone, as bind left it */
	qsort(gid, groups, sizeof(*gid), by_number);
	add_entry(&acl, &n, ACL_USER_OBJ, ACL_READ | ACL_WRITE, ACL_UNDEFINED_ID);
	add_entry(&acl, &n, ACL_GROUP_OBJ, 0, ACL_UNDEFINED_ID);
	for (size_t i = 0; i < groups; i++)
		if (!i || gid[i] != gid[i - 1])
			add_entry(&acl, &n, ACL_GROUP, ACL_READ | ACL_WRITE, gid[i]);
	add_entry(&acl, &n, ACL_MASK, ACL_READ | ACL_WRITE, ACL_UNDEFINED_ID);
	add_entry(&acl, &n, ACL_OTHER, 0, ACL_UNDEFINED_ID);
	if (!setxattr(path, XATTR_NAME_POSIX_ACL_ACCESS, &acl, sizeof(acl.header) + n * sizeof(*acl.entry), 0))
		return 0;
	if (errno != EOPNOTSUPP)
		return -errno;
	log_warn("%s is on a file system without access control lists: root alone may ask", path);
	return 0;
}
