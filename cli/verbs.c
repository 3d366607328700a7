/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verbs.h"

const struct option_row option_rows[OPTION_COUNT] = {
	[OPT_HELP] = { "help", 'h', VALUE_FLAG, NULL, NULL, "says how a verb is used" },
	[OPT_VERSION] = { "version", 'V', VALUE_FLAG, NULL, NULL, "says which esafe this is" },
	[OPT_JSON] = { "json", 'j', VALUE_FLAG, NULL, NULL, "prints JSON, one object a line" },
	[OPT_CSV] = { "csv", 0, VALUE_FLAG, NULL, NULL, "prints CSV with a heading" },
	[OPT_SOCKET] = { "socket", 0, VALUE_TEXT, "PATH", NULL, "asks the daemon at this socket" },
	[OPT_ADDRESS] = { "address", 0, VALUE_TEXT, "MAC|IP", "address", "a device's MAC or IP address" },
	[OPT_AT] = { "at", 0, VALUE_TIME, "TIME", "at", "judges as at this time" },
	[OPT_ALWAYS] = { "always", 0, VALUE_FLAG, NULL, "always", "for good, which the head decides" },
	[OPT_BLOCK] = { "block", 0, VALUE_FLAG, NULL, "block", "it should be blocked, not opened" },
	[OPT_CATEGORY] = { "category", 'c', VALUE_TEXT, "CATEGORY", "category", "only names of this category" },
	[OPT_CLASS] = { "class", 0, VALUE_TEXT, "CLASS", "class", "a class of the register" },
	[OPT_DEVICE] = { "device", 'd', VALUE_TEXT, "DEVICE", "device", "a device: name, MAC, IP address or #number" },
	[OPT_DRY_RUN] = { "dry-run", 'n', VALUE_FLAG, NULL, "dry_run", "says what would change, and changes nothing" },
	[OPT_FLAT] = { "flat", 0, VALUE_FLAG, NULL, "flat", "one setting a line, with its path" },
	[OPT_FOLLOW] = { "follow", 'f', VALUE_FLAG, NULL, "follow", "goes on with what happens from now" },
	[OPT_ACCEPT] = { "accept-shrunk", 0, VALUE_FLAG, NULL, "accept_shrunk",
			 "takes lists or rosters that lost most of their names: somebody has looked" },
	[OPT_GROUP] = { "group", 'g', VALUE_TEXT, "GROUP", "group", "a group of the policy" },
	[OPT_LEAVERS] = { "remove-leavers", 0, VALUE_FLAG, NULL, "remove_leavers",
			  "those whom the file does not name have left" },
	[OPT_LEFT] = { "left", 0, VALUE_FLAG, NULL, "left", "those who have left" },
	[OPT_COUNT] = { "count", 0, VALUE_NUMBER, "N", "count", "so many" },
	[OPT_PRINT] = { "print", 0, VALUE_FLAG, NULL, "print", "slips of paper to cut out" },
	[OPT_SPONSOR] = { "sponsor", 0, VALUE_TEXT, "USER", "sponsor", "who answers for the guest" },
	[OPT_KEEP] = { "keep", 0, VALUE_FLAG, NULL, "keep", "it stays as it is" },
	[OPT_LIMIT] = { "limit", 'l', VALUE_NUMBER, "N", "limit", "at most so many rows; 0: all" },
	[OPT_NAME] = { "name", 0, VALUE_TEXT, "NAME", "name", "log: this name and those below; others: the new name" },
	[OPT_NOTE] = { "note", 0, VALUE_TEXT, "TEXT", "note", "a remark" },
	[OPT_OLDEST] = { "oldest", 0, VALUE_FLAG, NULL, "oldest", "the oldest first" },
	[OPT_OPEN] = { "open", 0, VALUE_FLAG, NULL, "open", "it is as it was asked for" },
	[OPT_OWNER] = { "owner", 0, VALUE_TEXT, "TEXT", "owner", "whose device it is" },
	[OPT_POLICY] = { "policy", 0, VALUE_FILE, "FILE", "text", "judges by this policy, not by the one in force" },
	[OPT_REASON] = { "reason", 'r', VALUE_TEXT, "REASON", "reason",
			 "log: only what was decided for this reason; else: why" },
	[OPT_REMOVE] = { "remove", 0, VALUE_FLAG, NULL, "remove", "removes devices that the file does not name" },
	[OPT_ROOM] = { "room", 0, VALUE_TEXT, "ROOM", "room", "a room of the register" },
	[OPT_SINCE] = { "since", 's', VALUE_TIME, "TIME", "since", "from this time on" },
	[OPT_SOURCE] = { "source", 0, VALUE_FLAG, NULL, "source", "the text as it was applied" },
	[OPT_TYPE] = { "type", 't', VALUE_TEXT, "TYPE", "type", "type of the DNS question: A, AAAA, HTTPS, a number" },
	[OPT_UNKNOWN] = { "unknown", 0, VALUE_FLAG, NULL, "unknown", "devices seen now that are not registered" },
	[OPT_UNTIL] = { "until", 'u', VALUE_TIME, "TIME", "until", "before this time" },
	[OPT_USER] = { "user", 0, VALUE_TEXT, "USER", "user", "only this user's" },
	[OPT_VERDICT] = { "verdict", 'v', VALUE_TEXT, "VERDICT", "verdict", "allow, block, rewrite or drop" },
	[OPT_ADULT] = { "adult", 0, VALUE_TEXT, "USER", "adult", "who looks after the class" },
	[OPT_BY] = { "by", 0, VALUE_TEXT, "WHAT", "by", "names, or volume: the most first" },
	[OPT_DAYS] = { "days", 0, VALUE_NUMBER, "N", "days", "so many days" },
	[OPT_FOR] = { "for", 0, VALUE_TEXT, "TIME", "for", "for so long: 50m, 1h30m, 2d" },
	[OPT_IP] = { "ip", 0, VALUE_TEXT, "ADDRESS", "ip", "the device that has this IP address" },
	[OPT_LOGON] = { "logon", 0, VALUE_FLAG, NULL, "logon", "a logon script says so" },
	[OPT_ONLY] = { "only", 0, VALUE_FLAG, NULL, "only", "and nothing else" },
	[OPT_SITE] = { "site", 0, VALUE_TEXT, "NAME", "site",
		       "a site, and what is below it; of a lesson several, with commas" },
	[OPT_SITES] = { "sites", 0, VALUE_FILE, "FILE", "sites", "the sites in this file, one a line" },
	[OPT_PAST] = { "past", 0, VALUE_FLAG, NULL, "past", "those that are over, too" },
	[OPT_WORDS] = { "words", 0, VALUE_TEXT, "TEXT", "words", "what it is needed for" },
	[OPT_YES] = { "yes", 'y', VALUE_FLAG, NULL, "yes", "it is meant" },
};

static const struct column log_columns[] = {
	{ "time", "TIME", 19 }, { "device", "DEVICE", 16 }, { "address", "ADDRESS", 15 }, { "user", "USER", 10 },
	{ "group", "GROUP", 10 },
	{ "verdict", "VERDICT", 7 }, { "reason", "REASON", 12 }, { "category", "CATEGORY", 12 },
	{ "protocol", "BY", 4 }, { "qtype", "TYPE", 5 }, { "name", "NAME", 0 },
	{ "mac", "MAC", -1 }, { "device_id", "DEVICE_ID", -1 }, { "port", "PORT", -1 },
	{ "interface", "INTERFACE", -1 }, { "vlan_outer", "VLAN_OUTER", -1 }, { "vlan_inner", "VLAN_INNER", -1 },
	{ "user_id", "USER_ID", -1 }, { "class", "CLASS", -1 }, { "class_id", "CLASS_ID", -1 }, { "how", "HOW", -1 },
	{ "confidence", "CONFIDENCE", -1 }, { "destination", "DESTINATION", -1 },
	{ "destination_port", "DESTINATION_PORT", -1 }, { "policy", "POLICY", -1 }, { "line", "LINE", -1 },
	{ "rule", "RULE", -1 }, { "known", "KNOWN", -1 },
	{ .key = NULL }
};
static const struct column device_columns[] = {
	{ "id", "ID", 5 }, { "name", "NAME", 20 }, { "address", "ADDRESS", 17 }, { "group", "GROUP", 12 },
	{ "owner", "OWNER", 16 }, { "seen", "SEEN AT", 24 }, { "hostname", "CALLS ITSELF", 16 },
	{ "class", "CLASS", 8 }, { "room", "ROOM", 8 }, { "note", "NOTE", 0 },
	{ .key = NULL }
};
static const struct column import_columns[] = {
	{ "sign", "", 1 }, { "name", "NAME", 20 }, { "address", "ADDRESS", 17 }, { "change", "CHANGE", 0 }, { .key = NULL }
};
static const struct column session_columns[] = {
	{ "id", "ID", 5 }, { "how", "HOW", 7 }, { "user", "USER", 16 }, { "class", "CLASS", 8 }, { "group", "GROUP", 10 },
	{ "device", "DEVICE", 16 }, { "address", "ADDRESS", 15 }, { "until", "UNTIL", 19 }, { "state", "STATE", 0 },
	{ "mac", "MAC", -1 }, { "adult", "ADULT", -1 }, { "started", "STARTED", -1 }, { "ended", "ENDED", -1 },
	{ "source", "SOURCE", -1 }, { "by", "BY", -1 }, { .key = NULL }
};
static const struct column grant_columns[] = {
	{ "id", "ID", 5 }, { "kind", "KIND", 11 }, { "scope", "FOR", 6 }, { "name", "WHOM", 20 },
	{ "what", "WHAT", 28 }, { "until", "UNTIL", 19 }, { "by", "BY", 12 }, { "reason", "REASON", 0 },
	{ "started", "STARTED", -1 }, { "ended", "ENDED", -1 }, { "ended_by", "ENDED_BY", -1 }, { "state", "STATE", -1 },
	{ .key = NULL }
};
static const struct column timeline_columns[] = {
	{ "time", "FROM", 19 }, { "day", "DAY", 7 }, { "open", "TIMES", 20 }, { "change", "WHAT CHANGES", 0 },
	{ "allowed", "ALLOWED", -1 }, { .key = NULL }
};
static const struct column volume_columns[] = {
	{ "device", "DEVICE", 24 }, { "group", "GROUP", 12 }, { "up", "UP", 7 }, { "down", "DOWN", 7 },
	{ "rate", "A SECOND", 9 }, { "quota", "OF ITS QUOTA", 0 }, { "address", "ADDRESS", -1 },
	{ "bytes_up", "BYTES_UP", -1 }, { "bytes_down", "BYTES_DOWN", -1 }, { "over", "OVER", -1 }, { .key = NULL }
};
static const struct column volume_group_columns[] = {
	{ "day", "DAY", 10 }, { "group", "GROUP", 16 }, { "devices", "DEVICES", 7 }, { "up", "UP", 7 },
	{ "down", "DOWN", 7 }, { "bytes_up", "BYTES_UP", -1 }, { "bytes_down", "BYTES_DOWN", -1 }, { .key = NULL }
};
static const struct column notice_columns[] = {
	{ "time", "TIME", 19 }, { "kind", "ABOUT", 8 }, { "text", "NOTICE", 0 }, { "id", "ID", -1 }, { .key = NULL }
};
static const struct column device_sheet[] = {
	{ "mac", "MAC", 17 }, { "name", "NAME", 20 }, { "group", "GROUP", 12 }, { "owner", "OWNER", 16 },
	{ "note", "NOTE", 16 }, { "class", "CLASS", 8 }, { "room", "ROOM", 0 }, { .key = NULL }
};
static const struct column user_columns[] = {
	{ "user", "USER", 20 }, { "name", "NAME", 24 }, { "group", "GROUP", 12 }, { "by", "BY", 5 },
	{ "class", "CLASS", 8 }, { "left", "LEFT", 19 }, { "changed", "CHANGED", 0 }, { "id", "ID", -1 }, { .key = NULL }
};
static const struct column user_sheet[] = {
	{ "user", "USER", 20 }, { "name", "NAME", 24 }, { "group", "GROUP", 12 }, { "class", "CLASS", 0 }, { .key = NULL }
};
static const struct column roster_columns[] = {
	{ "sign", "", 1 }, { "kind", "KIND", 5 }, { "name", "NAME", 20 }, { "change", "CHANGE", 0 }, { .key = NULL }
};
static const struct column class_columns[] = {
	{ "class", "CLASS", 12 }, { "group", "GROUP", 12 }, { "room", "ROOM", 12 }, { "users", "USERS", 5 },
	{ "devices", "DEVICES", 0 }, { "id", "ID", -1 }, { .key = NULL }
};
static const struct column room_columns[] = {
	{ "room", "ROOM", 12 }, { "classes", "CLASSES", 7 }, { "devices", "DEVICES", 0 }, { "id", "ID", -1 }, { .key = NULL }
};
static const struct column group_columns[] = {
	{ "group", "GROUP", 16 }, { "users", "USERS", 5 }, { "devices", "DEVICES", 7 }, { "classes", "CLASSES", 7 },
	{ "about", "ABOUT", 0 }, { .key = NULL }
};
static const struct column access_columns[] = {
	{ "kind", "WHAT", 6 }, { "name", "NAME", 20 }, { "group", "GROUP", 12 }, { "since", "SINCE", 19 },
	{ "by", "BY", 16 }, { "until", "UNTIL", 19 }, { "ended_by", "ENDED BY", 0 }, { .key = NULL }
};
static const struct column list_columns[] = {
	{ "name", "LIST", 20 }, { "category", "CATEGORY", 14 }, { "state", "STATE", 7 }, { "names", "NAMES", 9 },
	{ "rejects", "REJECTS", 8 }, { "format", "FORMAT", 9 }, { "file_time", "OF", 19 }, { "why", "REMARK", 0 },
	{ "file", "FILE", -1 }, { "bytes", "BYTES", -1 }, { "seconds", "SECONDS", -1 }, { "sha256", "SHA256", -1 },
	{ .key = NULL }
};
static const struct column find_columns[] = {
	{ "list", "LIST", 20 }, { "category", "CATEGORY", 14 }, { "line", "LINE", 9 }, { "entry", "ENTRY", 32 },
	{ "about", "REMARK", 0 }, { .key = NULL }
};
static const struct column history_columns[] = {
	{ "version", "VERSION", 7 }, { "time", "APPLIED", 19 }, { "who", "BY", 12 }, { "file", "FROM", 32 },
	{ "sha256", "SHA256", 0 }, { .key = NULL }
};
static const struct column diff_columns[] = {
	{ "sign", "", 1 }, { "path", "SETTING", 40 }, { "text", "VALUE", 0 }, { .key = NULL }
};
static const struct column top_columns[] = {
	{ "asked", "ASKED", 7 }, { "refused", "REFUSED", 7 }, { "up", "UP", 6 }, { "down", "DOWN", 6 },
	{ "device", "DEVICE", 24 }, { "group", "GROUP", 12 },
	{ "last", "LAST NAME REFUSED, OR ASKED FOR", 0 }, { .key = NULL }
};
static const struct column replay_columns[] = {
	{ "packet", "PACKET", 6 }, { "ts", "TIME", 19 }, { "src", "FROM", 15 }, { "dst", "TO", 15 }, { "proto", "BY", 7 },
	{ "verdict", "VERDICT", 7 }, { "reason", "REASON", 12 }, { "category", "CATEGORY", 12 }, { "qtype", "TYPE", 5 },
	{ "name", "NAME", 0 }, { .key = NULL }
};

static const struct column voucher_columns[] = {
	{ "id", "ID", 5 }, { "code", "CODE", 14 }, { "state", "STATE", 8 }, { "group", "GROUP", 12 }, { "for", "FOR", 6 },
	{ "sponsor", "SPONSOR", 14 }, { "used", "USED", 19 }, { "until", "UNTIL", 19 }, { "note", "NOTE", 0 },
	{ "expires", "EXPIRES", -1 }, { "made", "MADE", -1 }, { "by", "BY", -1 }, { .key = NULL }
};
static const struct column terms_columns[] = {
	{ "time", "TIME", 19 }, { "who", "WHO", 20 }, { "how", "HOW", 8 }, { "device", "DEVICE", 20 },
	{ "version", "VERSION", 0 }, { .key = NULL }
};
static const struct column request_columns[] = {
	{ "id", "ID", 5 }, { "name", "SITE", 32 }, { "wish", "TO BE", 6 }, { "asked", "ASKED", 5 }, { "last", "LAST", 19 },
	{ "group", "GROUP", 12 }, { "category", "CATEGORY", 14 }, { "state", "STATE", 8 }, { "words", "WORDS", 0 },
	{ "device", "DEVICE", -1 }, { "reason", "REASON", -1 }, { "first", "FIRST", -1 }, { "answered", "ANSWERED", -1 },
	{ "who", "BY", -1 }, { "note", "NOTE", -1 }, { "until", "UNTIL", -1 }, { "proposed_by", "PROPOSED_BY", -1 },
	{ "proposed_for", "PROPOSED_FOR", -1 }, { .key = NULL }
};

#define LOG_OPTIONS (OPT(DEVICE) | OPT(GROUP) | OPT(CATEGORY) | OPT(NAME) | OPT(VERDICT) | OPT(REASON) | OPT(USER) | \
		     OPT(CLASS) | \
		     OPT(SINCE) | OPT(UNTIL) | OPT(LIMIT) | OPT(FOLLOW) | OPT(OLDEST) | OPT(CSV))

#define PLACES (OPT(CLASS) | OPT(ROOM))

const struct verb_row verb_rows[] = {
	{ "status", "", "says how the filter is", 0, {}, NULL, NULL, NULL, false },
	{ "policy check", "[FILE]", "says what is wrong in a policy", 0,
	  { { "text", VALUE_FILE, false } }, NULL, NULL, NULL, false },
	{ "policy diff", "[FILE]", "says what a policy would change", OPT(CSV),
	  { { "text", VALUE_FILE, false } }, diff_columns, NULL, "nothing would change", false },
	{ "policy apply", "[FILE]", "puts a policy in force", 0,
	  { { "text", VALUE_FILE, false } }, diff_columns, NULL, "in force; nothing changed", false },
	{ "policy rollback", "[VERSION]", "puts the policy before, or this one, in force again", 0,
	  { { "version", VALUE_NUMBER, false } }, diff_columns, NULL, "in force; nothing changed", false },
	{ "policy show", "[VERSION]", "says what holds, as a matrix", OPT(GROUP) | OPT(FLAT) | OPT(SOURCE),
	  { { "version", VALUE_NUMBER, false } }, NULL, "line", NULL, false },
	{ "policy timeline", "GROUP", "says what changes for a group in the days to come", OPT(DAYS) | OPT(AT) | OPT(CSV),
	  { { "group", VALUE_TEXT, true } }, timeline_columns, NULL, NULL, false },
	{ "policy history", "", "lists the policies that were in force", OPT(LIMIT) | OPT(CSV),
	  {}, history_columns, NULL, "none", false },
	{ "list ls", "[LIST]", "lists the block lists; of one, the lines refused", OPT(CSV),
	  { { "list", VALUE_TEXT, false } }, list_columns, NULL, "the policy has no lists", false },
	{ "list reload", "", "reads all lists again", OPT(ACCEPT), {}, list_columns, NULL, NULL, false },
	{ "list find", "NAME", "says which lists hold a name", OPT(CSV),
	  { { "name", VALUE_TEXT, true } }, find_columns, NULL, "on no list", false },
	{ "device ls", "[DEVICE]", "lists the devices", OPT(GROUP) | OPT(CLASS) | OPT(ROOM) | OPT(UNKNOWN) | OPT(CSV),
	  { { "device", VALUE_TEXT, false } }, device_columns, NULL, "none", false },
	{ "device add", "MAC|IP NAME", "registers a device",
	  OPT(GROUP) | OPT(OWNER) | OPT(NOTE) | OPT(CLASS) | OPT(ROOM),
	  { { "address", VALUE_TEXT, true }, { "name", VALUE_TEXT, true } }, device_columns, NULL, NULL, false },
	{ "device set", "DEVICE", "changes a device",
	  OPT(NAME) | OPT(ADDRESS) | OPT(GROUP) | OPT(OWNER) | OPT(NOTE) | OPT(CLASS) | OPT(ROOM),
	  { { "device", VALUE_TEXT, true } }, device_columns, NULL, NULL, false },
	{ "device import", "FILE", "registers and changes devices as a CSV file says", OPT(DRY_RUN) | OPT(REMOVE) | OPT(CSV),
	  { { "text", VALUE_FILE, true } }, import_columns, NULL, "nothing to change", false },
	{ "device rm", "DEVICE", "forgets a device", 0,
	  { { "device", VALUE_TEXT, true } }, device_columns, NULL, NULL, false },
	{ "session start", "", "says who uses a device: a person, or a class",
	  OPT(USER) | OPT(CLASS) | OPT(ADULT) | OPT(DEVICE) | OPT(IP) | OPT(ROOM) | OPT(GROUP) | OPT(FOR) | OPT(UNTIL) |
		  OPT(LOGON),
	  {}, session_columns, NULL, NULL, false },
	{ "session end", "[ID]", "says that somebody no longer uses a device",
	  OPT(USER) | OPT(CLASS) | OPT(DEVICE) | OPT(IP),
	  { { "id", VALUE_NUMBER, false } }, NULL, NULL, NULL, false },
	{ "session ls", "", "lists who uses which device", OPT(USER) | OPT(PAST) | OPT(LIMIT) | OPT(CSV),
	  {}, session_columns, NULL, "none", false },
	{ "notice ls", "", "lists what somebody should look into", OPT(LIMIT) | OPT(CSV),
	  {}, notice_columns, NULL, "none", false },
	{ "device export", "", "prints the devices as a CSV file that can be imported", PRINTS_CSV,
	  {}, device_sheet, NULL, NULL, false },
	{ "user ls", "", "lists the users", OPT(GROUP) | OPT(CLASS) | OPT(LEFT) | OPT(CSV),
	  {}, user_columns, NULL, "none", false },
	{ "user show", "USER", "says what is known of a user, and which groups it had", 0,
	  { { "user", VALUE_TEXT, true } }, NULL, NULL, NULL, false },
	{ "user add", "USER [NAME]", "registers a user", OPT(GROUP) | OPT(CLASS),
	  { { "user", VALUE_TEXT, true }, { "name", VALUE_TEXT, false } }, user_columns, NULL, NULL, false },
	{ "user set", "USER", "changes a user", OPT(NAME) | OPT(GROUP) | OPT(CLASS),
	  { { "user", VALUE_TEXT, true } }, user_columns, NULL, NULL, false },
	{ "user remove", "USER", "forgets a user", 0,
	  { { "user", VALUE_TEXT, true } }, user_columns, NULL, NULL, false },
	{ "user import", "FILE", "registers and changes users and classes as a CSV file says",
	  OPT(DRY_RUN) | OPT(LEAVERS) | OPT(ACCEPT) | OPT(CSV),
	  { { "text", VALUE_FILE, true } }, roster_columns, NULL, "nothing to change", false },
	{ "user export", "", "prints the users as a CSV file that can be imported", PRINTS_CSV,
	  {}, user_sheet, NULL, NULL, false },
	{ "class ls", "", "lists the classes", OPT(CSV), {}, class_columns, NULL, "none", false },
	{ "class add", "CLASS", "registers a class", OPT(GROUP) | OPT(ROOM),
	  { { "class", VALUE_TEXT, true } }, class_columns, NULL, NULL, false },
	{ "class set", "CLASS", "changes a class", OPT(NAME) | OPT(GROUP) | OPT(ROOM),
	  { { "class", VALUE_TEXT, true } }, class_columns, NULL, NULL, false },
	{ "class remove", "CLASS", "forgets a class that is empty", 0,
	  { { "class", VALUE_TEXT, true } }, class_columns, NULL, NULL, false },
	{ "room ls", "", "lists the rooms", OPT(CSV), {}, room_columns, NULL, "none", false },
	{ "room add", "ROOM", "registers a room", 0, { { "room", VALUE_TEXT, true } }, room_columns, NULL, NULL, false },
	{ "room remove", "ROOM", "forgets a room that is empty", 0,
	  { { "room", VALUE_TEXT, true } }, room_columns, NULL, NULL, false },
	{ "group ls", "", "lists the groups of the policy and how many are in each", OPT(CSV),
	  {}, group_columns, NULL, "none", false },
	{ "access ls", "", "says who has which group, since when, and who said so",
	  OPT(AT) | OPT(USER) | OPT(DEVICE) | OPT(GROUP) | OPT(CSV), {}, access_columns, NULL, "none", false },
	{ "lesson start", "", "opens checked sites for a class or room",
	  PLACES | OPT(SITES) | OPT(SITE) | OPT(ONLY) | OPT(FOR) | OPT(UNTIL) | OPT(REASON),
	  {}, grant_columns, NULL, NULL, false },
	{ "lesson stop", "[ID]", "ends a lesson", PLACES,
	  { { "id", VALUE_NUMBER, false } }, grant_columns, NULL, NULL, false },
	{ "lesson extend", "[ID]", "lets a lesson or supervision last longer", PLACES | OPT(FOR) | OPT(UNTIL),
	  { { "id", VALUE_NUMBER, false } }, grant_columns, NULL, NULL, false },
	{ "lesson ls", "", "lists lessons and supervision", OPT(PAST) | OPT(LIMIT) | OPT(CSV),
	  {}, grant_columns, NULL, "none", false },
	{ "supervise start", "", "opens what needs an adult, who is there",
	  PLACES | OPT(DEVICE) | OPT(FOR) | OPT(UNTIL) | OPT(REASON), {}, grant_columns, NULL, NULL, false },
	{ "supervise stop", "[ID]", "the adult has gone", PLACES | OPT(DEVICE),
	  { { "id", VALUE_NUMBER, false } }, grant_columns, NULL, NULL, false },
	{ "grant ls", "", "lists what is open or closed for a while", OPT(PAST) | OPT(LIMIT) | OPT(CSV),
	  {}, grant_columns, NULL, "none", false },
	{ "grant end", "ID", "ends what was granted or denied", OPT(REASON),
	  { { "id", VALUE_NUMBER, true } }, grant_columns, NULL, NULL, false },
	{ "grant", "", "allows a site or category for a while",
	  PLACES | OPT(DEVICE) | OPT(USER) | OPT(GROUP) | OPT(SITE) | OPT(CATEGORY) | OPT(FOR) | OPT(UNTIL) | OPT(REASON),
	  {}, grant_columns, NULL, NULL, false },
	{ "deny", "", "forbids a site or category for a while",
	  PLACES | OPT(DEVICE) | OPT(USER) | OPT(GROUP) | OPT(SITE) | OPT(CATEGORY) | OPT(FOR) | OPT(UNTIL) | OPT(REASON),
	  {}, grant_columns, NULL, NULL, false },
	{ "suspend", "[USER]", "suspends somebody's Internet and writes the letter",
	  OPT(DEVICE) | OPT(FOR) | OPT(UNTIL) | OPT(REASON),
	  { { "user", VALUE_TEXT, false } }, NULL, "line", NULL, false },
	{ "reinstate", "[USER]", "ends a suspension", OPT(DEVICE) | OPT(REASON),
	  { { "user", VALUE_TEXT, false } }, grant_columns, NULL, NULL, false },
	{ "quarantine", "DEVICE", "cuts a device off", OPT(REASON),
	  { { "device", VALUE_TEXT, true } }, grant_columns, NULL, NULL, false },
	{ "release", "DEVICE", "ends a quarantine", OPT(REASON),
	  { { "device", VALUE_TEXT, true } }, NULL, NULL, NULL, false },
	{ "volume ls", "", "lists what each device sent and got today, and its quota", OPT(GROUP) | OPT(LIMIT) | OPT(CSV),
	  {}, volume_columns, NULL, "none", false },
	{ "volume groups", "", "lists what each group sent and got, by day", OPT(DAYS) | OPT(CSV),
	  {}, volume_group_columns, NULL, "none", false },
	{ "why", "NAME", "asks the loaded programs how they judge a name, and why", OPT(DEVICE) | OPT(AT) | OPT(TYPE),
	  { { "name", VALUE_TEXT, true } }, NULL, NULL, NULL, false },
	{ "log", "", "searches what happened", LOG_OPTIONS, {}, log_columns, NULL, NULL, false },
	{ "top", "", "shows who is asking, live", OPT(LIMIT) | OPT(BY), {}, top_columns, NULL, NULL, true },
	{ "replay", "FILE.pcap", "sends a capture through the programs and says what they make of it", OPT(POLICY),
	  { { "capture", VALUE_HANDED, true } }, replay_columns, NULL, NULL, false },
	{ "voucher new", "", "makes vouchers for guests; their codes are shown this once",
	  OPT(GROUP) | OPT(FOR) | OPT(UNTIL) | OPT(SPONSOR) | OPT(COUNT) | OPT(NOTE) | OPT(PRINT) | OPT(CSV),
	  {}, voucher_columns, "line", NULL, false },
	{ "voucher ls", "", "lists the vouchers that can be used", OPT(PAST) | OPT(LIMIT) | OPT(CSV),
	  {}, voucher_columns, NULL, "none", false },
	{ "voucher revoke", "ID", "takes a voucher back and ends what is open by it", 0,
	  { { "id", VALUE_NUMBER, true } }, NULL, NULL, "taken back", false },
	{ "terms ls", "", "lists who accepted which terms of use", OPT(LIMIT) | OPT(CSV),
	  {}, terms_columns, NULL, "nobody yet", false },
	{ "request add", "SITE", "asks for a site to be opened, or blocked", OPT(BLOCK) | OPT(WORDS) | OPT(ADDRESS),
	  { { "name", VALUE_TEXT, true } }, request_columns, NULL, NULL, false },
	{ "request ls", "[SITE]", "lists what was asked for on the block page, and waits", OPT(PAST) | OPT(LIMIT) | OPT(CSV),
	  { { "name", VALUE_TEXT, false } }, request_columns, NULL, "nobody waits for an answer", false },
	{ "request answer", "ID", "answers: --open, for those who asked or whom it names, or --keep",
	  OPT(OPEN) | OPT(KEEP) | OPT(NOTE) | PLACES | OPT(DEVICE) | OPT(USER) | OPT(GROUP) | OPT(FOR) | OPT(UNTIL) |
		  OPT(ALWAYS),
	  { { "id", VALUE_NUMBER, true } }, grant_columns, NULL, "answered", false },
	{ "detach", "", "switches the filter off", OPT(YES), {}, NULL, NULL, NULL, false },
};
const size_t verb_rows_count = sizeof(verb_rows) / sizeof(*verb_rows);
