#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The disk is full while guests, children and teachers use the pages: each is told so, nothing changes, it is counted, and
# filtering goes on. With room again everything works as before.
. "$(dirname "$0")/lib.sh"
open_school_of_pages
printf '%s required pam_unix.so nodelay\n' auth account >"$gateway/pam.d/esafe"
echo "teacher3:x:70003:60004::/:/usr/sbin/nologin" >>"$gateway/passwd"
echo "teacher3:$(openssl passwd -6 "a long word"):20000:0:99999:7:::" >>"$gateway/shadow"

# A disk of its own for the daemon alone, that goes with it.
nsenter --net="/run/netns/es-$tag-gateway" -- unshare -m sh -c 'mount -t overlay es -o "lowerdir=$1:/etc" /etc &&
	mount -t tmpfs -o size=24m es "$2" && exec "$3" --config "$4"' sh "$gateway" "$run/state" "$top/build/esafed" \
	"$run/esafed.yaml" </dev/null >>"$run/esafed.log" 2>&1 &
esafed=$!
within 30 ctl status || bail_out "esafed does not start"
on_disk() { nsenter --mount="/proc/$esafed/ns/mnt" "$@"; }
fill() { on_disk dd if=/dev/zero of="$run/state/filler" bs=4k status=none conv=fsync; }
enrol_devices
ctl class add 4B --group pupils >/dev/null
ctl device set pupil-laptop --class 4B >/dev/null
mapfile -t codes < <(ctl voucher new --group guests --for 4h --sponsor teacher3 --count 2 --json | jq -r .code)
school pages "$tag" || bail_out "esafe-pages does not start"

page=http://192.0.2.1 secure=https://192.0.2.1:8443
fetch() { as "$1" curl -sSk --max-time 10 -w '%{http_code}\n' "${@:3}" "$2" 2>&1; }
mark_of() { fetch "$@" | sed -n 's/.*name="mark" value="\([0-9a-f]*\)".*/\1/p' | head -n 1; }
enter() { fetch guest $secure/portal/voucher -d "mark=$guest" -d "code=$1"; }
api() { as guest curl -sSk $secure/captive-portal/api; }
ask() { fetch pupil http://games.example.com/request -d "mark=$pupil" -d "name=$1"; }
teach() { fetch staff "$secure/teacher$1" -b "$run/cookies" -c "$run/cookies" "${@:2}"; }
lesson() { teach /lesson -d "mark=$(mark_of staff $secure/teacher -b "$run/cookies")" -d class=4B -d sites=games.example.com; }
metric() { as gateway curl -s http://127.0.0.1:9465/metrics | sed -n "s/^esafe_pages_failed_total //p"; }
here() { on_disk sqlite3 "$run/state/register.db" "SELECT (SELECT count(*) FROM vouchers WHERE used), (SELECT count(*) FROM requests),
	(SELECT count(*) FROM permits), (SELECT count(*) FROM sessions), (SELECT count(*) FROM changes)"; }
guest=$(mark_of guest $secure/portal)
pupil=$(mark_of pupil http://games.example.com/)
teach /login -d user=teacher3 -d "password=a+long+word" -d "mark=$(mark_of staff $secure/teacher)" >/dev/null
sees "a teacher is there" "*Signed in as*teacher3*" teach ""

before=$(here)
sees "the disk is full" "*No space left*" fill
sees "a guest's code" "*Nothing was changed*No space left on device*503" enter "${codes[0]}"
sees "lets nobody in" '{"captive":true,*' api
sees "not even for a moment" "192.0.2.1" asks guest games.example.com
sees "a wish" "*Nothing was changed*No space left on device*503" ask games.example.com
sees "a lesson" "*Nothing was changed*No space left on device*503" lesson
sees "opens nothing" "192.0.2.1" asks pupil games.example.com
sees "a teacher's password needs no disk" "*303" fetch staff $secure/teacher/login -d user=teacher3 -d "password=a+long+word" \
	-d "mark=$(mark_of staff $secure/teacher)" -o /dev/null
sees "a wrong one is wrong" "*not right*403" fetch staff $secure/teacher/login -d user=teacher3 -d password=x \
	-d "mark=$(mark_of staff $secure/teacher)"
sees "counted" 3 metric
sees "and in the log" 3 grep -c "is refused (503): .*No space left" "$run/pages.log"
sees "the register is as it was" "$before" here
sees "what is refused is refused" "192.0.2.1" asks pupil "$(below games.example.com)"
sees "what is allowed is allowed" "reached www.example.com over http" loads pupil http://www.example.com/
holds "the daemon is there" ctl status

holds "room again" on_disk rm "$run/state/filler"
sees "the same code" "*You are online*200" enter "${codes[0]}"
sees "lets the guest in" '{"captive":false,*' api
sees "to where guests are" "reached games.example.com over http" loads guest http://games.example.com/
sees "the wish" "*Thank you*200" ask games.example.com
sees "the lesson" "*303" lesson
sees "is open" "reached games.example.com over http" loads pupil http://games.example.com/ --connect-to "::$web4:"
sees "the register is whole" ok on_disk sqlite3 "$run/state/register.db" "PRAGMA integrity_check"
kill "$esafed"
wait "$esafed"
