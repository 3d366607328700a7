/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "listfile.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "lists.h"

#define BLOCK (256 << 10)
#define GZIP_WINDOW (15 + 16) /* zlib: the largest window, gzip wrapping only */

struct unpack {
	int (*feed)(void *ctx, const char *bytes, size_t len);
	void *ctx;
	bool gzip, ended; /* ended: of a gzip member; another may follow */
	z_stream z;
	unsigned long long total;
	char *out;
};

static int open_in(int dir, const char *path, struct listfile *file)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st)) {
		int err = errno;

		close(fd);
		return -err;
	}
	if (S_ISDIR(st.st_mode)) {
		int rc = -EMEDIUMTYPE;

		if (dir == AT_FDCWD) {
			rc = open_in(fd, "domains", file);
			if (rc == -ENOENT)
				rc = open_in(fd, "domains.gz", file);
		}
		close(fd);
		return rc;
	}
	if (!S_ISREG(st.st_mode)) {
		close(fd);
		return -EMEDIUMTYPE;
	}
	file->fd = fd;
	file->size = st.st_size;
	file->mtime_ns = st.st_mtim.tv_sec * 1000000000LL + st.st_mtim.tv_nsec;
	return 0;
}

int listfile_open(const char *path, struct listfile *file)
{
	return open_in(AT_FDCWD, path, file);
}

void listfile_close(struct listfile *file)
{
	close(file->fd);
	file->fd = -1;
}

static int hand_on(struct unpack *u, const char *bytes, size_t len)
{
	u->total += len;
	if (u->total > LISTS_TEXT_MAX)
		return -EFBIG;
	return len ? u->feed(u->ctx, bytes, len) : 0;
}

static int flush_out(struct unpack *u)
{
	size_t len = BLOCK - u->z.avail_out;

	u->z.next_out = (Bytef *)u->out;
	u->z.avail_out = BLOCK;
	return hand_on(u, u->out, len);
}

static int unpack_block(struct unpack *u, char *bytes, size_t len)
{
	u->z.next_in = (Bytef *)bytes;
	u->z.avail_in = len;
	while (u->z.avail_in) {
		int rc;

		if (u->ended) {
			if (inflateReset(&u->z) != Z_OK)
				return -EBADMSG;
			u->ended = false;
		}
		rc = inflate(&u->z, Z_NO_FLUSH);
		if (rc == Z_STREAM_END)
			u->ended = true;
		else if (rc != Z_OK)
			return rc == Z_MEM_ERROR ? -ENOMEM : -EBADMSG;
		if (!u->z.avail_out) {
			rc = flush_out(u);
			if (rc)
				return rc;
		}
	}
	return 0;
}

static int unpack_begin(struct unpack *u, const char *bytes, size_t len)
{
	u->gzip = len >= 2 && bytes[0] == '\x1f' && bytes[1] == '\x8b';
	if (!u->gzip)
		return 0;
	u->out = malloc(BLOCK);
	if (!u->out || inflateInit2(&u->z, GZIP_WINDOW) != Z_OK) {
		free(u->out);
		u->gzip = false;
		return -ENOMEM;
	}
	u->z.next_out = (Bytef *)u->out;
	u->z.avail_out = BLOCK;
	return 0;
}

/* rc: how it went so far */
static int unpack_end(struct unpack *u, int rc)
{
	if (!u->gzip)
		return rc;
	if (!rc)
		rc = flush_out(u);
	if (!rc && !u->ended)
		rc = -EBADMSG; /* cut off */
	inflateEnd(&u->z);
	free(u->out);
	return rc;
}

static int write_all(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t n = write(fd, bytes, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		len -= n;
	}
	return 0;
}

static ssize_t read_block(int fd, char *block)
{
	size_t got = 0;

	while (got < BLOCK) {
		ssize_t n = read(fd, block + got, BLOCK - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		got += n;
	}
	return got;
}

static int read_all(const struct listfile *file, int copy_fd, struct unpack *u, EVP_MD_CTX *digest,
		    struct listfile_read *out, char *block)
{
	for (;;) {
		ssize_t n = read_block(file->fd, block);
		int rc = 0;

		if (n <= 0)
			return n;
		if (!EVP_DigestUpdate(digest, block, n))
			return -ENOMEM;
		if (copy_fd >= 0 && !out->copy_err)
			out->copy_err = write_all(copy_fd, block, n);
		if (!out->bytes)
			rc = unpack_begin(u, block, n);
		out->bytes += n;
		if (!rc)
			rc = u->gzip ? unpack_block(u, block, n) : hand_on(u, block, n);
		if (rc)
			return rc;
	}
}

int listfile_read(const struct listfile *file, int copy_fd, int (*feed)(void *ctx, const char *bytes, size_t len),
		  void *ctx, struct listfile_read *out)
{
	struct unpack u = { .feed = feed, .ctx = ctx };
	struct listfile_read did = { 0 };
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	char *block = malloc(BLOCK);
	int rc = -ENOMEM;

	if (digest && block && EVP_DigestInit_ex(digest, EVP_sha256(), NULL)) {
		posix_fadvise(file->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
		rc = unpack_end(&u, read_all(file, copy_fd, &u, digest, &did, block));
		if (!rc && !EVP_DigestFinal_ex(digest, did.sha256, NULL))
			rc = -ENOMEM;
	}
	free(block);
	EVP_MD_CTX_free(digest);
	if (!rc)
		*out = did;
	return rc;
}
