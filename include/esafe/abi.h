/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What crosses between the kernel programs and the daemon: map keys and values, events, limits, and the names of
 * verdicts and reasons. Integers are in host byte order unless the type is __be*; addresses and ports are as on the
 * wire. A change of any layout raises ESAFE_ABI: the daemon then replaces pinned maps instead of adopting them.
 */
#ifndef ESAFE_ABI_H
#define ESAFE_ABI_H

#include <linux/types.h>
#include "esafe/nets.h"
#include "esafe/scopes.h"

#define ESAFE_ABI 6

#define ESAFE_NAME_MAX 255     /* a name in wire form, root label included (RFC 1035 section 2.3.4) */
#define ESAFE_LABELS_MAX 127   /* labels of such a name, root label not counted */
#define ESAFE_GROUPS 64        /* groups of users; a set of groups is one __u64 */
#define ESAFE_CATEGORIES 256   /* categories; a set of them is four __u64 */
#define ESAFE_WINDOWS 64       /* named times; window 0 is "always" */
#define ESAFE_PROFILES 512     /* what a group means during one time slot */
#define ESAFE_TRANSITIONS 1024 /* coming changes of slot */
#define ESAFE_PLACES 64        /* default groups by VLAN, subnet and interface */
#define ESAFE_SERVICES 32      /* safe search and canaries; service 0 is none */
#define ESAFE_ANSWERS 256      /* compiled DNS answers; answer 0 is none */
#define ESAFE_ANSWER_BODY 192  /* bytes of resource records in one */
#define ESAFE_SITES 16384      /* names that the policy itself mentions */
#define ESAFE_CLAUSES 8192     /* their verdicts by group and window; clause 0 is none */
#define ESAFE_CLAUSES_PER_SITE 8
#define ESAFE_SITE_BUCKETS 4096
#define ESAFE_SITE_FILTER 65536 /* bits */
#define ESAFE_PINNED 128       /* addresses that locked names may be reached at, in all */
#define ESAFE_PAGE_PORTS 2     /* that block page and portal are reached at */
#define ESAFE_RESOLVERS 16     /* resolvers that ask for others */
#define ESAFE_OWN 32           /* prefixes of the gateway's own */
#define ESAFE_NONE 0xff        /* no group */
#define ESAFE_NO_CATEGORY 0xffff

/* The number is map index, event field and metric label order: never reuse one. */
#define ESAFE_VERDICTS(X) \
	X(ALLOW, 0, "allow")  \
	X(BLOCK, 1, "block")  \
	X(REWRITE, 2, "rewrite") \
	X(DROP, 3, "drop")

#define ESAFE_REASONS(X)                                                                            \
	X(NONE, 0, "none", "not judged")                                                            \
	X(FLOOR, 1, "floor", "on a locked list of illegal content")                                 \
	X(QUARANTINE, 2, "quarantine", "the device is cut off")                                     \
	X(HELP, 3, "help", "a help site, always open and not logged by name")                       \
	X(UPDATE, 4, "update", "an update or learning service that is never broken")                \
	X(SUSPENDED, 5, "suspended", "this user's or device's Internet is suspended")               \
	X(GRANT, 6, "grant", "a timed permission")                                                  \
	X(DENY, 7, "deny", "a timed prohibition")                                                   \
	X(LESSON, 8, "lesson", "on the list of the lesson")                                         \
	X(LESSON_ONLY, 9, "lesson-only", "the lesson allows only its own list")                     \
	X(SITE, 10, "site", "a site rule of the group")                                             \
	X(SAFESEARCH, 11, "safesearch", "led to the locked search or video service")                \
	X(CANARY, 12, "canary", "tells the device to use the school's own resolver")                \
	X(CATEGORY, 13, "category", "the group's verdict for a category of the name")               \
	X(SUPERVISED, 14, "supervised", "needs a supervised session")                               \
	X(TIME, 15, "time", "allowed at other times")                                               \
	X(DEFAULT, 16, "default", "the group's verdict for names in no listed category")            \
	X(BYPASS, 17, "safesearch-bypass", "a locked service at an address that is not the locked one") \
	X(HTTPS_RECORD, 18, "https-record", "record type 65 withheld so that the real name is seen") \
	X(NO_INTERNET, 19, "no-internet", "the group has no Internet")                              \
	X(DNS_MALFORMED, 20, "dns-malformed", "not a well-formed DNS message")                      \
	X(TLS_MALFORMED, 21, "tls-malformed", "not a well-formed ClientHello")                      \
	X(TLS_TOO_LONG, 22, "tls-too-long", "no name within the longest first flight accepted")     \
	X(UNNAMED, 23, "unnamed", "a connection that does not say its name")                        \
	X(FRAGMENT, 24, "fragment", "an IP fragment of a protocol that is inspected")               \
	X(HEADER, 25, "header", "a header chain that cannot be followed")                           \
	X(TCP_AHEAD, 26, "tcp-ahead", "a segment before the one that is due: it comes again")       \
	X(TCP_DIFFERS, 27, "tcp-differs", "a retransmission with other bytes")                      \
	X(TCP_UNKNOWN, 28, "tcp-unknown", "data of a connection whose start was not seen")          \
	X(TCP_UNEXPECTED, 29, "tcp-unexpected", "a SYN-ACK that nobody asked for")                  \
	X(BUSY, 30, "busy", "no room to read the first flight: it comes again")                     \
	X(QUIC_REJECTED, 31, "quic-rejected", "QUIC refused so that TLS over TCP is used")          \
	X(NO_POLICY, 32, "no-policy", "no policy is loaded")                                        \
	X(FAULT, 33, "fault", "the program could not do what it must")                              \
	X(QUIC_VERSION, 34, "quic-version", "a version of QUIC that cannot be read")                \
	X(QUIC_UNREADABLE, 35, "quic-unreadable", "an Initial of QUIC that its keys do not open")   \
	X(QUIC_TOO_LONG, 36, "quic-too-long", "no name within the longest first flight of QUIC")    \
	X(QUIC_DIFFERS, 37, "quic-differs", "an Initial of QUIC that changes what was judged")      \
	X(QUIC_UNKNOWN, 38, "quic-unknown", "data of a QUIC connection whose start was not seen")   \
	X(QUIC_FLOOD, 39, "quic-flood", "more Initials of QUIC than one source may send")           \
	X(HTTP_MALFORMED, 40, "http-malformed", "not a well-formed HTTP/1 request")                 \
	X(UNRESOLVED, 41, "unresolved", "an address that the device has not resolved here")         \
	X(WIREGUARD, 42, "wireguard", "a handshake of WireGuard")                                   \
	X(OPENVPN, 43, "openvpn", "a handshake of OpenVPN")                                         \
	X(IPSEC, 44, "ipsec", "IKE, ESP or AH")                                                     \
	X(L2TP, 45, "l2tp", "a tunnel of L2TP")                                                     \
	X(PPTP, 46, "pptp", "the control connection of PPTP")                                       \
	X(GRE, 47, "gre", "a tunnel of GRE")                                                        \
	X(IP_IN_IP, 48, "ip-in-ip", "IP packets inside IP packets, such as 6in4")                   \
	X(TEREDO, 49, "teredo", "IPv6 inside UDP")                                                  \
	X(SSH, 50, "ssh", "a connection of SSH")                                                    \
	X(PROTOCOL, 51, "protocol", "an IP protocol that cannot be inspected")                      \
	X(SUPERVISION, 52, "supervision", "an adult's supervised session is open")                  \
	X(QUOTA, 53, "quota", "the volume that was allowed is used up")                             \
	X(DNS_TOO_LONG, 54, "dns-too-long", "a DNS answer longer than what is read")                \
	X(ICMP, 55, "icmp", "ICMP that no host needs, or with as much in it as a tunnel does")      \
	X(SOCKS, 56, "socks", "a client of a SOCKS proxy")                                          \
	X(QUIC_SPLIT, 57, "quic-split", "an Initial of a QUIC connection that began elsewhere")     \
	X(ECH, 58, "ech", "the real name is encrypted, with a key that was not learned here")

enum esafe_verdict {
#define X(name, number, text) ESAFE_##name = number,
	ESAFE_VERDICTS(X)
#undef X
	ESAFE_VERDICT_COUNT
};

enum esafe_reason {
#define X(name, number, text, meaning) ESAFE_R_##name = number,
	ESAFE_REASONS(X)
#undef X
	ESAFE_REASON_COUNT
};
#define ESAFE_REASON_ROOM 64 /* counters are laid out for this many */

enum esafe_proto { /* where the name was read */
	ESAFE_P_NONE = 0,
	ESAFE_P_DNS = 1,     /* DNS over UDP */
	ESAFE_P_DNS_TCP = 2,
	ESAFE_P_TLS = 3,
	ESAFE_P_QUIC = 4,
	ESAFE_P_HTTP = 5,
	ESAFE_P_TCP = 6, /* a TCP connection without a name */
	ESAFE_P_UDP = 7,
	ESAFE_P_IP = 8,  /* another IP protocol */
};

enum esafe_known { /* what was known of a connection when it was judged */
	ESAFE_KNOWN_NAME = 0,    /* its name was seen */
	ESAFE_KNOWN_DNS = 1,     /* no name, but the device had resolved the address */
	ESAFE_KNOWN_OUTER = 2,   /* only the public outer name of Encrypted ClientHello */
	ESAFE_KNOWN_ADDRESS = 3, /* only the address */
	ESAFE_KNOWN_COUNT = 4,
};

enum esafe_how { /* how the group was found; kept with each event */
	ESAFE_HOW_NONE = 0,
	ESAFE_HOW_DEVICE = 1, /* device register */
	ESAFE_HOW_USER = 2,   /* a session of a person, opened by hand */
	ESAFE_HOW_CLASS = 3,  /* a session of a class */
	ESAFE_HOW_VLAN = 4,
	ESAFE_HOW_SUBNET = 5,
	ESAFE_HOW_INTERFACE = 6,
	ESAFE_HOW_STRICTEST = 7, /* nothing is known */
	ESAFE_HOW_RADIUS = 8,  /* a session of a person, by RADIUS accounting (RFC 2866) */
	ESAFE_HOW_LOGON = 9,   /* by a logon script */
	ESAFE_HOW_PORTAL = 10, /* by log-in at the portal */
	ESAFE_HOW_VOUCHER = 11, /* of a guest, by voucher */
	ESAFE_HOW_COUNT = 12,
};

enum esafe_hook {
	ESAFE_HOOK_XDP = 0,
	ESAFE_HOOK_INGRESS = 1,
	ESAFE_HOOK_EGRESS = 2,
	ESAFE_HOOK_COUNT = 3,
};

/* ---- settings of the programs: map "config", one element ---- */
struct esafe_config {
	__u64 hash_k1, hash_k2; /* name hash: odd, secret, made once per installation */
	__u64 flow_k1, flow_k2; /* flow tags: likewise */
	__u64 adopt_until_ns;   /* CLOCK_TAI: until then connections that are already open are taken as judged */
	__u32 abi;
	__u32 by_address;       /* interfaces that tell devices apart by address; 0: map iface need not be asked */
	/* These four are kept by daemon/maps.c: whoever sets a device or scope need not think of them. */
	__u32 epoch;            /* raised by each change that may cut connections that are open */
	__u32 scopes;           /* bit n: map scope may hold some of kind n; 0: no map of scopes need be asked */
	__u32 cut_devices;      /* entries of map device that are quarantined, suspended or over their quota */
	__u32 cut_scopes;       /* entries of map scope with ESAFE_SCOPE_LESSON_ONLY */
	__u32 own_count;
	__u32 pad;
	struct esafe_prefix own[ESAFE_OWN]; /* the gateway, and the networks on the filtered side of it */
};
_Static_assert(sizeof(struct esafe_config) == 72 + 32 * ESAFE_OWN, "abi");

/* ---- interfaces: map "iface", hash by __u32 ifindex ---- */
#define ESAFE_BY_MAC 0
#define ESAFE_BY_ADDRESS 1
struct esafe_iface {
	__u8 identity; /* ESAFE_BY_* */
	__u8 pad[7];
};
_Static_assert(sizeof(struct esafe_iface) == 8, "abi");

/* ---- devices: map "device", hash ---- */
struct esafe_device_key {
	__u8 kind;     /* ESAFE_BY_* */
	__u8 pad[3];
	__u8 addr[16]; /* MAC and ten zero bytes, or an address (IPv4 as ::ffff:a.b.c.d) */
};
_Static_assert(sizeof(struct esafe_device_key) == 20, "abi");

#define ESAFE_USER_SESSION 0x80000000 /* bit of `user`: somebody without a row; the rest is that of the session */
struct esafe_device {
	__u32 id;        /* row in the register; 0: not registered */
	__u32 user;      /* row in the register; 0: nobody; see ESAFE_USER_SESSION */
	__u64 until_ns;  /* CLOCK_TAI deadline of the session; 0: none */
	__u64 suspended_until_ns; /* CLOCK_TAI; 0: until it is lifted */
	__u16 class;     /* row in the register; 0: none */
	__u16 base_class; /* after the deadline */
	__u16 room;      /* row in the register; 0: none */
	__u16 pad;
	__u8 group;      /* ESAFE_NONE: by place */
	__u8 base_group; /* after the deadline */
	__u8 how;        /* enum esafe_how */
	__u8 base_how;   /* after the deadline */
	__u8 flags;      /* ESAFE_DEVICE_* */
	__u8 pad2[3];
};
_Static_assert(sizeof(struct esafe_device) == 40, "abi");
#define ESAFE_DEVICE_QUARANTINED 1
#define ESAFE_DEVICE_SUSPENDED 2 /* until suspended_until_ns */
#define ESAFE_DEVICE_OVER_QUOTA 4
#define ESAFE_DEVICE_CUT (ESAFE_DEVICE_QUARANTINED | ESAFE_DEVICE_SUSPENDED | ESAFE_DEVICE_OVER_QUOTA)

/*
 * ---- volume: maps "slot", array, and "volume", per-CPU array ----
 * A device that sends or gets anything takes a slot, one of ESAFE_SLOT_WAYS from its hash on, and keeps it until the
 * daemon frees it. The slot also holds what is to be cut of the connections that the device has open.
 */
#define ESAFE_SLOTS 16384
#define ESAFE_SLOT_WAYS 8
struct esafe_slot {
	__u64 tag;      /* of the device's key; 0: free */
	__u32 epoch;    /* of the configuration when `cut` was found out */
	__u32 tick;     /* likewise, in units of the programs */
	__u32 seen;     /* second of CLOCK_TAI in which the device was last seen */
	__u32 lesson;   /* of ESAFE_CUT_LESSON */
	__u8 cut;       /* ESAFE_CUT_* */
	__u8 era;       /* while anything is cut, connections that were judged in another era are over; 0: the first */
	__u8 pad[2];
	struct esafe_device_key key;
	__u8 pad2[16];
};
_Static_assert(sizeof(struct esafe_slot) == 64, "abi");
#define ESAFE_CUT_NONE 0
#define ESAFE_CUT_LESSON 1    /* a lesson with ESAFE_SCOPE_LESSON_ONLY */
#define ESAFE_CUT_QUOTA 2
#define ESAFE_CUT_SUSPENDED 3
#define ESAFE_CUT_ALL 4       /* quarantined */

struct esafe_volume {
	__u64 up, down; /* bytes of frames */
};
_Static_assert(sizeof(struct esafe_volume) == 16, "abi");

/* ---- policy: map "policy", array of maps; the inner array has one element, swapped whole ---- */
struct esafe_group {
	__u8 valid;
	__u8 log;   /* ESAFE_LOG_* */
	__u8 quic;  /* ESAFE_QUIC_* */
	__u8 flags; /* ESAFE_GROUP_* */
	__u16 tunnels; /* ESAFE_TUNNEL_BIT() of the shapes that the group may use */
	__u8 pad[2];
};
_Static_assert(sizeof(struct esafe_group) == 8, "abi");
#define ESAFE_TUNNEL_BIT(reason) (1 << ((reason) - ESAFE_R_WIREGUARD)) /* WIREGUARD to PROTOCOL, ICMP, SOCKS */
#define ESAFE_LOG_FULL 0    /* every name */
#define ESAFE_LOG_BLOCKED 1 /* only what was not plainly allowed */
#define ESAFE_LOG_NONE 2    /* only the locked floor */
#define ESAFE_QUIC_REJECT 0
#define ESAFE_QUIC_ALLOW 1
#define ESAFE_QUIC_INSPECT 2
#define ESAFE_GROUP_NO_INTERNET 1 /* everything but help sites is refused */
#define ESAFE_GROUP_HIDE_HTTPS_RR 2 /* questions of type 65 get NODATA */
#define ESAFE_GROUP_PORTAL 8   /* not logged in yet: of the protected names only those of help are open */
#define ESAFE_GROUP_RESOLVED 4 /* only addresses that the device has resolved here */
#define ESAFE_GROUP_NAMED 16   /* only connections that say a name */

struct esafe_profile {          /* one group in one time slot */
	__u64 block[4];         /* categories, bit n of word n/64 */
	__u64 supervised[4];
	__u64 timed[4];         /* subset of block: allowed in another slot */
	__u16 service_answer[ESAFE_SERVICES]; /* index into answers; 0: the service is not rewritten */
	__u16 block_answer;     /* index into answers */
	__u8 default_verdict;   /* ESAFE_ALLOW, ESAFE_BLOCK */
	__u8 default_reason;    /* DEFAULT, SUPERVISED or TIME */
	__u8 pad[4];
};
_Static_assert(sizeof(struct esafe_profile) == 168, "abi");

struct esafe_transition {
	__u64 at_ns;    /* CLOCK_TAI; the first one is 0 */
	__u64 windows;  /* the named times that are open from then on, bit 0 always set */
	__u16 profile[ESAFE_GROUPS];
};
_Static_assert(sizeof(struct esafe_transition) == 144, "abi");

struct esafe_place {     /* the first that fits counts */
	__u32 ifindex;   /* 0: any */
	__u16 vlan;      /* 0: any; the innermost tag */
	__u8 group;
	__u8 how;        /* ESAFE_HOW_VLAN, _SUBNET or _INTERFACE */
	__u8 addr[16];   /* IPv4 as ::ffff:a.b.c.d; already masked */
	__u8 mask[16];   /* all zero: any address */
};
_Static_assert(sizeof(struct esafe_place) == 40, "abi");

/*
 * A compiled answer: the records that follow the question. Owner names are pointers to the question (0xc00c). Where
 * the first record is a CNAME, the owners of the others must point to its RDATA, whose offset depends on the length of
 * the question: `fix` counts the records behind it, each `fix_step` bytes apart from `fix_first` on.
 */
struct esafe_records {
	__u16 len;   /* bytes of body */
	__u16 count; /* records; ANCOUNT */
	__u16 fix_first;
	__u8 fix_step;
	__u8 fix;
	__u8 body[ESAFE_ANSWER_BODY];
};
_Static_assert(sizeof(struct esafe_records) == 200, "abi");

struct esafe_answer {
	__u8 rcode;   /* RFC 1035 section 4.1.1: 0, 3 NXDOMAIN or 5 REFUSED */
	__u8 pad;
	__u16 ede;    /* RFC 8914 INFO-CODE; ESAFE_NO_EDE: none */
	__u32 pad2;
	struct esafe_records a;    /* to a question of type A; count 0: NODATA */
	struct esafe_records aaaa; /* to one of type AAAA; every other type: NODATA, or NXDOMAIN as rcode says */
};
_Static_assert(sizeof(struct esafe_answer) == 408, "abi");
#define ESAFE_NO_EDE 0xffff

struct esafe_clause {   /* the first that fits counts */
	__u64 groups;
	__u8 verdict;   /* ESAFE_ALLOW or ESAFE_BLOCK */
	__u8 reason;    /* SITE, SUPERVISED or TIME */
	__u8 window;    /* applies while this window is open; 0: always */
	__u8 pad[5];
};
_Static_assert(sizeof(struct esafe_clause) == 16, "abi");

struct esafe_site {     /* a name that the policy mentions, and what follows from it for the name and those below */
	__u16 clause;   /* first clause */
	__u8 clauses;
	__u8 service;   /* for this very name only, never below; 0: none */
	__u8 protect;   /* ESAFE_R_HELP or ESAFE_R_UPDATE; 0: not protected */
	__u8 canary;    /* service is a canary: reason CANARY, not SAFESEARCH */
	__u8 outer;     /* a public outer name of Encrypted ClientHello: it stands for a name that is not known */
	__u8 pad;
	__u32 line;     /* where the rule stands in the policy file; 0: shipped */
};
_Static_assert(sizeof(struct esafe_site) == 12, "abi");

struct esafe_pinned {   /* a name of this service may be reached at this address */
	__u8 addr[16];
	__u32 services; /* bit n: service n */
	__u32 pad;
};
_Static_assert(sizeof(struct esafe_pinned) == 24, "abi");

struct esafe_policy {
	__u32 abi;
	__u32 version;
	__u32 transitions_count;
	__u32 current;      /* transition in force; moved by the programs */
	__u32 places_count;
	__u32 pinned_count;
	__u32 negative_ttl; /* seconds, TTL of the SOA in NXDOMAIN and NODATA */
	__u8 strictest;     /* group of devices that nothing is known of */
	__u8 refuses;       /* ESAFE_GROUP_RESOLVED is set in some group */
	__u16 doh;          /* category of what is asked of encrypted resolvers; ESAFE_NO_CATEGORY: there is none */
	__u32 nets_count;
	__u32 resolvers_count;
	__u8 resolvers[ESAFE_RESOLVERS][16]; /* what they resolve counts as resolved by every device */
	__u64 net_filter[ESAFE_NET_FILTER / 64];
	struct esafe_net nets[ESAFE_NETS];
	struct esafe_net_port net_ports[ESAFE_NET_PORTS];
	__u64 floor[4];     /* categories of locked lists */
	__u64 site_salt;
	__u8 page[2][16];   /* where the pages are, IPv4 as ::ffff:a.b.c.d and IPv6; all zero: none */
	__be16 page_port[ESAFE_PAGE_PORTS];
	__u8 pad2[4];
	struct esafe_group groups[ESAFE_GROUPS];
	struct esafe_profile profiles[ESAFE_PROFILES];
	struct esafe_transition transitions[ESAFE_TRANSITIONS];
	struct esafe_place places[ESAFE_PLACES];
	struct esafe_pinned pinned[ESAFE_PINNED];
	struct esafe_answer answers[ESAFE_ANSWERS];
	struct esafe_clause clauses[ESAFE_CLAUSES];
	struct esafe_site sites[ESAFE_SITES];
	__u64 site_filter[ESAFE_SITE_FILTER / 64]; /* catmap_bit() of every site: most names end here */
	__u64 site_slots[ESAFE_SITE_BUCKETS * 8]; /* catmap.h; the id of a slot is an index into sites */
};

/* ---- events: map "events", ring buffer ---- */
struct esafe_event {
	__u64 tai_ns;      /* CLOCK_TAI */
	__u32 device;      /* row in the register, 0 unknown */
	__u32 user;
	__u32 ifindex;
	__u32 policy;      /* version */
	__u32 line;        /* of the site rule in the policy file; 0: none */
	__u16 category;    /* that decided; ESAFE_NO_CATEGORY */
	__u16 qtype;       /* DNS; host byte order */
	__u8 src[16];      /* the device; IPv4 as ::ffff:a.b.c.d */
	__u8 dst[16];
	__be16 sport, dport;
	__u16 vlan_outer, vlan_inner; /* 0: none */
	__u8 mac[6];
	__u8 proto;        /* enum esafe_proto */
	__u8 verdict, reason, group, how;
	__u8 matched;      /* labels of the listed suffix that decided; 0: none */
	__u16 name_len;    /* bytes of name, root label included; 0: no name */
	__u16 class;       /* of the device then; 0: none */
	__u32 rule;        /* row of the grant, lesson or suspension in the register; 0: none */
	__u8 known;        /* enum esafe_known */
	__u8 pad[3];
	__u8 name[];       /* wire form, lower case */
};
_Static_assert(sizeof(struct esafe_event) == 96 && __builtin_offsetof(struct esafe_event, name) == 96, "abi");

/* ---- counters, all per CPU; map "verdicts": index of __u64 ---- */
#define ESAFE_VERDICT_INDEX(group, verdict, reason) \
	((((__u32)(group)) * ESAFE_VERDICT_COUNT + (verdict)) * ESAFE_REASON_ROOM + (reason))
#define ESAFE_VERDICT_CELLS ((ESAFE_GROUPS + 1) * ESAFE_VERDICT_COUNT * ESAFE_REASON_ROOM) /* last group: not known */

/* map "known": index of __u64, connections by what was known of them */
#define ESAFE_KNOWN_INDEX(group, known) ((__u32)(group) * ESAFE_KNOWN_COUNT + (known))
#define ESAFE_KNOWN_CELLS ((ESAFE_GROUPS + 1) * ESAFE_KNOWN_COUNT) /* last group: not known */

struct esafe_stats { /* map "stats", one element */
	__u64 runs[ESAFE_HOOK_COUNT];
	__u64 events_lost[ESAFE_VERDICT_COUNT]; /* the ring was full; by verdict */
	__u64 flows_evicted;
	__u64 faults; /* a helper of the kernel refused: see reason "fault" */
	__u64 uncounted; /* bytes of devices that found no slot */
	__u64 resolved_new;     /* addresses that a device did not have resolved before */
	__u64 resolved_evicted; /* of them: another one that still held had to go */
};
_Static_assert(sizeof(struct esafe_stats) == 96, "abi");

/* ---- the question of `esafectl why`: map "why", one element, read and written by program esafe_why ---- */
struct esafe_why {
	__u64 at_ns;       /* in: CLOCK_TAI to judge at; 0: now */
	__u64 categories[4]; /* out: all categories of the name */
	struct esafe_event event; /* out; its name is empty */
};
_Static_assert(sizeof(struct esafe_why) == 136, "abi");

#endif
