/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * esafe-login: one question, is this the password of this account? It comes on standard input, account and password
 * with a zero byte behind each, and is answered on standard output: "yes", "no" or "error". PAM decides (service
 * "esafe"), with whatever it needs for that: hence a process of its own, that the service manager starts for each
 * question that comes to the socket of root, and that knows nothing of the filter.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <security/pam_appl.h>

#define SERVICE "esafe"
#define ROOM 512
#define SECONDS 10 /* for the whole */

/* PAM asks for the password without showing it; whatever else it asks is left without an answer. */
static int converse(int n, const struct pam_message **message, struct pam_response **out, void *password)
{
	struct pam_response *response = n > 0 && n <= PAM_MAX_NUM_MSG ? calloc((size_t)n, sizeof(*response)) : NULL;

	if (!response)
		return PAM_CONV_ERR;
	for (int i = 0; i < n; i++)
		if (message[i]->msg_style == PAM_PROMPT_ECHO_OFF)
			response[i].resp = strdup(password);
	*out = response;
	return PAM_SUCCESS;
}

static const char *judge(const char *account, char *password)
{
	struct pam_conv conversation = { converse, password };
	pam_handle_t *pam = NULL;
	int code = pam_start(SERVICE, account, &conversation, &pam);

	if (code != PAM_SUCCESS)
		return "error\n";
	code = pam_authenticate(pam, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
	if (code == PAM_SUCCESS)
		code = pam_acct_mgmt(pam, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
	pam_end(pam, code);
	return code == PAM_SUCCESS ? "yes\n" : "no\n";
}

/* Both texts, whole; 0 if that is not what came. */
static size_t read_both(char *room, size_t size, char **password)
{
	size_t have = 0;

	while (have < size) {
		ssize_t got = read(STDIN_FILENO, room + have, size - have);
		char *end;

		if (got <= 0)
			return 0;
		have += (size_t)got;
		end = memchr(room, '\0', have);
		if (end && memchr(end + 1, '\0', (size_t)(room + have - end - 1))) {
			*password = end + 1;
			return have;
		}
	}
	return 0;
}

int main(void)
{
	char room[ROOM] = "", *password = NULL;
	const char *answer = "error\n";

	alarm(SECONDS);
	if (read_both(room, sizeof(room), &password)) /* no account begins with '-', which modules may take for an option */
		answer = *room && *room != '-' ? judge(room, password) : "no\n";
	explicit_bzero(room, sizeof(room));
	return write(STDOUT_FILENO, answer, strlen(answer)) < 0;
}
