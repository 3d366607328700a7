// SPDX-License-Identifier: GPL-2.0-or-later
/* Loads the programs and prints how many instructions the verifier of this kernel went through: NAME COUNT. */
#include <stdio.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "esafe.skel.h"

static int print_count(const struct bpf_program *program)
{
	struct bpf_prog_info info = { 0 };
	__u32 size = sizeof(info);
	int err;

	if (!bpf_program__autoload(program))
		return 0;
	err = bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size);

	if (err) {
		fprintf(stderr, "verified: %s: %s\n", bpf_program__name(program), strerror(-err));
		return err;
	}
	printf("%s %u\n", bpf_program__name(program), info.verified_insns);
	return 0;
}

int main(void)
{
	struct esafe_bpf *skel = esafe_bpf__open();
	struct bpf_program *program;
	int failed = 0;

	if (skel)
		bpf_program__set_autoload(skel->progs.esafe_noquic, true);
	if (!skel || esafe_bpf__load(skel)) {
		fprintf(stderr, "verified: the programs do not load: %s\n", strerror(errno));
		return 1;
	}
	bpf_object__for_each_program(program, skel->obj)
		failed |= print_count(program);
	esafe_bpf__destroy(skel);
	return !!failed;
}
