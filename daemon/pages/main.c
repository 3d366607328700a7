/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <cap-ng.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <openssl/rand.h>

#include "ask.h"
#include "certificate.h"
#include "files.h"
#include "log.h"
#include "notify.h"
#include "routes.h"
#include "server.h"
#include "signedin.h"

#define EXIT_USAGE 2
#define EXIT_PROBLEMS 4
#define SOURCES 4096

static const struct option options[] = {
	{ "config", required_argument, NULL, 'c' }, { "test", no_argument, NULL, 't' },
	{ "routes", no_argument, NULL, 'r' }, { "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 }
};

static void usage(FILE *to)
{
	fputs("usage: esafe-pages [-c FILE] [-t | -r]\n"
	      "  -c, --config FILE   configuration, " ESAFE_SYSCONFDIR "/pages.yaml if not given\n"
	      "  -t, --test          checks the configuration and the templates, and ends\n"
	      "  -r, --routes        lists the addresses that are answered, with the fields of their forms\n"
	      "  -V, --version       says which esafe this is\n", to);
}

static int tell(struct problems *problems)
{
	for (unsigned i = 0; i < problems->n; i++) {
		const struct problem *problem = &problems->item[i];

		if (problem->line)
			log_error("%s:%d: %s", problem->file, problem->line, problem->text);
		else
			log_error("%s: %s", problem->file, problem->text);
	}
	problems_free(problems);
	return EXIT_PROBLEMS;
}

static void on_end(void *ctx, int signo)
{
	struct pages *pages = ctx;

	notify_stopping();
	loop_stop(pages->loop, 0);
}

/* How often at once, and how often for long. Each device has an address of its own. */
static int make_limits(struct pages *pages)
{
	uint8_t key[16];

	if (RAND_bytes(key, sizeof(key)) != 1 || RAND_bytes(pages->secret, sizeof(pages->secret)) != 1)
		return -EIO;
	return limit_new(SOURCES, 60, 200, key, &pages->visits) ?:
	       limit_new(SOURCES, 6, 20000, key, &pages->attempts) ?:
	       limit_new(SOURCES, 6, 10000, key, &pages->accounts) ?:
	       limit_new(SOURCES, 10, 10000, key, &pages->forgeries) ?:
	       limit_new(SOURCES, 5, 20000, key, &pages->notes) ?: limit_new(1, 100, 500, key, &pages->notes_all) ?:
	       limit_new(1, 60, 500, key, &pages->attempts_all);
}

/* A port below 1024 is bound by now; nothing else ever needs a privilege. */
static int drop_rights(void)
{
	capng_clear(CAPNG_SELECT_BOTH);
	if (capng_apply(CAPNG_SELECT_CAPS) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) {
		log_error("capabilities could not be dropped");
		return -EPERM;
	}
	return 0;
}

static int start(struct pages *pages)
{
	char *certificate = NULL, *key = NULL;
	int err = loop_new(&pages->loop);

	signal(SIGPIPE, SIG_IGN);
	if (!err && (!loop_signal(pages->loop, SIGTERM, on_end, pages) || !loop_signal(pages->loop, SIGINT, on_end, pages)))
		err = -ENOMEM;
	if (!err)
		err = make_limits(pages);
	if (!err)
		err = signed_in_new(pages->settings->idle_minutes * 60000u, &pages->signed_in);
	if (!err)
		err = asker_new(pages->loop, pages->settings->socket, &pages->asker);
	if (!err)
		err = certificate_get(pages->settings, &certificate, &key);
	if (!err)
		err = server_start(pages, certificate, key, &pages->server);
	free(certificate);
	if (key)
		explicit_bzero(key, strlen(key));
	free(key);
	if (!err)
		err = drop_rights();
	if (!err)
		err = notify_watchdog(pages->loop);
	return err;
}

static int serve(struct pages *pages)
{
	int err = start(pages);

	if (!err) {
		notify_ready("the pages are shown");
		err = loop_run(pages->loop);
	}
	asker_free(pages->asker); /* answers all who wait */
	server_stop(pages->server);
	signed_in_free(pages->signed_in);
	limit_free(pages->visits);
	limit_free(pages->attempts);
	limit_free(pages->accounts);
	limit_free(pages->attempts_all);
	limit_free(pages->forgeries);
	limit_free(pages->notes);
	limit_free(pages->notes_all);
	loop_free(pages->loop);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int run(const char *file, bool only_test)
{
	struct problems problems = { 0 };
	struct pages pages = { 0 };
	int err = files_settings(file, &pages.settings, &problems), code;

	if (!err)
		err = files_templates(&pages, &problems);
	if (!err)
		err = files_token(&pages, &problems);
	if (err)
		code = tell(&problems);
	else if (only_test)
		code = printf("%s: no problems\n", file) < 0;
	else
		code = serve(&pages);
	templates_free(&pages.templates);
	free(pages.style);
	settings_free(pages.settings);
	return code;
}

int main(int argc, char **argv)
{
	const char *file = ESAFE_SYSCONFDIR "/pages.yaml";
	bool only_test = false;
	int option;

	while ((option = getopt_long(argc, argv, "c:trVh", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			file = optarg;
			break;
		case 't':
			only_test = true;
			break;
		case 'r':
			routes_print(stdout);
			return EXIT_SUCCESS;
		case 'V':
			puts("esafe-pages " ESAFE_VERSION);
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
	return run(file, only_test);
}
