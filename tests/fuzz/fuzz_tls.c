/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A ClientHello, fed to the kernel's reader in pieces, against a reader that sees all of it: they must say the same.
 * First byte: 0, the rest is the stream as it is; else a handshake message, cut into records of that many bytes.
 * Second byte: seeds the cuts of the feeding; 0: one byte at a time.
 */
#include <stdint.h>

#include "hello.h"

static struct hello message, stream;

static void load(const uint8_t *data, size_t size)
{
	message.len = stream.len = 0;
	if (data[0]) {
		hello_put(&message, data + 2, size - 2);
		hello_records(&stream, &message, data[0]);
	} else {
		hello_put(&stream, data + 2, size - 2);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum tls_result result = TLS_MORE, expected;
	struct tls_reader reader;
	size_t have = 0, wire_len;
	__u8 wire[256];
	__u32 state;

	if (size < 3 || size > 4096)
		return 0;
	load(data, size);
	state = data[1];
	expected = whole_read(stream.bytes, stream.len, wire, &wire_len);
	tls_start(&reader);
	while (result == TLS_MORE && have < stream.len) {
		state = state * 1103515245 + 12345;
		have += data[1] ? 1 + (state >> 16) % (stream.len - have) : 1;
		result = hello_feed(&reader, stream.bytes, have);
	}
	if (result != expected)
		abort();
	if (result == TLS_NAME && (reader.name.len != wire_len || memcmp(reader.name.wire, wire, wire_len)))
		abort();
	return 0;
}
