// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Events written to the database a second, none lost: from events in memory, and the whole way from packets judged by
 * the loaded program through its ring.
 *
 *   events DIR [COUNT]    databases are made below DIR, and removed
 */
#include <pthread.h>
#include <sched.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>
#include "bench.h"
#include "event.h"
#include "genname.h"
#include "lab.h"
#include "loop.h"
#include "numbers.h"
#include "refill.h"
#include "refill.skel.h"
#include "ring.h"
#include "store.h"

#define COUNT 1000000
#define VARIETY 16384   /* different events in memory */
#define DEVICES 200
#define NAMES 20000     /* asked on one day; few of them most of the time */
#define BATCH 4000      /* what comes in 20 ms at 200,000 a second */
#define UNDER_WAY 40000 /* in the ring at most: half of what it holds */

static const char policy[] =
	"categories: { games: Games, adult: Adult }\n"
	"groups:\n"
	"  pupils: { default: allow, safesearch: off, log: full, categories: { games: block } }\n"
	"  staff: { default: allow, safesearch: off, log: full }\n"
	"unknown: pupils\n";

static char dir[400];

/* Some names are asked much more often than others. */
static __u32 any_name(void)
{
	__u32 range = NAMES >> rnd() % 10;

	return rnd() % (range ? range : 1);
}

/* ---- the database ---- */

static void dir_make(const char *below)
{
	LAB_CHECK((size_t)snprintf(dir, sizeof(dir), "%s/events-XXXXXX", below) < sizeof(dir));
	LAB_CHECK(mkdtemp(dir));
}

static void dir_remove(void)
{
	char command[450];

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	LAB_CHECK(!system(command));
}

static unsigned long rows_of_day(unsigned day)
{
	sqlite3_stmt *select;
	unsigned long rows;
	char path[500];
	sqlite3 *db;

	LAB_CHECK(!store_day_path(dir, day, path, sizeof(path)));
	LAB_CHECK(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK);
	LAB_CHECK(sqlite3_prepare_v2(db, "SELECT count(*) FROM log", -1, &select, NULL) == SQLITE_OK);
	LAB_CHECK(sqlite3_step(select) == SQLITE_ROW);
	rows = sqlite3_column_int64(select, 0);
	sqlite3_finalize(select);
	sqlite3_close(db);
	return rows;
}

static unsigned long rows(void)
{
	unsigned long sum = 0;
	unsigned *day;
	size_t n;

	LAB_CHECK(!store_days(dir, &day, &n));
	for (size_t i = 0; i < n; i++)
		sum += rows_of_day(day[i]);
	free(day);
	return sum;
}

/* Closes the store; all of `count` must be in the database. */
static void check_all_there(struct store *store, unsigned long count, const char *figure)
{
	struct store_stats stats;
	unsigned long found;

	store_stats(store, &stats);
	store_close(store);
	for (int i = 0; i < ESAFE_VERDICT_COUNT; i++)
		LAB_CHECK(!stats.lost[i]);
	found = rows();
	if (found != count) {
		fprintf(stderr, "%s: %lu events, %lu in the database\n", figure, count, found);
		exit(1);
	}
}

/* ---- decoding, as the daemon does it ---- */

static const char *device_name(void *ctx, __u32 id)
{
	static char name[DEVICES + 256][16];

	if (id >= DEVICES + 256)
		return NULL;
	if (!*name[id])
		snprintf(name[id], sizeof(name[id]), "laptop-%u", id);
	return name[id];
}

static const char *group_name(void *ctx, unsigned id)
{
	return idtable_name(&((struct lab *)ctx)->groups, id);
}

static const char *category_name(void *ctx, unsigned id)
{
	return idtable_name(&((struct lab *)ctx)->categories, id);
}

static const char *iface_name(void *ctx, __u32 ifindex)
{
	return "lan0";
}

struct writer {
	struct lab *lab;
	struct store *store;
	unsigned long events;
};

static void write_event(void *ctx, const struct esafe_event *event, size_t size)
{
	struct writer *w = ctx;
	struct event_names names = { .ctx = w->lab, .device = device_name, .group = group_name,
				     .category = category_name, .iface = iface_name, .tai_offset_ns = w->lab->tai_offset };
	struct record record;

	LAB_CHECK(!event_decode(event, size, &names, &record));
	LAB_CHECK(!store_append(w->store, &record));
	w->events++;
}

/* ---- from memory ---- */

union any_event {
	struct esafe_event event; /* its name goes on behind it */
	__u8 room[sizeof(struct esafe_event) + ESAFE_NAME_MAX];
};

static void make_event(union any_event *e, __u32 n)
{
	char name[GENNAME_MAX];
	__u8 device = rnd() % DEVICES, blocked = !(rnd() % 10), tls = rnd() % 2;
	int len;

	e->event = (struct esafe_event){
		.device = 100 + device, .ifindex = 3, .policy = 7, .qtype = tls ? 0 : rnd() % 3 ? 1 : 65,
		.category = blocked ? rnd() % 2 : ESAFE_NO_CATEGORY, .sport = htons(1024 + rnd() % 60000),
		.dport = htons(tls ? 443 : 53), .proto = tls ? ESAFE_P_TLS : ESAFE_P_DNS, .verdict = blocked,
		.reason = blocked ? ESAFE_R_CATEGORY : ESAFE_R_DEFAULT, .group = rnd() % 2, .how = ESAFE_HOW_DEVICE,
		.matched = blocked * 2, .mac = { 2, 0, 0, 0, 0, device },
		.src = { [10] = 0xff, 0xff, 10, 0, 0, device },
		.dst = { [10] = 0xff, 0xff, 203, 0, 113, tls ? rnd() : 53 },
	};
	genname(any_name(), name);
	len = name_from_text(name, strlen(name), e->event.name);
	LAB_CHECK(len > 0);
	e->event.name_len = len;
}

static void from_memory(struct lab *lab, unsigned long count)
{
	static const char figure[] = "events written to the database a second, from memory";
	union any_event *event = calloc(VARIETY, sizeof(*event));
	struct writer w = { .lab = lab };
	double start, took;
	__u64 now;

	LAB_CHECK(event && !store_open(dir, &w.store));
	for (__u32 i = 0; i < VARIETY; i++)
		make_event(&event[i], i);
	now = lab_now(CLOCK_TAI);
	start = bench_seconds();
	while (w.events < count) {
		union any_event *e = &event[rnd() % VARIETY];

		e->event.tai_ns = now + w.events * 5000;
		write_event(&w, &e->event, sizeof(e->event) + e->event.name_len);
		if (w.events % BATCH == 0)
			LAB_CHECK(!store_commit(w.store));
	}
	LAB_CHECK(!store_commit(w.store));
	took = bench_seconds() - start;
	check_all_there(w.store, count, figure);
	free(event);
	bench_print(&(struct bench_figure){ .figure = figure, .unit = "/s", .value = count / took, .must = 50000,
					    .aim = 200000 },
		    "%lu events decoded and written in transactions of %d, none lost", count, BATCH);
}

/* ---- from packets ---- */

struct source {
	struct refill *refill;
	unsigned long count;
	_Atomic unsigned long sent, taken;
	double start;
};

static void fill_frames(struct refill *refill)
{
	size_t size = sizeof(struct refill_frame) * REFILL_FRAMES;
	int map = bpf_map__fd(refill->maps.frames);
	struct refill_frame *frames = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
	struct refill_bytes *bytes = mmap(NULL, sizeof(*bytes), PROT_READ | PROT_WRITE, MAP_SHARED,
					  bpf_map__fd(refill->maps.bytes), 0);
	struct frame *f = malloc(sizeof(*f));
	char name[GENNAME_MAX];
	__u8 msg[512];
	__u32 used = 0;

	LAB_CHECK(frames != MAP_FAILED && bytes != MAP_FAILED && f);
	for (__u32 i = 0; i < REFILL_FRAMES; i++) {
		struct lab_packet p = { .dport = 53, .payload = msg, .host = 1 + rnd() % DEVICES,
					.sport = 1024 + rnd() % 60000 };

		genname(any_name(), name);
		p.len = lab_question(msg, name, rnd() % 3 ? 1 : 65, 1);
		lab_frame(f, &p);
		LAB_CHECK(f->len <= REFILL_BYTES && used + f->len <= REFILL_ROOM);
		frames[i] = (struct refill_frame){ used, f->len, 0 };
		memcpy(bytes->bytes + used, f->bytes, f->len);
		used += f->len;
	}
	refill->bss->next_frame = 0;
	refill->bss->frames_used = REFILL_FRAMES;
	munmap(frames, size);
	munmap(bytes, sizeof(*bytes));
	free(f);
}

/* The packets, as fast as they are written; in its own thread. */
static void *send_all(void *ctx)
{
	static __u8 in[REFILL_BYTES], out[65536];
	struct source *s = ctx;

	while (s->sent < s->count) {
		LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = in, .data_size_in = 100, .data_out = out,
			    .data_size_out = sizeof(out));

		if (s->sent - s->taken > UNDER_WAY - 1024) {
			sched_yield();
			continue;
		}
		run.repeat = s->count - s->sent < 1024 ? s->count - s->sent : 1024;
		LAB_CHECK(!bpf_prog_test_run_opts(bpf_program__fd(s->refill->progs.refill_tc), &run));
		LAB_CHECK((int)run.retval >= -1);
		s->sent += run.repeat;
	}
	return NULL;
}

static void ring_event(void *ctx, const struct esafe_event *event, size_t size)
{
	write_event(ctx, event, size);
}

static void ring_batch_end(void *ctx, size_t events)
{
	LAB_CHECK(!store_commit(((struct writer *)ctx)->store));
}

static struct refill *open_source(struct lab *lab)
{
	struct refill *refill = refill__open_and_load();
	int fd = bpf_program__fd(lab->skel->progs.esafe_ingress);
	__u32 zero = 0;

	LAB_CHECK(refill);
	LAB_CHECK(!bpf_map_update_elem(bpf_map__fd(refill->maps.target_tc), &zero, &fd, BPF_ANY));
	fill_frames(refill);
	for (int host = 1; host <= DEVICES; host++)
		lab_device(lab, host % 5 ? "pupils" : "staff", host);
	return refill;
}

static double drain_all(struct lab *lab, struct source *source, struct writer *w)
{
	struct ring_user user = { ring_event, ring_batch_end, w };
	struct loop *loop;
	struct ring *ring;
	pthread_t sender;
	double start = bench_seconds();

	LAB_CHECK(!loop_new(&loop) && !ring_start(&lab->maps, loop, &user, &ring));
	LAB_CHECK(!pthread_create(&sender, NULL, send_all, source));
	while (w->events < source->count) {
		if (!ring_drain(ring))
			sched_yield();
		source->taken = w->events;
	}
	LAB_CHECK(!pthread_join(sender, NULL));
	start = bench_seconds() - start;
	ring_stop(ring);
	loop_free(loop);
	return start;
}

static void from_packets(struct lab *lab, unsigned long count)
{
	static const char figure[] = "events written to the database a second, from packets through the ring";
	struct source source = { .count = count };
	struct writer w = { .lab = lab };
	struct esafe_stats stats;
	double took;

	LAB_CHECK(!store_open(dir, &w.store));
	source.refill = open_source(lab);
	took = drain_all(lab, &source, &w);
	refill__destroy(source.refill);
	LAB_CHECK(!maps_read_stats(&lab->maps, &stats));
	for (int i = 0; i < ESAFE_VERDICT_COUNT; i++)
		LAB_CHECK(!stats.events_lost[i]);
	check_all_there(w.store, count, figure);
	bench_print(&(struct bench_figure){ .figure = figure, .unit = "/s", .value = count / took, .must = 50000,
					    .aim = 200000 },
		    "%lu questions judged, decoded and written, none lost; judging them shares the time and the machine",
		    count);
}

/* Every tenth name is blocked. */
static void fill_names(struct lab *lab)
{
	static struct lab_name names[NAMES / 10 + 1];
	static char text[NAMES / 10][GENNAME_MAX];

	for (int i = 0; i < NAMES / 10; i++) {
		genname(i * 10, text[i]);
		names[i] = (struct lab_name){ text[i], "games", LIST_EXACT };
	}
	lab_names(lab, names);
}

int main(int argc, char **argv)
{
	unsigned long count = argc == 3 ? strtoul(argv[2], NULL, 10) : COUNT;
	struct lab *lab;

	if (argc < 2 || argc > 3 || !count) {
		fputs("usage: events DIR [COUNT]\n", stderr);
		return 2;
	}
	lab = lab_open();
	lab_policy(lab, policy);
	fill_names(lab);
	dir_make(argv[1]);
	from_memory(lab, count);
	dir_remove();
	dir_make(argv[1]);
	from_packets(lab, count);
	dir_remove();
	lab_close(lab);
	return 0;
}
