/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A directory for the files of one test, that goes away again; and the clock of a school, wherever the test runs. */
#ifndef TESTS_SCRATCH_H
#define TESTS_SCRATCH_H

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char scratch[64];

static inline void scratch_make(void)
{
	setenv("TZ", "Europe/London", 1);
	tzset();
	strcpy(scratch, "/tmp/esafe-test-XXXXXX");
	cr_assert(mkdtemp(scratch));
}

static inline void scratch_remove(void)
{
	char path[400];
	struct dirent *entry;
	DIR *dir = opendir(scratch);

	while (dir && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", scratch, entry->d_name);
		unlink(path);
	}
	if (dir)
		closedir(dir);
	rmdir(scratch);
}

static inline unsigned scratch_count(const char *part)
{
	struct dirent *entry;
	unsigned n = 0;
	DIR *dir = opendir(scratch);

	while (dir && (entry = readdir(dir)))
		n += strstr(entry->d_name, part) != NULL;
	if (dir)
		closedir(dir);
	return n;
}

#endif
