#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What `make install` lays down: complete, readable, and a service that systemd finds nothing wrong with.
. "$(dirname "$0")/lib.sh"
open_empty_school

root=$run/root
installing() { make -s -C "$top" install "$@"; }
holds "installs below a folder" installing DESTDIR="$root" PREFIX=/usr
for file in usr/sbin/esafed usr/bin/esafectl lib/systemd/system/esafed.service usr/lib/sysusers.d/esafe.conf etc/esafe/esafed.yaml etc/esafe/policy.yaml etc/esafe/pages.yaml \
	usr/share/esafe/services.yaml usr/share/esafe/protected.yaml usr/share/esafe/networks.yaml usr/share/esafe/lists/games.txt \
	usr/share/esafe/prometheus/esafe-alerts.yaml usr/share/bash-completion/completions/esafectl \
	usr/share/man/man8/esafed.8 usr/share/man/man8/esafectl.8 usr/share/man/man5/esafe-policy.5; do
	holds "$file" [ -s "$root/$file" ]
done
echo 'about: ours' >>"$root/etc/esafe/policy.yaml"
holds "installs over itself" installing DESTDIR="$root" PREFIX=/usr
holds "a school's own policy is left alone" grep -q '^about: ours' "$root/etc/esafe/policy.yaml"

for page in "$root"/usr/share/man/man*/*; do
	sees "$(basename "$page"): the formatter has nothing to say" "" groff -man -ww -z -Tutf8 "$page"
done
holds "the completion is a shell script" bash -n "$root/usr/share/bash-completion/completions/esafectl"
completes() { # words typed so far; what is offered
	bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
		'"$(sed -n 's/^complete .*-F \([a-z_]*\) .*/\1/p' "$root/usr/share/bash-completion/completions/esafectl" | head -n 1)"'
		echo "${COMPREPLY[@]}"' bash "$root/usr/share/bash-completion/completions/esafectl" "$@"
}
sees "it offers verbs" "*status*" completes esafectl st
sees "and their second words" "*apply*" completes esafectl policy ap

# ---- the service, where systemd finds its program ----
holds "installs elsewhere" installing PREFIX="$root/local" SYSCONFDIR="$root/etc" UNITDIR="$root/units" \
	SYSUSERSDIR="$root/sysusers"
sees "systemd finds nothing wrong" "" systemd-analyze verify --man=no "$root/units/esafed.service"
sees "nor with the pages" "" systemd-analyze verify --man=no "$root/units/esafe-pages.service"
sees "nor with log-ins" "" systemd-analyze verify --man=no "$root/units/esafe-login.socket"
for unit in esafe-pages.service esafe-login@.service; do
	holds "$unit: exposure of 3.0 at the most" systemd-analyze security --offline=yes --threshold=30 "$root/units/$unit"
done
sed "s,^# files_dir:.*,files_dir: $root/local/share/esafe/pages," "$root/etc/esafe/pages.yaml" >"$run/pages.yaml"
sees "the shipped pages have no problems" "*no problems*" "$root/local/sbin/esafe-pages" --test --config "$run/pages.yaml"
holds "hardened: exposure of 3.0 at the most" systemd-analyze security --offline=yes --threshold=30 "$root/units/esafed.service"

# ---- the help, from the program itself ----
for verb in status "policy check" "policy apply" "list find" "device import" why log detach; do
	# shellcheck disable=SC2086 # two words are meant
	holds "help of $verb" "$root/usr/bin/esafectl" $verb --help
done
