// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lists of many generated names: text files to the map in force, bytes a name, and how long a packet waits while maps
 * are swapped.
 *
 *   names write DIR COUNT    writes the lists, unless they are there
 *   names load DIR           measures
 *   names plain FILE COUNT   the names alone, one a line
 */
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "bench.h"
#include "genname.h"
#include "lab.h"
#include "numbers.h"
#include "lists.h"

#define LISTS 8
#define ROUNDS 3
#define SWAPS 50
#define FRAMES 512
#define PAUSE_NS 20000
#define TEXT_VERSION "1\n" /* of the generated files: raise it when they change */

static const char policy[] =
	"categories: { c0: a, c1: b, c2: c, c3: d, c4: e, c5: f, c6: g, c7: h }\n"
	"groups:\n"
	"  pupils: { default: allow, safesearch: off, log: none, categories: { c0: block, c1: block } }\n"
	"  staff: { default: allow, safesearch: off }\n"
	"unknown: pupils\n";

/* ---- the files ---- */

static const struct {
	const char *name, *format; /* with one %s */
} files[LISTS] = {
	{ "plain0.txt", "%s\n" }, { "plain1.txt", "%s\n" }, { "plain2.txt", "%s\n" }, { "plain3.txt", "%s\n" },
	{ "hosts.txt", "0.0.0.0 %s\n" }, { "adblock.txt", "||%s^\n" }, { "dnsmasq.conf", "address=/%s/\n" },
	{ "wildcard.txt", "*.%s\n" },
};

static void path_of(char *path, size_t size, const char *dir, const char *name)
{
	LAB_CHECK((size_t)snprintf(path, size, "%s/%s", dir, name) < size);
}

/* How many names were written to this directory; 0: none, or not all. */
static unsigned written(const char *dir)
{
	char path[512], version[8] = "";
	unsigned count = 0;
	FILE *file;

	path_of(path, sizeof(path), dir, "complete");
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (!fgets(version, sizeof(version), file) || strcmp(version, TEXT_VERSION) || fscanf(file, "%u", &count) != 1)
		count = 0;
	fclose(file);
	return count;
}

/* 37 of 100 names stand in two lists or three, as in the lists of the world. */
static void write_name(FILE *const *out, unsigned n)
{
	unsigned mixed = genname_mix(n ^ 0x5eed), first = mixed % LISTS, third = (first + LISTS - 1) % LISTS;
	unsigned second = (first + 1 + (mixed >> 8) % (LISTS - 2)) % LISTS;
	char name[GENNAME_MAX];

	genname(n, name);
	fprintf(out[first], files[first].format, name);
	if ((mixed >> 16) % 100 < 37)
		fprintf(out[second], files[second].format, name);
	if ((mixed >> 16) % 100 < 5)
		fprintf(out[third], files[third].format, name);
}

static int write_lists(const char *dir, unsigned count)
{
	FILE *out[LISTS], *complete;
	char path[512];

	if (written(dir) == count)
		return 0;
	for (int i = 0; i < LISTS; i++) {
		path_of(path, sizeof(path), dir, files[i].name);
		out[i] = fopen(path, "we");
		LAB_CHECK(out[i]);
	}
	for (unsigned n = 0; n < count; n++)
		write_name(out, n);
	for (int i = 0; i < LISTS; i++)
		LAB_CHECK(!fclose(out[i]));
	path_of(path, sizeof(path), dir, "complete");
	complete = fopen(path, "we");
	LAB_CHECK(complete);
	fprintf(complete, TEXT_VERSION "%u\n", count);
	return fclose(complete);
}

static int write_plain(const char *path, unsigned count)
{
	FILE *out = fopen(path, "we");
	char name[GENNAME_MAX];

	LAB_CHECK(out);
	for (unsigned n = 0; n < count; n++) {
		genname(n, name);
		fprintf(out, "%s\n", name);
	}
	return fclose(out);
}

/* ---- a packet, again and again, in a process of its own ---- */

enum { WAIT, ALONE, SWAPPING, END, PHASES };

struct watch { /* shared */
	_Atomic int phase;
	_Atomic unsigned long runs[PHASES];
	_Atomic unsigned long inside_ns[PHASES]; /* longest run of the program, by the kernel */
	_Atomic unsigned long around_ns[PHASES]; /* longest system call that makes it run */
	_Atomic unsigned long wanted;            /* so many runs of a phase are told by the event */
	int event;
};

static void keep_longest(_Atomic unsigned long *longest, unsigned long ns)
{
	if (ns > atomic_load(longest))
		atomic_store(longest, ns);
}

static void one_packet(struct lab *lab, const struct frame *frame, struct watch *watch)
{
	static __u8 room[4096];
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame->bytes, .data_size_in = frame->len, .data_out = room,
		    .data_size_out = sizeof(room), .repeat = 1);
	int phase = atomic_load(&watch->phase);
	__u64 before = lab_now(CLOCK_MONOTONIC), took;

	LAB_CHECK(!bpf_prog_test_run_opts(bpf_program__fd(lab->skel->progs.esafe_ingress), &run));
	took = lab_now(CLOCK_MONOTONIC) - before;
	LAB_CHECK(run.retval == TC_ACT_REDIRECT || (int)run.retval == TC_ACT_UNSPEC);
	if (phase != atomic_load(&watch->phase)) /* it belongs to neither */
		return;
	keep_longest(&watch->inside_ns[phase], run.duration);
	keep_longest(&watch->around_ns[phase], took);
	if (atomic_fetch_add(&watch->runs[phase], 1) + 1 == atomic_load(&watch->wanted))
		LAB_CHECK(!eventfd_write(watch->event, 1));
}

/* Before anything else that wants this processor: how long another program kept it is not what is asked. */
static void prefer_me(void)
{
	struct sched_param first = { .sched_priority = 10 };
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sysconf(_SC_NPROCESSORS_ONLN) - 1, &set);
	sched_setaffinity(0, sizeof(set), &set);
	sched_setscheduler(0, SCHED_FIFO, &first);
	mlockall(MCL_CURRENT);
}

static void watch_packets(struct lab *lab, struct watch *watch)
{
	struct timespec pause = { 0, PAUSE_NS };
	struct frame *frame = calloc(1, sizeof(*frame) * FRAMES);
	char name[GENNAME_MAX];
	__u8 msg[512];

	LAB_CHECK(frame);
	for (int i = 0; i < FRAMES; i++) {
		struct lab_packet p = { .dport = 53, .payload = msg };

		if (i & 1)
			genname(i * 1013, name);
		else
			genname_unlisted(i, name);
		p.len = lab_question(msg, name, 1, 1);
		lab_frame(&frame[i], &p);
	}
	prefer_me();
	for (unsigned i = 0; atomic_load(&watch->phase) != END; i++) {
		one_packet(lab, &frame[i % FRAMES], watch);
		clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL); /* keeps below the scheduler's limit for real time */
	}
	_exit(0);
}

static void stay(struct watch *watch, int phase, unsigned long runs)
{
	eventfd_t reached;

	LAB_CHECK(runs);
	atomic_store(&watch->wanted, runs);
	atomic_store(&watch->phase, phase);
	LAB_CHECK(!eventfd_read(watch->event, &reached));
}

/* The same table again and again, each time in a map of its own. */
static void swap_often(struct lab *lab, const struct catmap_image *image, struct watch *watch)
{
	void *copy = malloc(image->elements * 64);

	LAB_CHECK(copy);
	memcpy(copy, image->header, image->elements * 64);
	LAB_CHECK(!maps_swap_names(&lab->maps));
	atomic_store(&watch->phase, SWAPPING);
	for (int i = 0; i < SWAPS; i++) {
		void *fresh = maps_new_names(&lab->maps, image->elements);

		LAB_CHECK(fresh);
		memcpy(fresh, copy, image->elements * 64);
		LAB_CHECK(!maps_swap_names(&lab->maps));
	}
	atomic_store(&watch->phase, WAIT);
	free(copy);
}

static void report_longest(const char *figure, const struct watch *watch, const _Atomic unsigned long *longest_ns,
			   const char *remark)
{
	double alone = longest_ns[ALONE] / 1e3, swapping = longest_ns[SWAPPING] / 1e3;

	bench_print(&(struct bench_figure){ .figure = figure, .unit = "us", .empty = alone, .must = 1000,
					    .value = swapping > alone ? swapping - alone : 0 },
		    "longest of %lu packets during %d swaps %.1f us, of as many without %.1f us; "
		    "value is the difference%s", watch->runs[SWAPPING], SWAPS, swapping, alone, remark);
}

/* A packet's program runs in an interrupt; a test's waits for the processor as everybody does: hence two figures. */
static void measure_swaps(struct lab *lab, const struct catmap_image *image, struct watch *watch)
{
	swap_often(lab, image, watch);
	stay(watch, ALONE, atomic_load(&watch->runs[SWAPPING]));
	report_longest("swap of the map: longest time that a packet waits", watch, watch->inside_ns, "");
	report_longest("swap of the map: the same, system call and all", watch, watch->around_ns,
		       "; also waits for whatever else runs on this processor");
}

/* ---- loading ---- */

static void remove_dir(const char *dir)
{
	char command[600];

	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	LAB_CHECK(!system(command));
}

static double load_once(struct lab *lab, const struct list_spec *specs, const char *keep, struct lists_result *result)
{
	struct list_keys keys = { LAB_K1, LAB_K2, 4711 };
	struct catmap_target target = { lab_alloc, &lab->maps };
	struct lists_options options = { .keys = &keys, .target = &target, .keep_dir = keep };
	double start = bench_seconds();

	LAB_CHECK(!lists_load(specs, LISTS, &options, result));
	LAB_CHECK(!result->old && !result->absent);
	return bench_seconds() - start;
}

/* Of this process, its threads included; others may keep it from the processor meanwhile. */
static double own_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* The image of the last round is left in the new map, not swapped in. */
static void load_rounds(struct lab *lab, const struct list_spec *specs, const char *dir, struct lists_result *result)
{
	double took[ROUNDS], own = own_seconds();
	char keep[512];

	path_of(keep, sizeof(keep), dir, "kept");
	for (int round = 0; round < ROUNDS; round++) {
		double swap;

		remove_dir(keep);
		if (round)
			lists_result_free(result);
		took[round] = load_once(lab, specs, keep, result);
		if (round + 1 == ROUNDS)
			break;
		swap = bench_seconds();
		LAB_CHECK(!maps_swap_names(&lab->maps));
		took[round] += bench_seconds() - swap;
	}
	remove_dir(keep);
	bench_print(&(struct bench_figure){ .figure = "lists: text files to the map in force", .unit = "s",
					    .value = median(took, ROUNDS), .must = 6, .aim = 2.5 },
		    "%lu distinct names, %lu lines, %d files, kept copies made; median of %d; the last: reading %.2f s, "
		    "building %.2f s; processor time of one %.2f s", result->stats.names, result->stats.records, LISTS, ROUNDS,
		    result->read_seconds, result->build_seconds, (own_seconds() - own) / ROUNDS);
}

static void report_bytes(struct lab *lab, unsigned long names)
{
	struct map_size row[32];
	size_t n = maps_memory(&lab->maps, row, 32);

	for (size_t i = 0; i < n; i++)
		if (!strcmp(row[i].name, "names"))
			bench_print(&(struct bench_figure){ .figure = "lists: bytes a name in the kernel", .unit = "B", .must = 12,
							    .aim = 10, .value = (double)row[i].bytes / names },
				    "%llu bytes, %lu names", (unsigned long long)row[i].bytes, names);
}

static int load(const char *dir)
{
	struct watch *watch = mmap(NULL, sizeof(*watch), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct lab *lab = lab_open();
	struct list_spec specs[LISTS] = { 0 };
	struct lists_result result = { 0 };
	char path[LISTS][512], name[LISTS][8];
	unsigned count = written(dir);
	pid_t child;

	LAB_CHECK(watch != MAP_FAILED && count);
	watch->event = eventfd(0, EFD_CLOEXEC);
	LAB_CHECK(watch->event >= 0);
	lab_policy(lab, policy);
	lab_device(lab, "pupils", 1);
	for (int i = 0; i < LISTS; i++) {
		snprintf(name[i], sizeof(name[i]), "c%d", i);
		path_of(path[i], sizeof(path[i]), dir, files[i].name);
		specs[i] = (struct list_spec){ .name = name[i], .file = path[i],
					       .category = idtable_get(&lab->categories, name[i]) };
	}
	child = fork();
	LAB_CHECK(child >= 0);
	if (!child)
		watch_packets(lab, watch);
	load_rounds(lab, specs, dir, &result);
	LAB_CHECK(result.stats.names == count);
	measure_swaps(lab, &result.image, watch);
	atomic_store(&watch->phase, END);
	waitpid(child, NULL, 0);
	report_bytes(lab, result.stats.names);
	lists_result_free(&result);
	lab_close(lab);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned count = argc == 4 ? atoi(argv[3]) : 0;

	if (argc == 4 && count && count < GENNAME_NUMBERS - 100) {
		if (!strcmp(argv[1], "write"))
			return write_lists(argv[2], count) != 0;
		if (!strcmp(argv[1], "plain"))
			return write_plain(argv[2], count) != 0;
	}
	if (argc == 3 && !strcmp(argv[1], "load"))
		return load(argv[2]);
	fprintf(stderr, "usage: names write DIR COUNT | names load DIR | names plain FILE COUNT\n");
	return 2;
}
