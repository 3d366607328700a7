// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "policyfile.h"
#include "radius.h"
#include "radiusd.h"
#include "replayset.h"
#include "sessions.h"

#define BATCH 64            /* requests written to the register as one */
#define BATCHES 16          /* in one turn of the loop */
#define SECRET_MAX 1024
#define SECRET_LEAST 8
#define REMEMBERED 262144   /* accepted requests, 16 bytes each */
#define STOPPED 16384       /* sessions that ended */
#define LATE_S 60           /* so long a Start may be under way that a Stop has overtaken */
#define AGAIN_S 60          /* so long an access point may go on asking for an answer that was lost */
#define SOCKET_BYTES (4 << 20) /* a school's start of the day, while the register is written */

struct radiusd {
	struct esafed *esafed;
	const struct config_radius *config;
	char **secret; /* of each client */
	int fd;
	struct loop_source *source;
	struct replayset *accepted;
	struct replayset *stopped; /* sessions that ended, and those of which nothing but the end was seen */
	__u64 count[RADIUS_WAS_COUNT];
	bool told_client, told_secret;
	__u8 in[BATCH][RADIUS_MAX];
	size_t in_len[BATCH];
	struct sockaddr_in6 from[BATCH];
	struct cmsghdr_room {
		_Alignas(struct cmsghdr) char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
	} to[BATCH];
	__u8 out[RADIUS_MAX];
};

/* ---- who asks ---- */

static const struct config_nas *find_nas(const struct radiusd *radiusd, const __u8 addr[16])
{
	for (size_t i = 0; i < radiusd->config->nas_n; i++)
		if (prefix_has(&radiusd->config->nas[i].prefix, addr))
			return &radiusd->config->nas[i];
	return NULL;
}

static const char *secret_of(const struct radiusd *radiusd, const struct config_nas *nas)
{
	return radiusd->secret[nas - radiusd->config->nas];
}

/* ---- what it says ---- */

static const char *group_of(const struct config_nas *nas, const struct radius_request *request)
{
	for (size_t i = 0; i < nas->groups; i++)
		if (!strcmp(nas->group[i].value, request->filter) || !strcmp(nas->group[i].value, request->class))
			return nas->group[i].group;
	return NULL;
}

static enum radius_result tell_problems(const struct config_nas *nas, struct problems *problems, int err)
{
	for (size_t i = 0; i < problems->n; i++)
		log_warn("radius: %s: %s", nas->name, problems->item[i].text);
	if (!problems->n)
		log_errno(err, "radius: %s", nas->name);
	problems_free(problems);
	/* what can never be taken is answered all the same: asked again it would be no better */
	return err == -EINVAL || err == -ENOENT ? RADIUS_WAS_NO_PERSON : RADIUS_WAS_FAILED;
}

/* ---- what comes in the wrong order: datagrams overtake each other, and lost ones are sent again ---- */

enum stop { STOP_ANY, STOP_ALONE }; /* ALONE: there was no session that it could end */

static __u64 hash_of_stop(const struct session_claim *claim, enum stop stop)
{
	__u64 hash = 0xcbf29ce484222325ull + stop;

	for (const char *text = claim->source; *text; text++)
		hash = (hash ^ (__u8)*text) * 0x100000001b3ull;
	hash *= 0x100000001b3ull;
	for (const char *text = claim->source_id; *text; text++)
		hash = (hash ^ (__u8)*text) * 0x100000001b3ull;
	return hash ^ hash >> 29;
}

static void remember_stop(struct radiusd *radiusd, const struct session_claim *claim, bool alone)
{
	if (!claim->source_id)
		return;
	replayset_add(radiusd->stopped, hash_of_stop(claim, STOP_ANY), clock_seconds());
	if (alone)
		replayset_add(radiusd->stopped, hash_of_stop(claim, STOP_ALONE), clock_seconds());
}

/*
 * Does it speak of a session that has ended? Nobody would end it again. An Acct-Session-Id is not used twice (RFC 2866
 * section 5.5); an access point that does all the same has its Start taken if the Stop before it ended something.
 */
static bool is_late(const struct radiusd *radiusd, const struct session_claim *claim, unsigned status)
{
	__s64 at;

	if (!claim->source_id)
		return false;
	at = replayset_find(radiusd->stopped, hash_of_stop(claim, status == RADIUS_START ? STOP_ALONE : STOP_ANY));
	return at && clock_seconds() - at <= LATE_S;
}

/* ---- carried out ---- */

static enum radius_result begin(struct radiusd *radiusd, const struct config_nas *nas,
				 const struct radius_request *request, struct session_claim *claim)
{
	const __u8 *second = request->has_addr && request->has_addr6 ? request->addr6 : NULL;
	struct problems problems = { 0 };
	__u64 id;
	int err;

	if (!claim->user || (!claim->mac && !claim->addr))
		return RADIUS_WAS_NO_PERSON;
	if (is_late(radiusd, claim, request->status))
		return RADIUS_WAS_LATE;
	claim->group = group_of(nas, request);
	err = session_start(radiusd->esafed, claim, &id, &problems);
	if (!err && second) {
		claim->addr = second;
		err = session_start(radiusd->esafed, claim, &id, &problems);
	}
	if (err)
		return tell_problems(nas, &problems, err);
	return request->status == RADIUS_START ? RADIUS_WAS_START : RADIUS_WAS_INTERIM;
}

static enum radius_result end(struct radiusd *radiusd, const struct radius_request *request,
			       const struct session_claim *claim)
{
	unsigned ended = 0;
	int err;

	if (!claim->source_id && !claim->user && !claim->mac && !claim->addr)
		return RADIUS_WAS_NO_PERSON;
	err = session_end(radiusd->esafed, claim, *request->cause ? request->cause : "log-off", &ended);
	remember_stop(radiusd, claim, !ended);
	return err && err != -ENOENT ? RADIUS_WAS_FAILED : RADIUS_WAS_STOP;
}

static enum radius_result act(struct radiusd *radiusd, const struct config_nas *nas,
			       const struct radius_request *request)
{
	char account[RADIUS_TEXT + 1];
	struct session_claim claim = {
		.how = ESAFE_HOW_RADIUS,
		.user = radius_account(request->user, account) ? account : NULL,
		.mac = request->has_mac ? request->mac : NULL,
		.addr = request->has_addr ? request->addr : request->has_addr6 ? request->addr6 : NULL,
		.at = clock_seconds() - (request->delay < 86400 ? request->delay : 0),
		.source = nas->name,
		.source_id = *request->session ? request->session : NULL,
	};
	unsigned ended;

	switch (request->status) {
	case RADIUS_START:
	case RADIUS_INTERIM:
		return begin(radiusd, nas, request, &claim);
	case RADIUS_STOP:
		return end(radiusd, request, &claim);
	case RADIUS_ON:
	case RADIUS_OFF:
		return session_end_source(radiusd->esafed, nas->name,
					  request->status == RADIUS_ON ? "access point started" : "access point stopped",
					  &ended) ? RADIUS_WAS_FAILED : RADIUS_WAS_ON_OFF;
	default:
		return RADIUS_WAS_OTHER;
	}
}

/* ---- one request ---- */

/* Authenticators are MD5 sums over the request and the secret: as good as random numbers. */
static __u64 hash_of(const __u8 *msg, const struct config_nas *nas)
{
	__u64 hash;

	memcpy(&hash, msg + 4, sizeof(hash));
	return hash ^ (__u64)nas->line << 48;
}

static bool is_answered(enum radius_result result)
{
	return result <= RADIUS_WAS_DUPLICATE;
}

static enum radius_result handle(struct radiusd *radiusd, size_t i)
{
	const __u8 *addr = radiusd->from[i].sin6_addr.s6_addr;
	const struct config_nas *nas = find_nas(radiusd, addr);
	struct radius_request request;
	char text[EVENT_ADDRESS_SIZE];
	__s64 now = clock_seconds(), before;
	int err;

	event_address_text(addr, text);
	if (!nas) {
		if (!radiusd->told_client)
			log_warn("radius: %s is no client in esafed.yaml (told once)", text);
		radiusd->told_client = true;
		return RADIUS_WAS_UNKNOWN_CLIENT;
	}
	err = radius_read(radiusd->in[i], radiusd->in_len[i], secret_of(radiusd, nas), &request);
	if (err == -EACCES) {
		if (!radiusd->told_secret)
			log_warn("radius: %s (%s) uses another secret (told once)", nas->name, text);
		radiusd->told_secret = true;
	}
	if (err)
		return err == -EACCES ? RADIUS_WAS_WRONG_SECRET : RADIUS_WAS_MALFORMED;
	before = replayset_find(radiusd->accepted, hash_of(radiusd->in[i], nas));
	if (before)
		return now - before <= AGAIN_S ? RADIUS_WAS_DUPLICATE : RADIUS_WAS_REPLAYED;
	return act(radiusd, nas, &request);
}

static void answer(struct radiusd *radiusd, size_t i)
{
	const struct config_nas *nas = find_nas(radiusd, radiusd->from[i].sin6_addr.s6_addr);
	struct iovec part = { radiusd->out, radius_respond(radiusd->in[i], secret_of(radiusd, nas), radiusd->out) };
	struct msghdr message = {
		.msg_name = &radiusd->from[i],
		.msg_namelen = sizeof(radiusd->from[i]),
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &radiusd->to[i], /* from the address that was asked */
		.msg_controllen = sizeof(radiusd->to[i]),
	};

	replayset_add(radiusd->accepted, hash_of(radiusd->in[i], nas), clock_seconds());
	/* Lost like any datagram: then it is asked again. */
	if (!part.iov_len || (sendmsg(radiusd->fd, &message, MSG_DONTWAIT) < 0 && errno != EAGAIN))
		log_errno(errno, "radius: %s is not answered", nas->name);
}

/* ---- the socket ---- */

static int receive(struct radiusd *radiusd)
{
	struct mmsghdr message[BATCH] = { 0 };
	struct iovec part[BATCH];
	int n;

	for (size_t i = 0; i < BATCH; i++) {
		part[i] = (struct iovec){ radiusd->in[i], RADIUS_MAX };
		message[i].msg_hdr = (struct msghdr){
			.msg_name = &radiusd->from[i],
			.msg_namelen = sizeof(radiusd->from[i]),
			.msg_iov = &part[i],
			.msg_iovlen = 1,
			.msg_control = &radiusd->to[i],
			.msg_controllen = sizeof(radiusd->to[i]),
		};
	}
	n = recvmmsg(radiusd->fd, message, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++)
		radiusd->in_len[i] = message[i].msg_len;
	return n;
}

/* As many as have come, one transaction, and only then the answers. */
static void take_batch(struct radiusd *radiusd, int n)
{
	enum radius_result result[BATCH];
	int err = register_begin(radiusd->esafed->reg);

	for (int i = 0; i < n; i++) {
		result[i] = err ? RADIUS_WAS_FAILED : handle(radiusd, i);
		radiusd->count[result[i]]++;
	}
	if (!err)
		err = register_commit(radiusd->esafed->reg);
	if (err) {
		sessions_again(radiusd->esafed);
		log_errno(err, "radius: %d requests could not be written, and will come again", n);
	}
	for (int i = 0; i < n && !err; i++)
		if (is_answered(result[i]))
			answer(radiusd, i);
}

static void readable(void *ctx, uint32_t events)
{
	struct radiusd *radiusd = ctx;

	for (int turn = 0; turn < BATCHES; turn++) {
		int n = receive(radiusd);

		if (n <= 0)
			return;
		take_batch(radiusd, n);
		if (n < BATCH)
			return;
	}
}

static int open_socket(__u16 port)
{
	struct sockaddr_in6 at = { .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = in6addr_any };
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), bytes = SOCKET_BYTES, err;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)); /* as much as the system lets us have */
	if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){ 0 }, sizeof(int)) ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &(int){ 1 }, sizeof(int)) ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at))) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

/* ---- secrets ---- */

static int read_secret(const struct config_nas *nas, char **secret)
{
	struct stat st;
	size_t len;
	int err = file_read(nas->secret_file, SECRET_MAX, secret, &len);

	if (err) {
		*secret = NULL;
		return log_errno(err, "%s", nas->secret_file);
	}
	while (len && strchr("\r\n", (*secret)[len - 1]))
		(*secret)[--len] = '\0';
	if (len < SECRET_LEAST || strlen(*secret) != len) {
		log_error("%s: the secret of %s needs at least %d characters", nas->secret_file, nas->name, SECRET_LEAST);
		return -EINVAL;
	}
	if (!stat(nas->secret_file, &st) && st.st_mode & 077)
		log_warn("%s can be read by others than its owner: chmod 600", nas->secret_file);
	return 0;
}

static int read_secrets(struct radiusd *radiusd)
{
	int err = 0;

	radiusd->secret = calloc(radiusd->config->nas_n, sizeof(*radiusd->secret));
	if (!radiusd->secret)
		return -ENOMEM;
	for (size_t i = 0; i < radiusd->config->nas_n && !err; i++)
		err = read_secret(&radiusd->config->nas[i], &radiusd->secret[i]);
	return err;
}

int radiusd_start(struct esafed *esafed, struct radiusd **out)
{
	const struct config_radius *config = &esafed->config->radius;
	struct radiusd *radiusd;
	int err;

	*out = NULL;
	if (!config->nas_n)
		return 0;
	radiusd = calloc(1, sizeof(*radiusd));
	if (!radiusd)
		return -ENOMEM;
	radiusd->esafed = esafed;
	radiusd->config = config;
	radiusd->fd = -1;
	radiusd->accepted = replayset_new(REMEMBERED);
	radiusd->stopped = replayset_new(STOPPED);
	err = radiusd->accepted && radiusd->stopped ? read_secrets(radiusd) : -ENOMEM;
	if (!err) {
		radiusd->fd = open_socket(config->port);
		if (radiusd->fd < 0)
			err = log_errno(-radiusd->fd, "radius: UDP port %u", config->port);
	}
	if (!err) {
		radiusd->source = loop_fd(esafed->loop, radiusd->fd, EPOLLIN, readable, radiusd);
		err = radiusd->source ? 0 : -ENOMEM;
	}
	if (err)
		radiusd_stop(radiusd);
	else
		*out = radiusd;
	return err;
}

void radiusd_stop(struct radiusd *radiusd)
{
	if (!radiusd)
		return;
	loop_remove(radiusd->source);
	if (radiusd->fd >= 0)
		close(radiusd->fd);
	for (size_t i = 0; radiusd->secret && i < radiusd->config->nas_n; i++) {
		if (radiusd->secret[i])
			explicit_bzero(radiusd->secret[i], strlen(radiusd->secret[i]));
		free(radiusd->secret[i]);
	}
	free(radiusd->secret);
	replayset_free(radiusd->accepted);
	replayset_free(radiusd->stopped);
	free(radiusd);
}

const __u64 *radiusd_counts(const struct radiusd *radiusd)
{
	return radiusd ? radiusd->count : NULL;
}
