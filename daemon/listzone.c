/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Response policy zones: a DNS zone (RFC 1035 section 5) whose owner names, without the name of the zone, are the
 * names meant, and whose records say what to do with them:
 *
 *     bad.example         CNAME .              no such name
 *     *.bad.example       CNAME *.             no data, for those below
 *     good.bad.example    CNAME rpz-passthru.  an exception
 */
#include "listline.h"

#include <ctype.h>

#define N(array) (sizeof(array) / sizeof((array)[0]))

/* Cuts the remark off and follows parentheses; what they hold is not looked at. */
static size_t cut_remark(struct list_zone *zone, const char *text, size_t len)
{
	bool quoted = false;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\\')
			i++;
		else if (text[i] == '"')
			quoted = !quoted;
		else if (quoted)
			continue;
		else if (text[i] == ';')
			return i;
		else if (text[i] == '(')
			zone->depth++;
		else if (text[i] == ')' && zone->depth)
			zone->depth--;
	}
	return len;
}

/* a + b, both names in wire form. */
static bool join(const struct list_wire *a, const struct list_wire *b, struct list_wire *out)
{
	if (a->len - 1 + b->len > sizeof(out->bytes))
		return false;
	memcpy(out->bytes, a->bytes, a->len - 1);
	memcpy(out->bytes + a->len - 1, b->bytes, b->len);
	out->len = a->len - 1 + b->len;
	return true;
}

/* The absolute name that a word of the zone file means. False: refused. */
static bool absolute(struct list_reader *r, const char *text, size_t len, struct list_wire *out)
{
	static const struct list_wire root = { 1, { 0 } };
	const struct list_wire *origin = r->zone.origin.len ? &r->zone.origin : &root;
	struct list_wire name;
	enum name_fault fault;
	int wire_len;

	if (len == 1 && *text == '@') {
		*out = *origin;
		return true;
	}
	wire_len = name_parse(text, len, name.bytes, &fault);
	if (wire_len < 0) {
		list_refuse(r, list_explain(text, len, fault));
		return false;
	}
	name.len = wire_len;
	if (text[len - 1] == '.') {
		*out = name;
		return true;
	}
	if (join(&name, origin, out))
		return true;
	list_refuse(r, LIST_R_NAME_LONG);
	return false;
}

/* Takes the name of the zone off the end of the name. False: it does not stand below it. */
static bool strip_apex(const struct list_wire *apex, struct list_wire *name)
{
	unsigned at = 0;

	if (apex->len <= 1)
		return true;
	while (at + apex->len < name->len)
		at += name->bytes[at] + 1;
	if (!at || at + apex->len != name->len || memcmp(name->bytes + at, apex->bytes, apex->len))
		return false;
	name->bytes[at] = 0;
	name->len = at + 1;
	return true;
}

static bool is_other_trigger(const struct list_wire *name)
{
	static const char *const others[] = { "rpz-ip", "rpz-client-ip", "rpz-nsip", "rpz-nsdname" };
	const __u8 *at = name->bytes, *last = at;

	for (; *at; at += *at + 1)
		last = at;
	for (size_t i = 0; i < N(others); i++)
		if (*last == strlen(others[i]) && !memcmp(last + 1, others[i], *last))
			return true;
	return false;
}

static void take_trigger(struct list_reader *r, const char *text, size_t len, unsigned flags)
{
	struct list_wire name;

	if (len > 2 && text[0] == '*' && text[1] == '.') {
		flags |= LIST_BELOW | LIST_WILD;
		text += 2;
		len -= 2;
	} else {
		flags |= LIST_EXACT;
	}
	if (!absolute(r, text, len, &name))
		return;
	if (!strip_apex(&r->zone.apex, &name))
		list_refuse(r, LIST_R_ZONE);
	else if (is_other_trigger(&name))
		list_refuse(r, LIST_R_TRIGGER);
	else
		list_take_wire(r, name.bytes, name.len, flags);
}

static void record_cname(struct list_reader *r, struct list_word target)
{
	static const struct { const char *target; unsigned flags; } actions[] = {
		{ ".", 0 }, { "*.", 0 }, { "rpz-drop.", 0 }, { "rpz-passthru.", LIST_EXCEPT },
	};

	for (size_t i = 0; i < N(actions); i++) {
		if (list_word_is(target, actions[i].target)) {
			take_trigger(r, r->zone.owner, r->zone.owner_len, actions[i].flags);
			return;
		}
	}
	list_refuse(r, LIST_R_ACTION);
}

static void record_soa(struct list_reader *r, struct list_word rest)
{
	struct list_wire name;

	if (absolute(r, r->zone.owner, r->zone.owner_len, &name))
		r->zone.apex = name;
}

static void record_ns(struct list_reader *r, struct list_word rest)
{
	/* A zone must have one; it says nothing. */
}

static const struct {
	const char *type;
	void (*fn)(struct list_reader *r, struct list_word first);
} records[] = {
	{ "CNAME", record_cname },
	{ "SOA", record_soa },
	{ "NS", record_ns },
};

static void directive(struct list_reader *r, const char *text, size_t len)
{
	struct list_word word = list_next_word(&text, &len), value = list_next_word(&text, &len);
	struct list_wire name;

	if (list_word_is(word, "$TTL"))
		return;
	if (!list_word_is(word, "$ORIGIN") || !value.len) {
		list_refuse(r, LIST_R_ZONE); /* $INCLUDE and $GENERATE: more than one file, more than one line */
		return;
	}
	if (!absolute(r, value.at, value.len, &name))
		return;
	r->zone.origin = name;
	if (!r->zone.apex.len && name.len > 1 && !r->counts.names && !r->counts.exceptions)
		r->zone.apex = name;
}

static bool is_ttl_or_class(struct list_word word)
{
	static const char *const classes[] = { "IN", "CH", "HS" };

	for (size_t i = 0; i < N(classes); i++)
		if (list_word_is(word, classes[i]))
			return true;
	for (size_t i = 0; i < word.len; i++)
		if (!isdigit((unsigned char)word.at[i]) && (!i || !strchr("smhdwSMHDW", word.at[i]) || !word.at[i]))
			return false;
	return word.len;
}

void list_line_rpz(struct list_reader *r, const char *text, size_t len)
{
	bool inside = r->zone.depth;
	struct list_word word;

	len = cut_remark(&r->zone, text, len);
	if (inside || !list_trim(text, len).len)
		return;
	if (*text == '$') {
		directive(r, text, len);
		return;
	}
	if (!list_is_space(*text)) {
		word = list_next_word(&text, &len);
		memcpy(r->zone.owner, word.at, word.len);
		r->zone.owner_len = word.len;
	}
	do
		word = list_next_word(&text, &len);
	while (is_ttl_or_class(word));
	if (!r->zone.owner_len || !word.len) {
		list_refuse(r, LIST_R_SYNTAX);
		return;
	}
	for (size_t i = 0; i < N(records); i++) {
		if (list_word_is(word, records[i].type)) {
			records[i].fn(r, list_next_word(&text, &len));
			return;
		}
	}
	list_refuse(r, LIST_R_ACTION);
}
