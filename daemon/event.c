/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "event.h"
#include "names.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static const char *const verdict_names[ESAFE_VERDICT_COUNT] = {
#define X(name, number, text) [number] = text,
	ESAFE_VERDICTS(X)
#undef X
};

static const struct {
	const char *name, *meaning;
} reasons[ESAFE_REASON_COUNT] = {
#define X(name_, number, text, meaning_) [number] = { text, meaning_ },
	ESAFE_REASONS(X)
#undef X
};

static const char *const proto_names[] = {
	[ESAFE_P_NONE] = "none", [ESAFE_P_DNS] = "dns",   [ESAFE_P_DNS_TCP] = "dns-tcp", [ESAFE_P_TLS] = "tls",
	[ESAFE_P_QUIC] = "quic", [ESAFE_P_HTTP] = "http", [ESAFE_P_TCP] = "tcp",	 [ESAFE_P_UDP] = "udp",
	[ESAFE_P_IP] = "ip",
};

static const struct {
	const char *name;
	enum record_confidence confidence;
} hows[] = {
	[ESAFE_HOW_NONE] = { "none", RECORD_UNKNOWN },
	[ESAFE_HOW_DEVICE] = { "device", RECORD_HIGH },
	[ESAFE_HOW_USER] = { "user", RECORD_HIGH },
	[ESAFE_HOW_CLASS] = { "class", RECORD_MEDIUM },
	[ESAFE_HOW_VLAN] = { "vlan", RECORD_LOW },
	[ESAFE_HOW_SUBNET] = { "subnet", RECORD_LOW },
	[ESAFE_HOW_INTERFACE] = { "interface", RECORD_LOW },
	[ESAFE_HOW_STRICTEST] = { "strictest", RECORD_UNKNOWN },
	[ESAFE_HOW_RADIUS] = { "radius", RECORD_HIGH },
	[ESAFE_HOW_LOGON] = { "logon", RECORD_HIGH },
	[ESAFE_HOW_PORTAL] = { "portal", RECORD_HIGH },
	[ESAFE_HOW_VOUCHER] = { "voucher", RECORD_MEDIUM },
};
_Static_assert(sizeof(hows) / sizeof(hows[0]) == ESAFE_HOW_COUNT, "every way has a name");

static const char *const confidence_names[] = {
	[RECORD_UNKNOWN] = "unknown", [RECORD_LOW] = "low", [RECORD_MEDIUM] = "medium", [RECORD_HIGH] = "high",
};

static const char *const known_names[] = {
	[ESAFE_KNOWN_NAME] = "name", [ESAFE_KNOWN_DNS] = "dns", [ESAFE_KNOWN_OUTER] = "outer",
	[ESAFE_KNOWN_ADDRESS] = "address",
};
_Static_assert(COUNT(known_names) == ESAFE_KNOWN_COUNT, "all that can be known has a name");

/* The types that are asked for in a school; every other one is written as RFC 3597 section 5 has it. */
static const struct {
	unsigned type;
	const char *name;
} qtypes[] = {
	{ 1, "A" },     { 2, "NS" },   { 5, "CNAME" }, { 6, "SOA" },    { 12, "PTR" },   { 15, "MX" },     { 16, "TXT" },
	{ 28, "AAAA" }, { 33, "SRV" }, { 43, "DS" },   { 48, "DNSKEY" }, { 64, "SVCB" }, { 65, "HTTPS" }, { 255, "ANY" },
};

const char *event_verdict_name(unsigned verdict)
{
	return verdict < COUNT(verdict_names) ? verdict_names[verdict] : "?";
}

const char *event_reason_name(unsigned reason)
{
	return reason < COUNT(reasons) ? reasons[reason].name : "?";
}

const char *event_reason_meaning(unsigned reason)
{
	return reason < COUNT(reasons) ? reasons[reason].meaning : "?";
}

const char *event_proto_name(unsigned proto)
{
	return proto < COUNT(proto_names) ? proto_names[proto] : "?";
}

const char *event_how_name(unsigned how)
{
	return how < COUNT(hows) ? hows[how].name : "?";
}

const char *event_known_name(unsigned known)
{
	return known < COUNT(known_names) ? known_names[known] : "?";
}

const char *event_confidence_name(unsigned confidence)
{
	return confidence < COUNT(confidence_names) ? confidence_names[confidence] : "?";
}

const char *event_qtype_name(unsigned qtype, char room[12])
{
	for (size_t i = 0; i < COUNT(qtypes); i++)
		if (qtypes[i].type == qtype)
			return qtypes[i].name;
	snprintf(room, 12, "TYPE%u", qtype & 0xffff);
	return room;
}

int event_verdict_number(const char *name)
{
	for (size_t i = 0; i < COUNT(verdict_names); i++)
		if (!strcmp(verdict_names[i], name))
			return (int)i;
	return -ENOENT;
}

int event_reason_number(const char *name)
{
	for (size_t i = 0; i < COUNT(reasons); i++)
		if (!strcmp(reasons[i].name, name))
			return (int)i;
	return -ENOENT;
}

void event_address_text(const __u8 addr[16], char out[EVENT_ADDRESS_SIZE])
{
	static const __u8 mapped[12] = { [10] = 0xff, [11] = 0xff };
	static const __u8 none[16];

	out[0] = '\0';
	if (!memcmp(addr, none, 16))
		return;
	if (!memcmp(addr, mapped, 12))
		inet_ntop(AF_INET, addr + 12, out, EVENT_ADDRESS_SIZE);
	else
		inet_ntop(AF_INET6, addr, out, EVENT_ADDRESS_SIZE);
}

void event_mac_text(const __u8 mac[6], char out[EVENT_MAC_SIZE])
{
	static const __u8 none[6];

	out[0] = '\0';
	if (memcmp(mac, none, 6))
		snprintf(out, EVENT_MAC_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
			 mac[5]);
}

static int event_check(const struct esafe_event *event, size_t size)
{
	if (size < sizeof(*event) || event->name_len > ESAFE_NAME_MAX || event->name_len > size - sizeof(*event))
		return -EBADMSG;
	if (event->verdict >= ESAFE_VERDICT_COUNT || event->reason >= ESAFE_REASON_COUNT)
		return -EBADMSG;
	if (event->proto >= COUNT(proto_names) || event->how >= COUNT(hows) ||
	    event->known >= ESAFE_KNOWN_COUNT)
		return -EBADMSG;
	if (event->group >= ESAFE_GROUPS && event->group != ESAFE_NONE)
		return -EBADMSG;
	if (event->category >= ESAFE_CATEGORIES && event->category != ESAFE_NO_CATEGORY)
		return -EBADMSG;
	return event->tai_ns > (__u64)1 << 62 ? -EBADMSG : 0;
}

static const char *word(const char *(*look)(void *ctx, __u32 id), void *ctx, __u32 id)
{
	const char *text = look ? look(ctx, id) : NULL;

	return text ? text : "";
}

static void event_words(const struct esafe_event *event, const struct event_names *names, struct record *out)
{
	out->device = event->device ? word(names->device, names->ctx, event->device) : "";
	out->user = event->user ? word(names->user, names->ctx, event->user) : "";
	out->class_name = event->class ? word(names->class_name, names->ctx, event->class) : "";
	out->group = event->group == ESAFE_NONE ? "" : word(names->group, names->ctx, event->group);
	out->category = event->category == ESAFE_NO_CATEGORY ? "" : word(names->category, names->ctx, event->category);
	out->iface = word(names->iface, names->ctx, event->ifindex);
}

int event_decode(const struct esafe_event *event, size_t size, const struct event_names *names, struct record *out)
{
	char name[RECORD_NAME_SIZE];
	bool told;

	if (event_check(event, size))
		return -EBADMSG;
	/* A help site is never told by name; its address and what opened it would be one. */
	told = event->reason != ESAFE_R_HELP;
	name[0] = '\0';
	if (told && event->name_len && name_to_text(event->name, event->name_len, name, sizeof(name)) < 0)
		return -EBADMSG;

	out->at_us = ((__s64)event->tai_ns - names->tai_offset_ns) / 1000;
	out->device_id = event->device;
	out->user_id = event->user;
	out->policy = event->policy;
	out->line = told ? event->line : 0;
	out->rule = told ? event->rule : 0;
	out->class_id = event->class;
	out->qtype = event->qtype;
	out->sport = ntohs(event->sport);
	out->dport = ntohs(event->dport);
	out->vlan_outer = event->vlan_outer;
	out->vlan_inner = event->vlan_inner;
	memcpy(out->src, event->src, sizeof(out->src));
	memset(out->dst, 0, sizeof(out->dst));
	if (told)
		memcpy(out->dst, event->dst, sizeof(out->dst));
	memcpy(out->mac, event->mac, sizeof(out->mac));
	out->proto = event->proto;
	out->verdict = event->verdict;
	out->reason = event->reason;
	out->how = event->how;
	out->known = event->known;
	out->confidence = hows[event->how].confidence;
	event_words(event, names, out);
	memcpy(out->name, name, strlen(name) + 1);
	return 0;
}
