/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may ask for what: real processes with real groups at a real socket, in a room with an /etc/group of its own. */
#include <criterion/criterion.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit.h"
#include "esafed.h"
#include "peer.h"
#include "scratch.h"

/* grp.h has a struct group, and so has the policy. */
int setgroups(size_t n, const gid_t *gid);

static struct {
	struct loop *loop;
	struct control *control;
	char dir[32], path[64];
	unsigned refused;
	char what[160];
} t;

static void on_refused(void *owner, const struct peer *peer, const struct verb *verb)
{
	t.refused++;
	snprintf(t.what, sizeof(t.what), "%s: %s", peer->name, verb->name);
}

/* Somebody who has all roles of a person has logged in. */
static int on_acts(void *owner, const char *account, struct peer *person)
{
	if (strcmp(account, "teacher3"))
		return -ENOENT;
	*person = (struct peer){ .uid = 70000, .roles = MAY_PERSONS | MAY_ANYBODY, .name = "teacher3" };
	return 0;
}

static const struct control_hooks hooks = { .refused = on_refused, .acts = on_acts };

static void verb_yes(struct request *request)
{
	request_end(request, CTL_OK, NULL);
}

static void verb_name(struct request *request)
{
	request_row(request, json_pack("{ss}", "who", request->peer.name));
	request_end(request, CTL_OK, NULL);
}

static const struct verb some[] = {
	{ "any", MAY_ANYBODY, NULL, verb_yes },
	{ "admin", MAY(ADMIN), NULL, verb_yes },
	{ "see", MAY(ADMIN) | MAY(HEAD) | MAY(DSL), NULL, verb_yes },
	{ "teach", MAY(TEACHER), NULL, verb_yes },
	{ "name", MAY(TEACHER), NULL, verb_name },
	{ "show", MAY(PAGES), NULL, verb_yes },
};

enum { OTHER_GID = 64999, ADMIN_GID = 65001, TEACHER_GID, DSL_GID, PAGES_GID };

static void write_groups(void)
{
	char file[64];
	FILE *groups;

	snprintf(file, sizeof(file), "%s/group", t.dir);
	groups = fopen(file, "w");
	cr_assert(groups);
	fprintf(groups, "root:x:0:\nother:x:%d:\nesafe-admin:x:%d:\nesafe-teacher:x:%d:\nesafe-dsl:x:%d:\n"
		"esafe-pages:x:%d:\n", OTHER_GID, ADMIN_GID, TEACHER_GID, DSL_GID, PAGES_GID);
	fclose(groups);
	cr_assert_eq(mount(file, "/etc/group", NULL, MS_BIND, NULL), 0);
}

/* Nothing of this is seen by any other process. */
static void begin(void)
{
	strcpy(t.dir, "/tmp/esafe-roles-XXXXXX");
	cr_assert(mkdtemp(t.dir));
	if (getuid() == 0) {
		cr_assert(!unshare(CLONE_NEWNS) && !mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL));
		cr_assert(!mount("none", t.dir, "tmpfs", 0, "mode=0755"));
		write_groups();
	}
	snprintf(t.path, sizeof(t.path), "%s/control", t.dir);
	cr_assert_eq(loop_new(&t.loop), 0);
	cr_assert_eq(control_start(t.loop, t.path, some, sizeof(some) / sizeof(*some), &control_limits_default, &hooks,
				   NULL, &t.control), 0);
}

static void end(void)
{
	control_stop(t.control);
	loop_free(t.loop);
	if (getuid() == 0) {
		umount2("/etc/group", MNT_DETACH);
		umount2(t.dir, MNT_DETACH);
	}
	rmdir(t.dir);
}

TestSuite(roles, .init = begin, .fini = end);

static void stop(void *ctx)
{
	loop_stop(t.loop, 0);
}

static void turn(void)
{
	struct loop_source *soon = loop_timer(t.loop, 1, 0, stop, NULL);

	loop_run(t.loop);
	loop_remove(soon);
}

/* What a process with this group, of its own or besides, is answered; "closed": it does not even reach the socket. */
static void ask_as(gid_t main, gid_t extra, const char *verb, int to)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	char line[128], out[1024] = "";
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	size_t len = 0;
	ssize_t got = 1;

	strcpy(addr.sun_path, t.path);
	if (setgroups(extra ? 1 : 0, &extra) || setgid(main) || setuid(65534))
		_exit(2);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		_exit(write(to, "closed", 6) != 6);
	snprintf(line, sizeof(line), "{\"esafe\":1,\"verb\":\"%s\"}\n", verb);
	if (write(fd, line, strlen(line)) < 0)
		_exit(2);
	while (got > 0 && !strchr(out, '\n')) {
		got = read(fd, out + len, sizeof(out) - 1 - len);
		len += got > 0 ? (size_t)got : 0;
	}
	_exit(write(to, out, len) < 0);
}

static const char *answer(gid_t main, gid_t extra, const char *verb)
{
	static char out[1024];
	int ends[2], status;
	pid_t child;
	ssize_t got;

	cr_assert_eq(pipe(ends), 0);
	child = fork();
	if (!child)
		ask_as(main, extra, verb, ends[1]);
	close(ends[1]);
	for (int i = 0; i < 5000 && waitpid(child, &status, WNOHANG) != child; i++)
		turn();
	got = read(ends[0], out, sizeof(out) - 1);
	out[got > 0 ? got : 0] = '\0';
	close(ends[0]);
	return out;
}

#define OK "{\"end\":{\"code\":\"ok\"}}\n"
#define expect(got, want) cr_expect_str_eq(got, want)

Test(roles, groups_of_the_operating_system)
{
	if (getuid() != 0) /* the refusals need accounts to be tried */
		return;
	expect(answer(ADMIN_GID, 0, "admin"), OK);
	expect(answer(65534, ADMIN_GID, "admin"), OK);
	expect(answer(65534, ADMIN_GID, "see"), OK);
	expect(answer(65534, DSL_GID, "see"), OK);
	expect(answer(65534, TEACHER_GID, "teach"), OK);
	expect(answer(65534, TEACHER_GID, "any"), OK);
	expect(answer(65534, DSL_GID, "any"), OK);
}

Test(roles, a_refusal_names_role_and_group)
{
	const char *got;

	if (getuid() != 0)
		return;
	got = answer(65534, TEACHER_GID, "admin");
	cr_expect(strstr(got, "\"denied\"") && strstr(got, "needs the role admin: be a member of the group esafe-admin"),
		  "%s", got);
	cr_expect_eq(t.refused, 1);
	expect(t.what, "nobody: admin");
	got = answer(65534, ADMIN_GID, "teach");
	cr_expect(strstr(got, "\"denied\"") && strstr(got, "be a member of the group esafe-teacher"), "%s", got);
	got = answer(TEACHER_GID, 0, "see");
	cr_expect(strstr(got, "needs the role admin, head or dsl: be a member of the group esafe-admin, esafe-head or "
			      "esafe-dsl"), "%s", got);
}

#define AS(verb, account) verb "\",\"args\":{\"as\":\"" account "\"},\"x\":\""

Test(roles, pages_act_for_who_has_logged_in_and_as_a_teacher)
{
	if (getuid() != 0)
		return;
	expect(answer(65534, PAGES_GID, "show"), OK);
	cr_expect(strstr(answer(65534, PAGES_GID, "teach"), "denied"), "the pages are no teacher");
	expect(answer(65534, PAGES_GID, AS("teach", "teacher3")), OK);
	expect(answer(65534, PAGES_GID, AS("name", "teacher3")), "{\"row\":{\"who\":\"teacher3\"}}\n" OK);
	cr_expect(strstr(answer(65534, PAGES_GID, AS("teach", "teacher4")), "nobody of this name is signed in"));
	cr_expect(strstr(answer(65534, PAGES_GID, AS("admin", "teacher3")), "denied"), "whatever else the person is");
	cr_expect(strstr(answer(65534, PAGES_GID, AS("see", "teacher3")), "denied"));
	cr_expect(strstr(answer(65534, PAGES_GID, AS("show", "teacher3")), "denied"), "nor are persons the pages");
	cr_expect(strstr(answer(65534, TEACHER_GID, AS("teach", "teacher3")), "denied"), "nobody else acts for another");
	cr_expect(strstr(answer(65534, ADMIN_GID, AS("teach", "teacher3")), "denied"));
	cr_expect(strstr(answer(65534, PAGES_GID, AS("teach", "")), "denied"));
}

Test(roles, nobody_else_reaches_the_socket)
{
	struct stat st;

	cr_assert_eq(stat(t.path, &st), 0);
	cr_expect_eq(st.st_mode & 0007, 0);
	if (getuid() != 0)
		return;
	expect(answer(65534, 0, "any"), "closed");
	expect(answer(OTHER_GID, 0, "any"), "closed");
	expect(answer(65534, OTHER_GID, "any"), "closed");
	expect(answer(0, 0, "any"), "closed");
}

Test(roles, every_verb_can_be_asked_by_somebody)
{
	for (size_t i = 0; i < verbs_count; i++)
		cr_expect(verbs[i].may & (MAY_PERSONS | MAY(PAGES) | MAY_ANYBODY), "%s", verbs[i].name);
	for (size_t i = 0; i < verbs_count; i++)
		cr_expect(verbs[i].may & (MAY(ADMIN) | MAY_ANYBODY) || verbs[i].may == MAY(PAGES),
			  "%s: not for the network manager", verbs[i].name);
}

Test(needs, says_roles_and_groups)
{
	char text[PEER_NEEDS_SIZE];

	peer_needs(MAY(TEACHER) | LOOK, text);
	expect(text, "needs the role teacher: be a member of the group esafe-teacher");
	peer_needs(MAY(HEAD) | MAY(DSL), text);
	expect(text, "needs the role head or dsl: be a member of the group esafe-head or esafe-dsl");
	peer_needs(MAY_PERSONS | MAY(PAGES), text);
	cr_expect(strstr(text, "esafe-governor or esafe-pages"), "%s", text);
}

/* ---- what is written down ---- */

Test(audit, refusals_are_bounded)
{
	struct audit audit = { 0 };
	uint64_t now = 1000000;
	unsigned taken = 0;

	for (int i = 0; i < 1000; i++)
		taken += audit_takes(&audit, now);
	cr_expect_eq(taken, AUDIT_BURST);
	cr_expect_eq(audit.left_out, 1000u - AUDIT_BURST);
	cr_expect(!audit_takes(&audit, now + AUDIT_EVERY_MS - 1));
	cr_expect(audit_takes(&audit, now + AUDIT_EVERY_MS));
	cr_expect(!audit_takes(&audit, now + AUDIT_EVERY_MS));
	taken = 0;
	for (int i = 0; i < 1000; i++)
		taken += audit_takes(&audit, now + 1000000000);
	cr_expect_eq(taken, AUDIT_BURST);
}

Test(audit, arguments_as_text)
{
	json_t *args = json_pack("{ss si sb}", "group", "pupils", "limit", 100, "follow", 1);
	char text[64], small[16];

	audit_args(args, text, sizeof(text));
	expect(text, "group=pupils limit=100 follow=yes");
	audit_args(args, small, sizeof(small));
	expect(small, "group=pupils");
	audit_args(NULL, text, sizeof(text));
	expect(text, "");
	json_decref(args);
}

struct rows {
	unsigned n;
	char last[128];
};

static int change_row(void *ctx, const struct reg_change *change)
{
	struct rows *rows = ctx;

	rows->n++;
	snprintf(rows->last, sizeof(rows->last), "%s %s %s", change->who, change->action, change->detail);
	return 0;
}

Test(audit, refusals_and_looks_stand_in_the_record)
{
	static struct esafed esafed;
	struct peer peer = { .name = "teacher3" };
	json_t *args = json_pack("{ss}", "user", "pupil12");
	struct rows rows = { 0 };

	scratch_make();
	cr_assert_eq(register_open(scratch, &esafed.reg), 0);
	audit_hooks.refused(&esafed, &peer, &some[1]);
	cr_assert_eq(register_changes(esafed.reg, 0, 0, change_row, &rows), 0);
	cr_expect_eq(rows.n, 1);
	expect(rows.last, "teacher3 refused admin");
	cr_expect_eq(audit_hooks.looks(&esafed, &peer, &some[2], args), 0);
	cr_assert_eq(register_changes(esafed.reg, 1, 0, change_row, &rows), 0);
	expect(rows.last, "teacher3 see user=pupil12");
	for (int i = 0; i < AUDIT_BURST + 5; i++)
		audit_hooks.refused(&esafed, &peer, &some[1]);
	cr_expect_eq(esafed.audit.left_out, 6);
	esafed.audit.full_ms = 0;
	audit_hooks.refused(&esafed, &peer, &some[3]);
	cr_assert_eq(register_changes(esafed.reg, 2, 0, change_row, &rows), 0);
	expect(rows.last, "teacher3 refused teach; 6 more before it");
	cr_expect_eq(esafed.audit.left_out, 0);
	register_close(esafed.reg);
	scratch_remove();
	json_decref(args);
}
