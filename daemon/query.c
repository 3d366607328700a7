/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "devices_csv.h"
#include "names.h"
#include "query.h"
#include "query_day.h"
#include "store.h"

#define ROWS_STEP 256  /* rows yielded in one step */
#define BUSY_MOST 100  /* steps in a row that find a day locked */

struct query {
	char *dir;
	struct query_match match;
	struct query_day *day;
	unsigned *days; /* ascending */
	size_t days_n;
	unsigned now;   /* the day that is open, or the one last done; 0: none yet */
	bool follow;
	bool from_end;  /* the first day is not read from its beginning */
	__u64 left;
	unsigned busy;
	unsigned damaged, damaged_day;
};

/* ---- the filter ---- */
static int copy_text(const char *text, char **out)
{
	*out = text ? strdup(text) : NULL;
	return text && !*out ? -ENOMEM : 0;
}

/* "17" or "#17": a number in the register, beside a name that may look the same. */
static __s64 number_of(const char *text)
{
	unsigned long number;
	char *end;

	if (!text)
		return -1;
	text += *text == '#';
	if (*text < '0' || *text > '9')
		return -1;
	errno = 0;
	number = strtoul(text, &end, 10);
	return *end || errno || number > 0xffffffff ? -1 : (__s64)number;
}

static int canonical_name(const char *text, char **out)
{
	__u8 wire[ESAFE_NAME_MAX];
	char plain[RECORD_NAME_SIZE];
	int len;

	*out = NULL;
	if (!text)
		return 0;
	len = name_from_shown(text, strlen(text), wire);
	if (len < 0 || name_to_text(wire, (size_t)len, plain, sizeof(plain)) < 0)
		return -EINVAL;
	return copy_text(strcmp(plain, ".") ? plain : NULL, out); /* everything is below the root */
}

static int match_make(const struct query_filter *filter, struct query_match *match)
{
	int err = copy_text(filter->device, &match->device);

	if (!err)
		err = copy_text(filter->user, &match->user);
	if (!err)
		err = copy_text(filter->class_name, &match->class_name);
	if (!err)
		err = copy_text(filter->group, &match->group);
	if (!err)
		err = copy_text(filter->category, &match->category);
	if (!err)
		err = canonical_name(filter->name, &match->name);
	if (err)
		return err;
	match->name_len = match->name ? strlen(match->name) : 0;
	match->device_is_key = match->device &&
			       !device_key_parse(match->device, &match->device_kind, match->device_addr);
	match->device_id = number_of(match->device);
	match->user_id = number_of(match->user);
	match->class_id = number_of(match->class_name);
	match->verdict = filter->verdict;
	match->reason = filter->reason;
	match->since_us = filter->since_us;
	match->until_us = filter->until_us ? filter->until_us : INT64_MAX;
	match->backwards = !filter->oldest_first && !filter->follow;
	return 0;
}

/* ---- which days ---- */
static int list_days(struct query *query)
{
	unsigned *days;
	size_t n;
	int err = store_days(query->dir, &days, &n);

	if (err)
		return err;
	free(query->days);
	query->days = days;
	query->days_n = n;
	return 0;
}

static bool day_wanted(const struct query *query, unsigned day)
{
	const struct query_match *match = &query->match;
	__s64 start, end;

	if (match->since_us && day < store_day_of(match->since_us, &start, &end))
		return false;
	return match->until_us == INT64_MAX || day <= store_day_of(match->until_us - 1, &start, &end);
}

/* The next day in the order of the search, or 0. */
static unsigned next_day(const struct query *query)
{
	unsigned found = 0;

	for (size_t i = 0; i < query->days_n; i++) {
		unsigned day = query->days[i];

		if (!day_wanted(query, day))
			continue;
		if (query->match.backwards ? !query->now || day < query->now : !found && day > query->now)
			found = day;
	}
	return found;
}

/* A search that follows begins with the last day. */
static unsigned first_day(const struct query *query)
{
	return query->from_end && query->days_n ? query->days[query->days_n - 1] : next_day(query);
}

int query_open(const char *dir, const struct query_filter *filter, struct query **out)
{
	struct query *query = calloc(1, sizeof(*query));
	int err;

	if (!query)
		return -ENOMEM;
	err = copy_text(dir, &query->dir);
	if (!err)
		err = match_make(filter, &query->match);
	if (!err)
		err = list_days(query);
	if (err) {
		query_close(query);
		return err;
	}
	query->follow = filter->follow;
	query->from_end = filter->follow && !filter->since_us && query->days_n;
	query->left = filter->limit ? filter->limit : UINT64_MAX;
	*out = query;
	return 0;
}

void query_close(struct query *query)
{
	if (!query)
		return;
	query_day_close(query->day);
	free(query->match.device);
	free(query->match.user);
	free(query->match.class_name);
	free(query->match.group);
	free(query->match.category);
	free(query->match.name);
	free(query->days);
	free(query->dir);
	free(query);
}

unsigned query_damaged(const struct query *query, unsigned *day)
{
	*day = query->damaged_day;
	return query->damaged;
}

/* ---- steps ---- */
static void leave_day(struct query *query)
{
	query_day_close(query->day);
	query->day = NULL;
	query->busy = 0;
}

/* A day that cannot be read is passed over and told; one that was deleted meanwhile is no news. */
static int give_up_day(struct query *query, int err)
{
	if (err == -ENOMEM)
		return err;
	leave_day(query);
	if (err != -ENOENT) {
		query->damaged++;
		query->damaged_day = query->now;
	}
	return QUERY_MORE;
}

static int enter_day(struct query *query)
{
	unsigned day = query->now ? next_day(query) : first_day(query);
	char path[4096];
	int err;

	if (!day)
		return query->follow ? QUERY_WAIT : QUERY_END;
	query->now = day;
	err = store_day_path(query->dir, day, path, sizeof(path));
	if (!err)
		err = query_day_open(path, &query->match, query->from_end, &query->day);
	query->from_end = false; /* later days count whole */
	return err ? give_up_day(query, err) : QUERY_MORE;
}

/* Nothing new in the day that is followed: stay, or go on to the day that has begun. */
static int wait_day(struct query *query)
{
	int err = list_days(query);

	if (err)
		return err;
	if (query_day_replaced(query->day)) { /* it was damaged; read the new one from its beginning */
		leave_day(query);
		query->now--;
		return QUERY_MORE;
	}
	if (!next_day(query))
		return QUERY_WAIT;
	leave_day(query);
	return QUERY_MORE;
}

static int step_day(struct query *query, query_row *row, void *ctx)
{
	__u64 most = query->left < ROWS_STEP ? query->left : ROWS_STEP;
	__u64 rows;
	int stop, state;

	state = query_day_step(query->day, most, row, ctx, &rows, &stop);
	query->left -= rows;
	if (stop)
		return stop;
	if (state == -EBUSY && ++query->busy < BUSY_MOST)
		return QUERY_MORE;
	if (state < 0)
		return give_up_day(query, state);
	query->busy = 0;
	if (!query->left)
		return QUERY_END;
	if (state == QUERY_MORE)
		return QUERY_MORE;
	if (query->follow)
		return rows ? QUERY_MORE : wait_day(query);
	leave_day(query);
	return QUERY_MORE;
}

int query_step(struct query *query, query_row *row, void *ctx)
{
	int err;

	if (!query->left)
		return QUERY_END;
	if (query->day)
		return step_day(query, row, ctx);
	if (query->follow) {
		err = list_days(query);
		if (err)
			return err;
	}
	return enter_day(query);
}
