/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "compilenow.h"
#include "esafed.h"
#include "log.h"
#include "policyfile.h"

#define EXIT_USAGE 2
#define EXIT_PROBLEMS 4 /* as esafectl says it: something is wrong in a file */

static const struct option options[] = {
	{ "config", required_argument, NULL, 'c' }, { "test", no_argument, NULL, 't' },
	{ "debug", no_argument, NULL, 'd' }, { "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 }
};

static void usage(FILE *to)
{
	fputs("usage: esafed [-c FILE] [-t] [-d]\n"
	      "  -c, --config FILE   configuration, " ESAFE_SYSCONFDIR "/esafed.yaml if not given\n"
	      "  -t, --test          checks the configuration and its policy, and ends\n"
	      "  -d, --debug         says more\n"
	      "  -V, --version       says which esafe this is\n", to);
}

static int tell(struct problems *problems)
{
	for (unsigned i = 0; i < problems->n; i++) {
		const struct problem *problem = &problems->item[i];

		fprintf(stderr, "%s:%d:%d: %s\n", problem->file, problem->line, problem->column, problem->text);
	}
	if (problems->dropped)
		fprintf(stderr, "and %u more\n", problems->dropped);
	problems_free(problems);
	return EXIT_PROBLEMS;
}

static int read_config(struct esafed *esafed)
{
	struct problems problems = { 0 };
	size_t len;
	char *text;
	int err;

	err = file_read(esafed->config_file, FILE_BYTES, &text, &len);
	if (err) {
		log_errno(err, "%s", esafed->config_file);
		return EXIT_PROBLEMS;
	}
	esafed->config = config_read(esafed->config_file, text, len, &problems);
	free(text);
	return esafed->config ? 0 : tell(&problems);
}

/* No installation is asked for its secret seeds: any odd ones show whether the names find a place. */
static int test(struct esafed *esafed)
{
	const char *file = esafed->config->policy;
	struct problems problems = { 0 };
	struct policy *policy;
	size_t len;
	char *text;
	int err;

	err = file_read(file, FILE_BYTES, &text, &len);
	if (err) {
		log_errno(err, "%s", file);
		return EXIT_PROBLEMS;
	}
	esafed->hash_k1 = 0x9e3779b97f4a7c15ULL;
	esafed->hash_k2 = 0xbf58476d1ce4e5b9ULL;
	policy = policy_check(esafed, file, text, len, &problems);
	free(text);
	if (!policy)
		return tell(&problems);
	printf("%s and %s: no problems\n", esafed->config_file, file);
	policy_free(policy);
	return 0;
}

static int serve(struct esafed *esafed)
{
	int err = esafed_start(esafed);

	if (!err)
		err = loop_run(esafed->loop);
	esafed_stop(esafed);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct esafed esafed = { .config_file = ESAFE_SYSCONFDIR "/esafed.yaml", .lock_fd = -1 };
	bool only_test = false;
	int option, code;

	while ((option = getopt_long(argc, argv, "c:tdVh", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			esafed.config_file = optarg;
			break;
		case 't':
			only_test = true;
			break;
		case 'd':
			log_set_debug(true);
			break;
		case 'V':
			puts("esafed " ESAFE_VERSION);
			return EXIT_SUCCESS;
		case 'h':
			usage(stdout);
			return EXIT_SUCCESS;
		default:
			usage(stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		usage(stderr);
		return EXIT_USAGE;
	}
	umask(077);
	code = read_config(&esafed);
	if (!code)
		code = only_test ? test(&esafed) : serve(&esafed);
	config_free(esafed.config);
	return code;
}
