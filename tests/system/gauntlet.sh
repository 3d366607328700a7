#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every known way of hiding a name, run against the filter: the blocked name is never answered, the allowed one is.
. "$(dirname "$0")/lib.sh"

src4=192.0.2.111 src6=2001:db8:1::111 at4=203.0.113.81 at6=2001:db8:3::81
seen=$run/gauntlet.seen

# The client's addresses belong to no kernel, or that would reset the connections; the gateway is told where they are.
make_client() {
	local addr
	for addr in $src4 $src6; do
		as gateway ip neigh replace $addr lladdr 02:00:00:00:00:11 dev lan0 nud permanent
	done
	as gateway ip route replace blackhole default
	as gateway ip -6 route replace blackhole default
	# a kernel that takes data in a SYN with a cookie
	as internet sysctl -qw net.ipv4.tcp_fastopen=3
	as internet "$tools/gauntlet" serve "$seen" $at4 $at6 >"$run/gauntlet.log" 2>&1 &
	comes "the recording servers are up" 5 grep -q ready "$run/gauntlet.log"
}

gauntlet() {
	as pupil "$tools/gauntlet" run -t $((10 * ${ESAFE_PATIENCE:-1})) "$@" "$seen" eth0 02:00:00:00:01:01 \
		games.example.com plain.example.com $src4 $at4 $src6 $at6
}

kernel() {
	as pupil "$tools/desync" -w $((3000 * ${ESAFE_PATIENCE:-1})) "$@" games.example.com plain.example.com $web4 $web6
}

# Tells what is wrong, and counts each run as a check.
tell() {
	local what=$1 out line
	shift
	out=$("$@" 2>&1)
	while read -r line; do
		case $line in
		"ok "*) good ;;
		*" strategies in "*) echo "$what: $line" ;;
		*) bad "$what: $line" ;;
		esac
	done <<<"$out"
	[[ $out == *" strategies in "* ]] || bad "$what: it did not come to its end"
}

# A server that speaks Multipath TCP, and whether the connection of a client that offers it (262) is one: one that has
# fallen back has no MPTCP_INFO (level 284, option 1).
serve_multipath() {
	as internet python3 -c '
import socket
m = socket.socket(socket.AF_INET6, socket.SOCK_STREAM, 262)
m.bind(("::", 8444))
m.listen(16)
print("ready", flush=True)
while True: m.accept()[0].close()' >"$run/multipath.log" 2>&1 &
	comes "a server of Multipath TCP is up" 5 grep -q ready "$run/multipath.log"
}

multipath() {
	as pupil timeout $((5 * ${ESAFE_PATIENCE:-1})) python3 -c '
import socket, sys
family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
s = socket.socket(family, socket.SOCK_STREAM, 262)
s.connect((sys.argv[1], 8444))
try: print(s.getsockopt(284, 1, 64) and 1)
except OSError: print(0)' "$1"
}

open_empty_school
make_client
serve_multipath
sees "without a filter: Multipath TCP" "1 1" eval 'echo $(multipath $at4) $(multipath $at6)'
tell "without a filter" gauntlet -n
tell "without a filter" gauntlet -n -o pressure -f 64
tell "without a filter" kernel -n
lay_out
cp "$tests/school.yaml" "$run/policy.yaml"
start_filter
enrol_devices
sees "with the filter: Multipath TCP" "0 0" eval 'echo $(multipath $at4) $(multipath $at6)'
tell "with the filter" gauntlet
tell "with the filter" kernel
holds "what is not known is refused from now on" end_grace
tell "a flood of connections" gauntlet -j 6 -o pressure -f 60000
