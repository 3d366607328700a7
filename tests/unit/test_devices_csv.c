/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices_csv.h"
#include "parse.h"
#include "told.h"

static int read_text(const char *text, size_t len, struct devices *out, struct problems *problems)
{
	char *copy = exact(text, len);
	int err = devices_csv_read("devices.csv", copy, len, out, problems);

	free(copy);
	return err;
}

Test(devices_csv, a_sheet)
{
	static const char text[] = "\xef\xbb\xbf" "Name,MAC,group,Owner,note\r\n"
				   "reading-1,00:11:22:33:44:55,pupils,Year 4,\"blue, \"\"new\"\"\"\r\n"
				   "\r\n"
				   " office , 10.0.0.9 ,staff,,\r\n"
				   "caf\xc3\xa9,2001:db8::7";
	static const __u8 four[16] = { [10] = 0xff, 0xff, 10, 0, 0, 9 };
	struct problems problems = { 0 };
	struct devices devices;

	cr_assert_eq(read_text(text, sizeof(text) - 1, &devices, &problems), 0, "%s",
		     problems.n ? problems.item[0].text : "");
	cr_assert_eq(devices.n, 3);
	cr_expect_str_eq(devices.item[0].name, "reading-1");
	cr_expect_eq(devices.item[0].kind, ESAFE_BY_MAC);
	cr_expect_eq(devices.item[0].addr[5], 0x55);
	cr_expect_str_eq(devices.item[0].note, "blue, \"new\"");
	cr_expect_str_eq(devices.item[1].name, "office");
	cr_expect_eq(devices.item[1].kind, ESAFE_BY_ADDRESS);
	cr_expect_arr_eq(devices.item[1].addr, four, 16);
	cr_expect_str_eq(devices.item[1].owner, "");
	cr_expect_str_eq(devices.item[2].name, "caf\xc3\xa9");
	cr_expect_eq(devices.line[2], 5);
	devices_free(&devices);
}

static const struct wrong_text wrong[] = {
	{ "", 1, 0, "\"mac\" is missing" },
	{ "mac\n", 1, 0, "\"name\" is missing" },
	{ "mac,nmae\n", 1, 5, "\"name\"" },
	{ "mac;name\n", 1, 1, "commas between" },
	{ "mac,name,mac\n", 1, 10, "second time" },
	{ "mac,name\nzz:11:22:33:44:55,a\n", 2, 1, "neither" },
	{ "mac,name\n00:11:22:33:44:5,a\n", 2, 1, "neither" },
	{ "mac,name\n00:11:22-33:44:55,a\n", 2, 1, "neither" },
	{ "mac,name\n00:11:22:33:44:55:66,a\n", 2, 1, "neither" },
	{ "mac,name\nff:ff:ff:ff:ff:ff,a\n", 2, 1, "no one device" },
	{ "mac,name\n00:00:00:00:00:00,a\n", 2, 1, "no one device" },
	{ "mac,name\n,a\n", 2, 1, "MAC is missing" },
	{ "mac,name\n001122334455,\n", 2, 14, "name is missing" },
	{ "mac,name\n001122334455\n", 2, 0, "\"name\" is missing" },
	{ "mac,name\n001122334455,a,b\n", 2, 16, "more values" },
	{ "mac,name\n001122334455,\"a\n", 2, 14, "never closed" },
	{ "mac,name\n001122334455,\"a\"b\n", 2, 14, "closing" },
	{ "mac,name\n001122334455,a\"b\n", 2, 14, "quotation" },
	{ "mac,name\n001122334455,\"a\nb\"\n", 2, 14, "control" },
	{ "mac,name\n001122334455,caf\xe9\n", 2, 14, "UTF-8" },
	{ "mac,name\n001122334455,\xc0\xaf\n", 2, 14, "UTF-8" },
	{ "mac,name\n001122334455,\xed\xa0\x80\n", 2, 14, "UTF-8" },
	{ "mac,name\n001122334455,a\n0011.2233.4455,b\n", 3, 0, "stands in line 2" },
	{ "mac,name\n001122334455,a\n001122334456,A\n", 3, 0, "stands in line 2" },
};

Test(devices_csv, what_is_wrong_and_where)
{
	for (size_t i = 0; i < ROWS(wrong); i++) {
		struct problems problems = { 0 };
		struct devices devices = { .n = 77 };

		cr_expect_eq(read_text(wrong[i].text, strlen(wrong[i].text), &devices, &problems), -EINVAL, "%s",
			     wrong[i].text);
		cr_expect_eq(devices.n, 77, "untouched");
		told(&problems, &wrong[i]);
	}
}

Test(devices_csv, every_wrong_line_is_told)
{
	static const char text[] = "mac,name\nx,a\n001122334455,b\ny,c\n\"z\n";
	struct problems problems = { 0 };
	struct devices devices;

	cr_expect_eq(read_text(text, sizeof(text) - 1, &devices, &problems), -EINVAL);
	told_lines(&problems, (const int[]){ 2, 4, 5, 0 });
}

Test(devices_csv, every_part_of_a_sheet)
{
	static const char text[] = "mac,name,group\r\n\"00-11-22-33-44-55\",\"a\"\"b\",c\r\n001122334456,d,\xc3\xa9\r\n";

	for (size_t len = 0; len < sizeof(text); len++) {
		struct problems problems = { 0 };
		struct devices devices;

		if (!read_text(text, len, &devices, &problems))
			devices_free(&devices);
		problems_free(&problems);
	}
}

Test(devices_csv, a_value_that_is_too_long)
{
	char text[1000] = "mac,name\n001122334455,";
	struct problems problems = { 0 };
	struct devices devices;

	memset(text + strlen(text), 'x', 600);
	cr_expect_eq(read_text(text, strlen(text), &devices, &problems), -EINVAL);
	cr_expect(strstr(problems.item[0].text, "too long"));
	problems_free(&problems);
}

Test(devices_csv, a_zero_byte)
{
	static const char text[] = "mac,name\n001122334455,a\0b\n";
	static const char quoted[] = "mac,name\n001122334455,\"a\0b\"\n";
	struct problems problems = { 0 };
	struct devices devices;

	cr_expect_eq(read_text(text, sizeof(text) - 1, &devices, &problems), -EINVAL);
	cr_expect_eq(read_text(quoted, sizeof(quoted) - 1, &devices, &problems), -EINVAL);
	cr_assert_eq(problems.n, 2);
	cr_expect(strstr(problems.item[0].text, "zero byte"));
	cr_expect(strstr(problems.item[1].text, "zero byte"));
	problems_free(&problems);
}

Test(devices_csv, spellings)
{
	static const char *const macs[] = { "0a:1b:2c:3d:4e:5f", "0A-1B-2C-3D-4E-5F", "0a1b.2c3d.4e5f", "0A1B2C3D4E5F" };
	static const char *const others[] = { "0a:1b:2c:3d:4e", "0a1b2c3d4e5g", "0a1b.2c3d-4e5f", "0a1b2c3d4e5f ", "",
					      "10.0.0", "10.0.0.256", "fe80::1%lan0" };
	char text[46];
	__u8 kind, addr[16];

	for (size_t i = 0; i < sizeof(macs) / sizeof(macs[0]); i++) {
		cr_assert_eq(device_key_parse(macs[i], &kind, addr), 0, "%s", macs[i]);
		cr_expect_eq(kind, ESAFE_BY_MAC);
		device_key_text(kind, addr, text);
		cr_expect_str_eq(text, "0a:1b:2c:3d:4e:5f");
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		cr_expect_eq(device_key_parse(others[i], &kind, addr), -EINVAL, "%s", others[i]);
	cr_assert_eq(device_key_parse("192.0.2.7", &kind, addr), 0);
	device_key_text(kind, addr, text);
	cr_expect_str_eq(text, "192.0.2.7");
}

static void note(void *ctx, char sign, const struct reg_device *device, const char *text)
{
	char *out = ctx;

	sprintf(out + strlen(out), "%c%s%s%s|", sign, device->name, *text ? ": " : "", text);
}

Test(devices_csv, difference)
{
	static const char old[] = "mac,name,group\n001122334401,a,ks1\n001122334402,b,ks1\n001122334403,c,ks2\n";
	static const char new[] = "mac,name,group\n001122334403,c,staff\n001122334401,a,ks1\n001122334404,d,ks1\n";
	struct problems problems = { 0 };
	struct devices have, want;
	char out[500] = "";

	cr_assert_eq(read_text(old, sizeof(old) - 1, &have, &problems), 0);
	cr_assert_eq(read_text(new, sizeof(new) - 1, &want, &problems), 0);
	cr_assert_eq(devices_diff(&have, &want, note, out), 0);
	cr_expect_str_eq(out, "~c: group \"ks2\" -> \"staff\"|=a|+d|-b|");
	devices_free(&have);
	devices_free(&want);
}
