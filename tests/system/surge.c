// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The start of a school day: people come and go on many devices, told over RADIUS accounting, and the last devices are
 * granted a site over the control socket, while all devices ask.
 *
 *   surge -d DEVICES -s SESSIONS -r STARTS_A_SECOND -h HOLD_S -g GRANTS -c SOCKET INTERFACE ROUTER_MAC SERVER SECRET
 *
 * Device n is registered as "d<n>" with the MAC 02:00:00:01:hi:lo, session n is of user "u<n>" on device n, and a
 * device asks for s<n>.games.example.com. The filter answers NXDOMAIN for a device of nobody and REFUSED once the
 * person is known; what is granted the name server answers. Prints one JSON object: how long from the Start, the Stop,
 * the grant until the first question that was judged by it, and what was wrong: an answer of a person who had not come
 * yet, or had gone, or of a grant that had not been given.
 */
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <openssl/evp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/un.h>
#include <unistd.h>
#include "dnsmsg.h"
#include "net.h"

#define REFUSED 5
#define DEVICES_MAX 60000
#define AGAIN_MS 1000 /* without an answer an access point says it again */
#define GIVE_UP_MS 20000
#define ASK_MS 2      /* between two questions of a device that waits for its person */
#define AMBIENT_MS 2  /* between two questions of other devices */

enum state { AWAY, COMING, HERE, GOING, GONE };
struct session { /* or a grant: that comes, and stays */
	enum state state;
	double told_ms, asked_ms, sent_ms; /* since when; last question; last request */
	double start_ms, stop_ms;          /* how long it took */
	int acknowledged;                  /* the request of this state */
};

static struct session session[DEVICES_MAX];
static unsigned devices = 5000, sessions = 2000, grants, again, wrong, answers;
static double rate = 200, hold_s = 5;
static uint8_t router[6];
static int frames, radius, control = -1;
static const char *secret;

/* ---- questions ---- */

static void ask(unsigned device, double now)
{
	uint8_t frame[14 + 28 + DNS_QUESTION_MAX] = { 0 }, *ip = frame + 14, *udp = ip + 20;
	uint32_t sum = 0;
	char name[64];
	size_t len;

	snprintf(name, sizeof(name), "s%u.games.example.com", device);
	len = dns_question(udp + 8, device, name, 1);
	memcpy(frame, router, 6);
	memcpy(frame + 6, (uint8_t[]){ 2, 0, 0, 1, device >> 8, device, 8, 0 }, 8);
	memcpy(ip, (uint8_t[]){ 0x45, 0, (28 + len) >> 8, 28 + len, 0, 0, 0, 0, 64, 17, 0, 0, 10, 7, device >> 8, device, 203,
				0, 113, 53 }, 20);
	for (int i = 0; i < 20; i += 2)
		sum += ip[i] << 8 | ip[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~((sum & 0xffff) + (sum >> 16));
	ip[10] = sum >> 8;
	ip[11] = sum;
	memcpy(udp, (uint8_t[]){ 0x9c, 0x40, 0, 53, (8 + len) >> 8, 8 + len, 0, 0 }, 8);
	CHECK(send(frames, frame, 42 + len, 0) > 0 || errno == ENOBUFS);
	session[device].asked_ms = now;
}

static void answered(unsigned device, int rcode, double now)
{
	int known = rcode == (device < devices - grants ? REFUSED : DNS_NOERROR);
	struct session *s = &session[device];

	answers++;
	if (s->state == COMING && known) {
		s->start_ms = now - s->told_ms;
		s->state = HERE;
		s->told_ms = now;
	} else if (s->state == GOING && rcode == DNS_NXDOMAIN) {
		s->stop_ms = now - s->told_ms;
		s->state = GONE;
	} else if ((s->state == HERE && !known) || ((s->state == AWAY || s->state == GONE) && rcode != DNS_NXDOMAIN)) {
		wrong++;
	}
}

static void read_frames(double now)
{
	uint8_t frame[2048];
	ssize_t len;

	while ((len = recv(frames, frame, sizeof(frame), MSG_DONTWAIT)) > 0) {
		const uint8_t *dns = frame + 42;

		if (len < 54 || frame[12] != 8 || frame[23] != 17 || frame[34] || frame[35] != 53 || frame[0] != 2 ||
		    frame[3] != 1 || !dns_is_answer(dns) || dns_id(dns) != (frame[4] << 8 | frame[5]))
			continue;
		if (dns_id(dns) < devices)
			answered(dns_id(dns), dns_rcode(dns), now);
	}
}

/* ---- accounting ---- */

static size_t put(uint8_t *at, uint8_t type, const void *value, size_t len)
{
	at[0] = type;
	at[1] = len + 2;
	memcpy(at + 2, value, len);
	return len + 2;
}

static size_t put_text(uint8_t *at, uint8_t type, const char *text)
{
	return put(at, type, text, strlen(text));
}

/* Each copy of a request is the same, byte for byte: identifier and attributes follow from session and state. */
static void tell(unsigned n, double now)
{
	uint8_t msg[256] = { 4, n }, digest[16];
	EVP_MD_CTX *md5 = EVP_MD_CTX_new();
	size_t len = 20;
	char text[32];

	len += put(msg + len, 40, (uint8_t[]){ 0, 0, 0, session[n].state == COMING ? 1 : 2 }, 4);
	snprintf(text, sizeof(text), "u%u", n);
	len += put_text(msg + len, 1, text);
	snprintf(text, sizeof(text), "02-00-00-01-%02X-%02X", n >> 8, n & 255);
	len += put_text(msg + len, 31, text);
	snprintf(text, sizeof(text), "surge-%u", n);
	len += put_text(msg + len, 44, text);
	len += put_text(msg + len, 11, "Teachers");
	msg[3] = len;
	CHECK(md5 && EVP_DigestInit_ex(md5, EVP_md5(), NULL) && EVP_DigestUpdate(md5, msg, len) &&
	      EVP_DigestUpdate(md5, secret, strlen(secret)) && EVP_DigestFinal_ex(md5, digest, NULL));
	EVP_MD_CTX_free(md5);
	memcpy(msg + 4, digest, 16);
	if (send(radius, msg, len, 0) < 0)
		CHECK(errno == ECONNREFUSED || errno == ENOBUFS);
	session[n].sent_ms = now;
}

/* An identifier has eight bits: an answer belongs to the oldest request that waits under it. */
static void read_accounting(void)
{
	uint8_t msg[4096];

	while (recv(radius, msg, sizeof(msg), MSG_DONTWAIT) >= 20) {
		struct session *oldest = NULL;

		for (unsigned n = msg[1]; n < sessions; n += 256)
			if ((session[n].state == COMING || session[n].state == HERE || session[n].state == GOING ||
			     session[n].state == GONE) && !session[n].acknowledged &&
			    (!oldest || session[n].sent_ms < oldest->sent_ms))
				oldest = &session[n];
		if (oldest)
			oldest->acknowledged = 1;
	}
}

/* ---- grants ---- */

/* One at a time, as from a teacher's hand: the next is asked for when this has ended. */
static int grant_pending;

static void grant(unsigned device, double now)
{
	char line[200];
	int len = snprintf(line, sizeof(line), "{\"esafe\":1,\"verb\":\"grant\",\"args\":{\"device\":\"d%u\","
			   "\"site\":\"games.example.com\",\"for\":\"15m\"}}\n", device);

	CHECK(send(control, line, len, MSG_NOSIGNAL) == len);
	grant_pending = 1;
	session[device].state = COMING;
	session[device].told_ms = now;
	ask(device, now);
}

static void read_control(void)
{
	static char text[65536];
	static size_t len;
	ssize_t got;
	char *end;

	while ((got = recv(control, text + len, sizeof(text) - 1 - len, MSG_DONTWAIT)) > 0) {
		len += got;
		text[len] = '\0';
		for (; (end = strchr(text, '\n')); memmove(text, end + 1, len + 1)) {
			len -= end + 1 - text;
			if (strncmp(text, "{\"end\"", 6))
				continue;
			CHECK(!strncmp(text, "{\"end\":{\"code\":\"ok\"", 19));
			grant_pending = 0;
		}
	}
	CHECK(got < 0 && errno == EAGAIN);
}

/* Spread over the time in which the sessions start. Whether there is still one to be given, or to be felt. */
static int step_grants(double since, double now)
{
	static unsigned given;
	int busy;

	if (control < 0)
		return 0;
	read_control();
	if (!grant_pending && given < grants && since * rate / 1e3 * grants >= (double)given * sessions)
		grant(devices - 1 - given++, now);
	busy = given < grants || grant_pending;
	for (unsigned n = devices - given; n < devices; n++) {
		if (session[n].state != COMING)
			continue;
		busy |= now - session[n].told_ms < GIVE_UP_MS;
		if (now - session[n].asked_ms >= ASK_MS)
			ask(n, now);
	}
	return busy;
}

/* ---- the day ---- */

static void begin(unsigned n, enum state state, double now)
{
	session[n].state = state;
	session[n].acknowledged = 0;
	session[n].told_ms = now;
	tell(n, now);
	ask(n, now);
}

/* Whether this session is still to be waited for. */
static int step(unsigned n, double now)
{
	struct session *s = &session[n];

	if (s->state == AWAY)
		return 1;
	if (!s->acknowledged && now - s->sent_ms > AGAIN_MS && now - s->told_ms < GIVE_UP_MS) {
		again++;
		tell(n, now);
	}
	if (s->state == HERE && s->acknowledged && now - s->told_ms > hold_s * 1e3)
		begin(n, GOING, now);
	if ((s->state == COMING || s->state == GOING) && now - s->asked_ms >= ASK_MS)
		ask(n, now);
	return !(s->state == GONE && s->acknowledged) && now - s->told_ms < GIVE_UP_MS;
}

static void run(void)
{
	double began = now_ms(), ambient = began;
	unsigned started = 0;
	int busy = 1;

	while (busy) {
		struct pollfd ready[3] = { { frames, POLLIN, 0 }, { radius, POLLIN, 0 }, { control, POLLIN, 0 } };
		double now;

		poll(ready, 3, 1);
		now = now_ms();
		read_frames(now);
		read_accounting();
		for (; started < sessions && (now - began) * rate / 1e3 >= started; started++)
			begin(started, COMING, now);
		for (; ambient < now; ambient += AMBIENT_MS)
			ask(sessions + (unsigned)rand() % (devices - sessions), now);
		busy = started < sessions;
		for (unsigned n = 0; n < started; n++)
			busy |= step(n, now);
		busy |= step_grants(now - began, now);
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Of the devices from one to another. */
static void print_times(const char *what, size_t offset, unsigned from, unsigned to)
{
	static double value[DEVICES_MAX];
	unsigned n = 0;

	for (unsigned i = from; i < to; i++) {
		double ms = *(const double *)((const char *)&session[i] + offset);

		if (ms > 0)
			value[n++] = ms;
	}
	qsort(value, n, sizeof(*value), by_value);
	printf("\"%s\":{\"n\":%u,\"median_ms\":%.2f,\"p99_ms\":%.2f,\"most_ms\":%.2f},", what, n, n ? value[n / 2] : 0,
	       n ? value[n * 99 / 100] : 0, n ? value[n - 1] : 0);
}

static void open_sockets(const char *interface, const char *server)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
				  .sll_ifindex = if_nametoindex(interface) };
	struct packet_mreq all = { .mr_ifindex = at.sll_ifindex, .mr_type = PACKET_MR_PROMISC };
	struct sockaddr_storage to;
	int bytes = 8 << 20;

	frames = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	CHECK(frames >= 0 && at.sll_ifindex && !bind(frames, (struct sockaddr *)&at, sizeof(at)));
	CHECK(!setsockopt(frames, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)));
	setsockopt(frames, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	CHECK(!server_address(&to, server, "1813"));
	radius = socket(to.ss_family, SOCK_DGRAM, 0);
	CHECK(radius >= 0 && !connect(radius, (struct sockaddr *)&to, sizeof(struct sockaddr_in)));
	setsockopt(radius, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
}

static void open_control(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	CHECK((size_t)snprintf(to.sun_path, sizeof(to.sun_path), "%s", path) < sizeof(to.sun_path));
	control = socket(AF_UNIX, SOCK_STREAM, 0);
	CHECK(control >= 0 && !connect(control, (struct sockaddr *)&to, sizeof(to)));
}

int main(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "d:s:r:h:g:c:")) != -1) {
		switch (option) {
		case 'd': devices = atoi(optarg); break;
		case 's': sessions = atoi(optarg); break;
		case 'r': rate = atof(optarg); break;
		case 'h': hold_s = atof(optarg); break;
		case 'g': grants = atoi(optarg); break;
		case 'c': open_control(optarg); break;
		default: return 2;
		}
	}
	if (argc - optind != 4 || devices > DEVICES_MAX || sessions + grants >= devices || rate <= 0 ||
	    (grants && control < 0) ||
	    sscanf(argv[optind + 1], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", &router[0], &router[1], &router[2], &router[3],
		   &router[4], &router[5]) != 6)
		return 2;
	secret = argv[optind + 3];
	open_sockets(argv[optind], argv[optind + 2]);
	run();
	printf("{\"devices\":%u,\"sessions\":%u,\"ask_ms\":%d,", devices, sessions, ASK_MS);
	print_times("start", offsetof(struct session, start_ms), 0, sessions);
	print_times("stop", offsetof(struct session, stop_ms), 0, sessions);
	print_times("grant", offsetof(struct session, start_ms), devices - grants, devices);
	printf("\"again\":%u,\"wrong\":%u,\"answers\":%u}\n", again, wrong, answers);
	return 0;
}
