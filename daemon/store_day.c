/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "db.h"
#include "intern.h"
#include "store_day.h"

/*
 * An event is seven small integers; whatever repeats stands once in a table of its own. Numbers only ever grow, so
 * every table is written at its end. The same text may stand twice (after a restart): join by number, do not assume
 * that a text has one. Events stand in order of time but for DAY_DISORDER_US; if the clock was ever set back further,
 * the note "disorder" says so. The view is for people with the sqlite3 command.
 */
static const char *const schema[DAY_VERSION] = {
	"CREATE TABLE who (id INTEGER PRIMARY KEY, device_id INTEGER, device TEXT, mac BLOB, address BLOB, iface TEXT,"
	" vlan_outer INTEGER, vlan_inner INTEGER, user_id INTEGER, user TEXT, grp TEXT, how INTEGER, confidence INTEGER);"
	"CREATE TABLE what (id INTEGER PRIMARY KEY, verdict INTEGER, reason INTEGER, category TEXT, proto INTEGER,"
	" qtype INTEGER, policy INTEGER, line INTEGER);"
	"CREATE TABLE dest (id INTEGER PRIMARY KEY, address BLOB, port INTEGER);"
	"CREATE TABLE name (id INTEGER PRIMARY KEY, text TEXT NOT NULL);"
	"CREATE TABLE event (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, who INTEGER NOT NULL, what INTEGER NOT NULL,"
	" dest INTEGER NOT NULL, name INTEGER NOT NULL, sport INTEGER NOT NULL);"
	"CREATE TABLE note (key TEXT PRIMARY KEY, value INTEGER) WITHOUT ROWID;"
	"CREATE VIEW log AS SELECT datetime(at / 1000000, 'unixepoch', 'localtime') AS time, device, hex(mac) AS mac,"
	" hex(who.address) AS address, iface, vlan_outer, vlan_inner, user, grp, how, confidence, name.text AS name,"
	" verdict, reason, category, proto, qtype, hex(dest.address) AS destination, port, policy, line"
	" FROM event JOIN who ON who.id = event.who JOIN what ON what.id = event.what"
	" LEFT JOIN dest ON dest.id = event.dest LEFT JOIN name ON name.id = event.name;",

	"ALTER TABLE who ADD COLUMN class_id INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE who ADD COLUMN class TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE what ADD COLUMN rule INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE what ADD COLUMN known INTEGER NOT NULL DEFAULT 0;"
	"DROP VIEW log;"
	"CREATE VIEW log AS SELECT datetime(at / 1000000, 'unixepoch', 'localtime') AS time, device, hex(mac) AS mac,"
	" hex(who.address) AS address, iface, vlan_outer, vlan_inner, user, class, grp, how, confidence,"
	" name.text AS name, verdict, reason, category, proto, qtype, hex(dest.address) AS destination, port, policy, line,"
	" rule, known FROM event JOIN who ON who.id = event.who JOIN what ON what.id = event.what"
	" LEFT JOIN dest ON dest.id = event.dest LEFT JOIN name ON name.id = event.name;",
};

enum part { WHO, WHAT, DEST, NAME, PARTS };

static const struct {
	const char *insert, *last;
	size_t keys, bytes; /* kept in memory */
} parts[PARTS] = {
	[WHO] = { "INSERT INTO who VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", "SELECT coalesce(max(id), 0) FROM who",
		  8192, 1 << 20 },
	[WHAT] = { "INSERT INTO what VALUES (?,?,?,?,?,?,?,?,?,?)", "SELECT coalesce(max(id), 0) FROM what",
		   4096, 1 << 18 },
	[DEST] = { "INSERT INTO dest VALUES (?,?,?)", "SELECT coalesce(max(id), 0) FROM dest", 16384, 1 << 19 },
	[NAME] = { "INSERT INTO name VALUES (?,?)", "SELECT coalesce(max(id), 0) FROM name", 65536, 1 << 21 },
};

struct day {
	sqlite3 *db;
	sqlite3_stmt *begin, *commit, *event;
	sqlite3_stmt *insert[PARTS];
	struct intern known[PARTS];
	__u32 last[PARTS];       /* highest number in use */
	sqlite3_int64 last_event;
	sqlite3_int64 latest_us; /* of all events so far, as far as it is known */
	sqlite3_int64 disorder;
};

/* ---- packing ---- */
static char *put_text(char *to, const char *text)
{
	size_t len = strnlen(text, DAY_TEXT_MAX + 1);

	if (len > DAY_TEXT_MAX) /* cut between characters of UTF-8 */
		for (len = DAY_TEXT_MAX; len && ((unsigned char)text[len] & 0xc0) == 0x80; len--)
			;
	memcpy(to, text, len);
	to[len] = '\0';
	return to + len + 1;
}

static char *pack_who(char *to, const struct record *record)
{
	struct day_who who = {
		.device_id = record->device_id,
		.user_id = record->user_id,
		.vlan_outer = record->vlan_outer,
		.vlan_inner = record->vlan_inner,
		.class_id = record->class_id,
		.how = record->how,
		.confidence = record->confidence,
	};

	memcpy(who.addr, record->src, sizeof(who.addr));
	memcpy(who.mac, record->mac, sizeof(who.mac));
	memcpy(to, &who, sizeof(who));
	to = put_text(to + sizeof(who), record->device);
	to = put_text(to, record->user);
	to = put_text(to, record->group);
	to = put_text(to, record->iface);
	return put_text(to, record->class_name);
}

static char *pack_what(char *to, const struct record *record)
{
	struct day_what what = {
		.policy = record->policy,
		.line = record->line,
		.rule = record->rule,
		.qtype = record->qtype,
		.verdict = record->verdict,
		.reason = record->reason,
		.proto = record->proto,
		.known = record->known,
	};

	memcpy(to, &what, sizeof(what));
	return put_text(to + sizeof(what), record->category);
}

size_t day_pack(const struct record *record, struct day_entry *room)
{
	struct day_dest dest = { .port = record->dport };
	char *who = (char *)(room + 1);
	char *what = pack_who(who, record);
	char *to = pack_what(what, record);
	size_t name_len = strnlen(record->name, sizeof(record->name));

	memcpy(dest.addr, record->dst, sizeof(dest.addr));
	*room = (struct day_entry){
		.at_us = record->at_us,
		.who_len = (__u16)(what - who),
		.what_len = (__u16)(to - what),
		.dest_len = sizeof(dest),
		.name_len = (__u16)name_len,
		.sport = record->sport,
		.verdict = record->verdict,
	};
	memcpy(to, &dest, sizeof(dest));
	to += sizeof(dest);
	memcpy(to, record->name, name_len);
	to += name_len;
	room->size = (__u32)((size_t)(to - (char *)room + 7) & ~(size_t)7);
	return room->size;
}

/* ---- one row of each table; column 1 is its number ---- */
static const char *bind_text(sqlite3_stmt *stmt, int column, const char *text)
{
	size_t len = strlen(text);

	sqlite3_bind_text(stmt, column, text, (int)len, SQLITE_STATIC);
	return text + len + 1;
}

static void bind_who(sqlite3_stmt *stmt, const char *key, size_t len)
{
	struct day_who who;
	const char *text = key + sizeof(who);

	memcpy(&who, key, sizeof(who));
	sqlite3_bind_int64(stmt, 2, who.device_id);
	text = bind_text(stmt, 3, text);
	sqlite3_bind_blob(stmt, 4, key + offsetof(struct day_who, mac), sizeof(who.mac), SQLITE_STATIC);
	sqlite3_bind_blob(stmt, 5, key + offsetof(struct day_who, addr), sizeof(who.addr), SQLITE_STATIC);
	sqlite3_bind_int(stmt, 7, who.vlan_outer);
	sqlite3_bind_int(stmt, 8, who.vlan_inner);
	sqlite3_bind_int64(stmt, 9, who.user_id);
	text = bind_text(stmt, 10, text);
	text = bind_text(stmt, 11, text);
	text = bind_text(stmt, 6, text);
	bind_text(stmt, 15, text);
	sqlite3_bind_int(stmt, 12, who.how);
	sqlite3_bind_int(stmt, 13, who.confidence);
	sqlite3_bind_int(stmt, 14, who.class_id);
}

static void bind_what(sqlite3_stmt *stmt, const char *key, size_t len)
{
	struct day_what what;

	memcpy(&what, key, sizeof(what));
	sqlite3_bind_int(stmt, 2, what.verdict);
	sqlite3_bind_int(stmt, 3, what.reason);
	bind_text(stmt, 4, key + sizeof(what));
	sqlite3_bind_int(stmt, 5, what.proto);
	sqlite3_bind_int(stmt, 6, what.qtype);
	sqlite3_bind_int64(stmt, 7, what.policy);
	sqlite3_bind_int64(stmt, 8, what.line);
	sqlite3_bind_int64(stmt, 9, what.rule);
	sqlite3_bind_int(stmt, 10, what.known);
}

static void bind_dest(sqlite3_stmt *stmt, const char *key, size_t len)
{
	struct day_dest dest;

	memcpy(&dest, key, sizeof(dest));
	sqlite3_bind_blob(stmt, 2, key + offsetof(struct day_dest, addr), sizeof(dest.addr), SQLITE_STATIC);
	sqlite3_bind_int(stmt, 3, dest.port);
}

static void bind_name(sqlite3_stmt *stmt, const char *key, size_t len)
{
	sqlite3_bind_text(stmt, 2, key, (int)len, SQLITE_STATIC);
}

static void (*const bind[PARTS])(sqlite3_stmt *stmt, const char *key, size_t len) = {
	[WHO] = bind_who, [WHAT] = bind_what, [DEST] = bind_dest, [NAME] = bind_name,
};

/* The number of a row with these bytes; written if it is not known to be there. */
static int day_number(struct day *day, enum part part, const char *key, size_t len, __u32 *number)
{
	__u64 hash;
	__u32 found = intern_get(&day->known[part], key, len, &hash);
	int err;

	if (!found) {
		if (day->last[part] == UINT_MAX)
			return -EOVERFLOW;
		found = day->last[part] + 1;
		sqlite3_bind_int64(day->insert[part], 1, found);
		bind[part](day->insert[part], key, len);
		err = db_run(day->insert[part]);
		if (err)
			return err;
		day->last[part] = found;
		intern_put(&day->known[part], key, len, hash, found);
	}
	*number = found;
	return 0;
}

/* Readers look for a time by halving; they must know when that does not work. */
static int day_order(struct day *day, __s64 at_us)
{
	int err;

	if (at_us > day->latest_us)
		day->latest_us = at_us;
	if (day->disorder || at_us >= day->latest_us - DAY_DISORDER_US)
		return 0;
	err = db_exec(day->db, "INSERT OR REPLACE INTO note VALUES ('disorder', 1)");
	if (!err)
		day->disorder = 1;
	return err;
}

int day_add(struct day *day, const struct day_entry *entry)
{
	const char *key = (const char *)(entry + 1);
	const __u16 len[PARTS] = { entry->who_len, entry->what_len, entry->dest_len, entry->name_len };
	__u32 number[PARTS];
	int err = day_order(day, entry->at_us);

	if (err)
		return err;
	for (int part = 0; part < PARTS; part++) {
		number[part] = 0;
		if (part != NAME || len[part]) {
			err = day_number(day, part, key, len[part], &number[part]);
			if (err)
				return err;
		}
		key += len[part];
	}
	sqlite3_bind_int64(day->event, 1, day->last_event + 1);
	sqlite3_bind_int64(day->event, 2, entry->at_us);
	for (int part = 0; part < PARTS; part++)
		sqlite3_bind_int64(day->event, 3 + part, number[part]);
	sqlite3_bind_int(day->event, 3 + PARTS, entry->sport);
	err = db_run(day->event);
	if (!err)
		day->last_event++;
	return err;
}

/* ---- transactions ---- */
int day_begin(struct day *day)
{
	return db_run(day->begin);
}

int day_commit(struct day *day)
{
	return db_run(day->commit);
}

/* Where the numbers go on from, as the file has it. */
static int day_numbers(struct day *day)
{
	sqlite3_int64 last;
	int err;

	for (int part = 0; part < PARTS; part++) {
		intern_clear(&day->known[part]);
		err = db_number(day->db, parts[part].last, &last);
		if (err)
			return err;
		if (last < 0 || last >= UINT_MAX)
			return -EBADMSG;
		day->last[part] = (__u32)last;
	}
	err = db_number(day->db, "SELECT coalesce(max(id), 0) FROM event", &day->last_event);
	if (!err)
		err = db_number(day->db, "SELECT coalesce((SELECT at FROM event ORDER BY id DESC LIMIT 1), 0)",
				&day->latest_us);
	if (!err)
		err = db_number(day->db, "SELECT count(*) FROM note WHERE key = 'disorder'", &day->disorder);
	return err;
}

void day_rollback(struct day *day)
{
	if (!sqlite3_get_autocommit(day->db))
		db_exec(day->db, "ROLLBACK");
	/* If even this fails the next insert hits a number that is in use and fails too; nothing is overwritten. */
	day_numbers(day);
}

/* ---- open and close ---- */
static int day_prepare(struct day *day)
{
	__u64 seed;
	int err = 0;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		return -EIO;
	for (int part = 0; part < PARTS && !err; part++) {
		err = intern_init(&day->known[part], parts[part].keys, parts[part].bytes, seed);
		if (!err)
			err = db_prepare(day->db, parts[part].insert, &day->insert[part]);
	}
	if (!err)
		err = db_prepare(day->db, "BEGIN IMMEDIATE", &day->begin);
	if (!err)
		err = db_prepare(day->db, "COMMIT", &day->commit);
	if (!err)
		err = db_prepare(day->db, "INSERT INTO event VALUES (?,?,?,?,?,?,?)", &day->event);
	return err ? err : day_numbers(day);
}

int day_open(const char *path, struct day **out)
{
	struct day *day = calloc(1, sizeof(*day));
	int err;

	if (!day)
		return -ENOMEM;
	err = db_open(path, 250, &day->db);
	if (!err)
		err = db_migrate(day->db, schema, DAY_VERSION);
	if (!err) /* the log is folded in every 32 MB: seldom enough to be cheap, small enough to be quick */
		err = db_exec(day->db, "PRAGMA wal_autocheckpoint = 4096; PRAGMA journal_size_limit = 67108864;"
				       "PRAGMA cache_size = -4096;");
	if (!err)
		err = day_prepare(day);
	if (err) {
		day_close(day);
		return err;
	}
	*out = day;
	return 0;
}

void day_close(struct day *day)
{
	if (!day)
		return;
	for (int part = 0; part < PARTS; part++) {
		sqlite3_finalize(day->insert[part]);
		intern_free(&day->known[part]);
	}
	sqlite3_finalize(day->begin);
	sqlite3_finalize(day->commit);
	sqlite3_finalize(day->event);
	sqlite3_close(day->db);
	free(day);
}
