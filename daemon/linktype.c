// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "linktype.h"

#define ETH_HEADER 14
#define TYPE_IPV4 0x0800
#define TYPE_IPV6 0x86dd
#define TYPE_CISCO_METADATA 0x8909

struct packet {
	const __u8 *data;
	size_t len;
};

struct found { /* what travels in the packet */
	unsigned type;   /* as in an Ethernet header */
	size_t at;       /* where it begins */
	const __u8 *mac; /* of the sender; NULL: not known */
};

static unsigned get16(const __u8 *b)
{
	return b[0] << 8 | b[1];
}

/* IPv4 or IPv6 says itself which it is. */
static int find_ip(const struct packet *p, size_t at, struct found *found)
{
	if (p->len <= at)
		return -EBADMSG;
	found->at = at;
	found->type = p->data[at] >> 4 == 6 ? TYPE_IPV6 : TYPE_IPV4;
	return p->data[at] >> 4 == 6 || p->data[at] >> 4 == 4 ? 0 : -EBADMSG;
}

static int find_raw(const struct packet *p, struct found *found)
{
	return find_ip(p, 0, found);
}

/* An address family in the byte order of whoever captured; its numbers differ between systems, IP says it better. */
static int find_null(const struct packet *p, struct found *found)
{
	return find_ip(p, 4, found);
}

/* RFC 1661 section 2 at offset `at`; address, control and the first byte of the protocol may be left out (6.5, 6.6). */
static int find_ppp_at(const struct packet *p, size_t at, struct found *found)
{
	unsigned protocol;

	if (p->len >= at + 2 && get16(p->data + at) == 0xff03)
		at += 2;
	if (p->len < at + 2)
		return -EBADMSG;
	protocol = p->data[at] & 1 ? p->data[at] : get16(p->data + at);
	found->at = at + (p->data[at] & 1 ? 1 : 2);
	found->type = protocol == 0x21 ? TYPE_IPV4 : TYPE_IPV6;
	return protocol == 0x21 || protocol == 0x57 ? 0 : -EBADMSG;
}

static int find_ppp(const struct packet *p, struct found *found)
{
	return find_ppp_at(p, 0, found);
}

static int find_hdlc(const struct packet *p, struct found *found)
{
	if (p->len < 4)
		return -EBADMSG;
	found->type = get16(p->data + 2);
	found->at = 4;
	return 0;
}

/* PPP, or what Cisco's routers say on the same lines. */
static int find_ppp_serial(const struct packet *p, struct found *found)
{
	if (p->len && (p->data[0] == 0x0f || p->data[0] == 0x8f))
		return find_hdlc(p, found);
	return find_ppp_at(p, 0, found);
}

/* One byte says which way it went. */
static int find_ppp_dir(const struct packet *p, struct found *found)
{
	return find_ppp_at(p, 1, found);
}

/* RFC 2516 section 4: version and type, code 0 for a session, session, length. */
static int find_pppoe(const struct packet *p, struct found *found)
{
	if (p->len < 6 || p->data[1])
		return -EBADMSG;
	return find_ppp_at(p, 6, found);
}

/* packet type 2 | ARPHRD 2 | address length 2 | address 8 | protocol 2 */
static int find_sll(const struct packet *p, struct found *found)
{
	if (p->len < 16)
		return -EBADMSG;
	found->type = get16(p->data + 14);
	found->at = 16;
	if (get16(p->data + 4) == 6)
		found->mac = p->data + 6;
	return 0;
}

/* protocol 2 | reserved 2 | interface 4 | ARPHRD 2 | packet type 1 | address length 1 | address 8 */
static int find_sll2(const struct packet *p, struct found *found)
{
	if (p->len < 20)
		return -EBADMSG;
	found->type = get16(p->data);
	found->at = 20;
	if (p->data[11] == 6)
		found->mac = p->data + 12;
	return 0;
}

/*
 * Switches mark frames with a group (type, version 1, length 1, option 2, group 2) on their way to each other, where
 * captures are taken, and take the mark off before any other machine gets them.
 */
static int find_ethernet(const struct packet *p, struct found *found)
{
	bool marked = p->len >= ETH_HEADER + 8 && get16(p->data + 12) == TYPE_CISCO_METADATA && p->data[15] == 1;

	if (p->len < ETH_HEADER)
		return -EBADMSG;
	found->at = ETH_HEADER + (marked ? 8 : 0);
	found->type = get16(p->data + found->at - 2);
	found->mac = p->data + 6;
	return 0;
}

/*
 * IEEE 802.11 section 9.2.3 at offset `at`: frame control 2 | duration 2 | three addresses | sequence 2 | a fourth
 * address between access points | QoS 2 | LLC and SNAP 8. Only data that is not encrypted says anything.
 */
static int find_wlan_as(const struct packet *p, size_t at, __u8 kind, __u8 flags, struct found *found)
{
	static const __u8 snap[6] = { 0xaa, 0xaa, 3 };
	const __u8 *frame = p->data + at;
	size_t header = 24;

	if ((kind & 0x4f) != 0x08 || flags & 0x40)
		return -EBADMSG;
	if ((flags & 3) == 3)
		header += 6;
	if (kind & 0x80)
		header += flags & 0x80 ? 6 : 2; /* the "order" bit: and HT control */
	if (p->len < at + header + 8 || memcmp(frame + header, snap, sizeof(snap)))
		return -EBADMSG;
	found->type = get16(frame + header + 6);
	found->at = at + header + 8;
	found->mac = frame + ((flags & 3) == 3 ? 24 : flags & 2 ? 16 : 10);
	return 0;
}

/* Some access points that hand frames on (RFC 5415) have the bytes of the frame control the other way round. */
static int find_wlan_at(const struct packet *p, size_t at, struct found *found)
{
	const __u8 *frame = p->data + at;
	int err;

	if (p->len < at + 24)
		return -EBADMSG;
	err = find_wlan_as(p, at, frame[0], frame[1], found);
	return err ? find_wlan_as(p, at, frame[1], frame[0], found) : 0;
}

static int find_wlan(const struct packet *p, struct found *found)
{
	return find_wlan_at(p, 0, found);
}

/* version 1 | padding 1 | length 2, little-endian | what the receiver saw */
static int find_radiotap(const struct packet *p, struct found *found)
{
	return p->len < 4 ? -EBADMSG : find_wlan_at(p, p->data[2] | p->data[3] << 8, found);
}

static const struct {
	unsigned type;
	const char *name;
	bool mac;
	int (*find)(const struct packet *p, struct found *found);
} types[] = {
	{ 0, "BSD loopback", false, find_null },
	{ 1, "Ethernet", true, find_ethernet },
	{ 9, "PPP", false, find_ppp },
	{ 12, "raw IP", false, find_raw },
	{ 14, "raw IP", false, find_raw },
	{ 50, "PPP over serial lines", false, find_ppp_serial },
	{ 51, "PPP over Ethernet", false, find_pppoe },
	{ 101, "raw IP", false, find_raw },
	{ 104, "Cisco HDLC", false, find_hdlc },
	{ 105, "wireless LAN", true, find_wlan },
	{ 108, "OpenBSD loopback", false, find_null },
	{ 113, "Linux cooked", true, find_sll },
	{ 127, "wireless LAN with radiotap", true, find_radiotap },
	{ 166, "PPP with direction", false, find_ppp_dir },
	{ 204, "PPP with direction", false, find_ppp_dir },
	{ 228, "raw IPv4", false, find_raw },
	{ 229, "raw IPv6", false, find_raw },
	{ 276, "Linux cooked v2", true, find_sll2 },
};

static int index_of(unsigned type)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (types[i].type == type)
			return i;
	return -EPROTONOSUPPORT;
}

const char *linktype_name(unsigned type)
{
	int i = index_of(type);

	return i < 0 ? NULL : types[i].name;
}

bool linktype_has_mac(unsigned type)
{
	int i = index_of(type);

	return i >= 0 && types[i].mac;
}

/*
 * No address is zero: the programs answer with copies of frames, and one for the address of the loopback interface, all
 * zeros, would be taken as its own by the machine that replays.
 */
static void put_mac(__u8 *out, const __u8 *mac, __u8 other)
{
	static const __u8 none[6];

	if (mac && memcmp(mac, none, 6))
		memmove(out, mac, 6);
	else
		memcpy(out, (__u8[]){ 2, 0, 0, 0, 0, other }, 6);
}

int linktype_frame(unsigned type, const __u8 *data, size_t len, __u8 *out)
{
	struct packet packet = { data, len };
	struct found found = { 0 };
	int err, i = index_of(type);

	if (i < 0)
		return i;
	if (len > LINKTYPE_PACKET_MAX)
		return -EBADMSG;
	err = types[i].find(&packet, &found);
	if (err)
		return err;
	put_mac(out, types[i].find == find_ethernet ? data : NULL, 254);
	put_mac(out + 6, found.mac, 1);
	out[12] = found.type >> 8;
	out[13] = found.type;
	memcpy(out + ETH_HEADER, data + found.at, len - found.at);
	return ETH_HEADER + len - found.at;
}
