#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# esafed as a good citizen: it says when it is ready, keeps few rights, starts once, and speaks only with whom it should.
. "$(dirname "$0")/lib.sh"
open_empty_school
lay_out
cp "$tests/school.yaml" "$run/policy.yaml"

# ---- ready, and alive: what it tells the service manager ----
notify() { # prints what comes to a notify socket for so many seconds
	python3 - "$1" "$2" <<-'END'
	import socket, sys, time
	s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
	s.bind(sys.argv[1])
	end = time.monotonic() + float(sys.argv[2])
	while time.monotonic() < end:
	    s.settimeout(max(0.01, end - time.monotonic()))
	    try:
	        print(s.recv(4096).decode().replace("\n", " "), flush=True)
	    except socket.timeout:
	        pass
	END
}
notify "$run/notify" 12 >"$run/notified" &
comes "a service manager listens" 5 [ -S "$run/notify" ]
export NOTIFY_SOCKET=$run/notify WATCHDOG_USEC=4000000
start_filter
unset NOTIFY_SOCKET WATCHDOG_USEC
pid=$(cat "$run/esafed.pid")
comes "it says that it is ready" 5 grep READY=1 "$run/notified"
comes "and that it is alive, twice in its time" 10 eval '[ "$(grep -c WATCHDOG=1 "$run/notified")" -ge 2 ]'

# ---- few rights ----
# NET_ADMIN is 12, PERFMON 38, BPF 39
rights=$(printf '%016x' $((1 << 12 | 1 << 38 | 1 << 39)))
for set in CapEff CapPrm CapBnd; do
	sees "$set: BPF, PERFMON, NET_ADMIN" "$rights" sed -n "s/^$set:[[:space:]]*//p" "/proc/$pid/status"
done
sees "no new ones ever" 1 sed -n 's/^NoNewPrivs:[[:space:]]*//p' "/proc/$pid/status"
sees "the socket is not for everybody" "6[06]0" stat -c %a "$run/run/control"
sees "nor are records" 600 eval 'stat -c %a "$run"/state/*.db | sort -u'
sees "it listens for metrics on loopback and nowhere else" "127.0.0.1:9464" \
	as gateway sh -c "ss -Hltnp | grep 'pid=$pid,' | awk '{ print \$4 }'"
other() { as gateway setpriv --reuid=65534 --regid=65534 --clear-groups "$top/build/esafectl" --socket "$run/run/control" "$@"; }
chmod 755 "$run" "$run/run"
fails "another account is not let in" other status

# ---- one at a time ----
second() { timeout 20 nsenter --net="/run/netns/es-$tag-gateway" -- "$top/build/esafed" --config "$run/esafed.yaml" 2>&1; }
fails "a second one does not start" second
holds "the first is not disturbed" ctl status
enrol_devices
sees "and filters" NXDOMAIN asks pupil games.example.com

# ---- what it says of itself ----
sees "status: interfaces" "*lan0*filtered*lan1*filtered*" ctl status
sees "status as JSON" 2 eval 'ctl status --json | jq .devices'
holds "the configuration can be tried" as gateway "$top/build/esafed" --config "$run/esafed.yaml" --test
echo 'interfacse: []' >"$run/wrong.yaml"
sees "a wrong one is told with its place" "*wrong.yaml:1:1: *interfacse*interfaces*" "$top/build/esafed" --config "$run/wrong.yaml" --test

# ---- who is there ----
asks unknown www.example.com >/dev/null
comes "a device that nobody registered is seen" 10 matches "*02:00:00:00:00:13*192.0.2.13*" ctl device ls --unknown
"$top/build/esafectl" --socket "$run/run/control" top --json >"$run/top" &
watcher=$!
busy() { asks pupil games.example.com >/dev/null; grep pupil-laptop "$run/top"; }
comes "who asks most, live" 10 busy
kill $watcher
