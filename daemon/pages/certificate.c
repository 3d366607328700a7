/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "certificate.h"
#include "file.h"
#include "log.h"

#define PEM_BYTES (128u << 10)
#define DAYS 397       /* the longest that browsers take */
#define DAYS_LEFT 30   /* then a new one is made, at the next start */

/* "IP:192.0.2.1,DNS:gateway.example": everything that the pages are reached by. */
static int other_names(const struct settings *settings, char *out, size_t size)
{
	size_t used = 0;

	if (settings->name)
		used = (size_t)snprintf(out, size, "DNS:%s", settings->name);
	for (size_t i = 0; i < settings->listens && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%sIP:%s", used ? "," : "", settings->listen[i]);
	return used < size ? 0 : -ENOSPC;
}

static int extend(X509 *x509, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	int ok = extension && X509_add_ext(x509, extension, -1);

	X509_EXTENSION_free(extension);
	return ok ? 0 : -EINVAL;
}

static int fill(X509 *x509, EVP_PKEY *key, const struct settings *settings)
{
	const char *called = settings->name ?: settings->listen[0];
	X509_NAME *name = X509_get_subject_name(x509);
	unsigned long serial = 0;
	char others[2048];

	if (other_names(settings, others, sizeof(others)) || RAND_bytes((unsigned char *)&serial, sizeof(serial)) != 1)
		return -EIO;
	X509_set_version(x509, X509_VERSION_3);
	ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), serial >> 1);
	X509_gmtime_adj(X509_getm_notBefore(x509), -86400);
	X509_gmtime_adj(X509_getm_notAfter(x509), DAYS * 86400L);
	if (!X509_set_pubkey(x509, key) ||
	    !X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)called, -1, -1, 0) ||
	    !X509_set_issuer_name(x509, name) || extend(x509, NID_subject_alt_name, others) ||
	    extend(x509, NID_basic_constraints, "critical,CA:FALSE") ||
	    extend(x509, NID_key_usage, "critical,digitalSignature") ||
	    extend(x509, NID_ext_key_usage, "serverAuth") || !X509_sign(x509, key, EVP_sha256()))
		return -EIO;
	return 0;
}

static FILE *create(const char *dir, const char *name, char path[512], char temporary[520])
{
	int fd;

	snprintf(path, 512, "%s/%s", dir, name);
	snprintf(temporary, 520, "%s.new", path);
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? NULL : fdopen(fd, "w");
}

/* Key and certificate in one file: they belong together or are worth nothing. */
static int keep(const struct settings *settings, X509 *x509, EVP_PKEY *key)
{
	char path[512], temporary[520];
	FILE *out = create(settings->state_dir, "pages.pem", path, temporary);
	int ok;

	if (!out)
		return log_errno(errno, "%s", temporary);
	ok = PEM_write_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) && PEM_write_X509(out, x509) && !fflush(out) &&
	     !fsync(fileno(out));
	if (fclose(out) || !ok || rename(temporary, path))
		return log_errno(errno ?: EIO, "%s", path);
	return 0;
}

static int make(const struct settings *settings)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x509 = X509_new();
	int err = key && x509 ? fill(x509, key, settings) : -ENOMEM;

	if (!err)
		err = keep(settings, x509, key);
	else
		log_errno(err, "a certificate could not be made");
	X509_free(x509);
	EVP_PKEY_free(key);
	return err;
}

/* Is it good for a while, and for all that we are reached by? */
static int is_good(const struct settings *settings, const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *x509 = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	time_t later = time(NULL) + DAYS_LEFT * 86400L;
	int good = x509 && X509_cmp_time(X509_get0_notAfter(x509), &later) > 0;

	for (size_t i = 0; i < settings->listens && good; i++)
		good = X509_check_ip_asc(x509, settings->listen[i], 0) == 1;
	if (good && settings->name)
		good = X509_check_host(x509, settings->name, 0, 0, NULL) == 1;
	X509_free(x509);
	BIO_free(bio);
	return good;
}

static int get_made(const struct settings *settings, char **out)
{
	char path[512];
	size_t len;
	int err;

	snprintf(path, sizeof(path), "%s/pages.pem", settings->state_dir);
	err = file_read(path, PEM_BYTES, out, &len);
	if (!err && is_good(settings, *out))
		return 0;
	if (!err)
		free(*out);
	err = make(settings);
	return err ? err : file_read(path, PEM_BYTES, out, &len);
}

int certificate_get(const struct settings *settings, char **certificate, char **key)
{
	char *made;
	size_t len;
	int err;

	if (!settings->certificate) {
		err = get_made(settings, &made);
		if (err)
			return err;
		*certificate = made;
		*key = strdup(made);
		return *key ? 0 : -ENOMEM;
	}
	err = file_read(settings->certificate, PEM_BYTES, certificate, &len);
	if (err)
		return log_errno(err, "%s", settings->certificate);
	err = file_read(settings->key, PEM_BYTES, key, &len);
	if (err) {
		free(*certificate);
		return log_errno(err, "%s", settings->key);
	}
	return 0;
}
