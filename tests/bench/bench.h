/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the measuring programs have in common: one JSON object a line for scripts/bench. */
#ifndef BENCH_H
#define BENCH_H

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

/* A figure: smaller is better unless `must` lies below `aim`. `empty`: the same without what is measured, or 0. */
struct bench_figure {
	const char *figure, *unit;
	double value, empty, must, aim;
};

__attribute__((format(printf, 2, 3)))
static inline void bench_print(const struct bench_figure *f, const char *note, ...)
{
	json_t *row = json_pack("{s:s, s:f, s:f, s:s, s:f, s:f}", "figure", f->figure, "value", f->value, "empty",
				f->empty, "unit", f->unit, "must", f->must, "aim", f->aim);
	char text[400];
	va_list args;

	va_start(args, note);
	vsnprintf(text, sizeof(text), note, args);
	va_end(args);
	json_object_set_new(row, "note", json_string(text));
	json_dumpf(row, stdout, JSON_REAL_PRECISION(6));
	puts("");
	fflush(stdout);
	json_decref(row);
}

static inline double bench_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

#endif
