/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "attach.h"
#include "bpfprog.h"
#include "log.h"
#include "maps.h"
#include "ownaddr.h"

/* Addresses come and go: a provider gives out another prefix, an interface comes late. */
static void tell_own(struct esafed *esafed)
{
	struct esafe_prefix own[ESAFE_OWN];
	int n = ownaddr_read(esafed->config, own, ESAFE_OWN);
	int err = n < 0 ? n : maps_set_own(esafed->maps, own, n);

	if (err)
		log_errno(err, "the gateway's own addresses");
}

/* An interface that was made anew has another number: what was attached went with the old one. */
static void attach_one(struct esafed *esafed, size_t i, bool again)
{
	const struct config_iface *iface = &esafed->config->iface[i];
	__u32 ifindex = if_nametoindex(iface->name);
	int err;

	if (ifindex && ifindex == esafed->attached[i] && !again)
		return;
	if (!ifindex) {
		if (esafed->attached[i] || again)
			log_warn("%s is not there; it is filtered as soon as it comes", iface->name);
		esafed->attached[i] = 0;
		return;
	}
	err = bpfprog_attach(esafed->prog, iface);
	esafed->attached[i] = err ? 0 : ifindex;
	if (!err)
		log_info("%s is filtered", iface->name);
}

void attach_all(struct esafed *esafed)
{
	bool all;

	tell_own(esafed);
	all = !bpfprog_attach_all(esafed->prog, esafed->config);

	for (size_t i = 0; i < esafed->config->ifaces; i++) {
		if (all)
			esafed->attached[i] = if_nametoindex(esafed->config->iface[i].name);
		else
			attach_one(esafed, i, true); /* tells which it was */
	}
	esafed->attaching = true;
	if (all)
		log_info("%zu interfaces are filtered", esafed->config->ifaces);
}

void attach_links_changed(void *ctx)
{
	struct esafed *esafed = ctx;

	if (esafed->attaching)
		tell_own(esafed);
	for (size_t i = 0; esafed->attaching && i < esafed->config->ifaces; i++)
		attach_one(esafed, i, false);
}

int attach_none(struct esafed *esafed)
{
	int err = bpfprog_detach(esafed->config);

	esafed->attaching = false;
	esafed->detached = true;
	memset(esafed->attached, 0, sizeof(esafed->attached));
	return err;
}

bool attach_done(const struct esafed *esafed, size_t iface)
{
	return esafed->attached[iface] != 0;
}
