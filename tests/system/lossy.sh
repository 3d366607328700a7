#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Ordinary traffic over bad lines, before the filter and behind it: nothing fails, and little is slower than without it.
. "$(dirname "$0")/lib.sh"

fetches=${ESAFE_FETCHES:-96} at_once=24
line="-l 3 -r 5 -d 1"

# Each line is cut in the middle, in the switch's namespace, and mended by a program that loses frames.
make_bad_lines() {
	local host device
	ip -n "es-$tag-switch" -batch - <<-END
	link set pupil nomaster
	link add bad0 type veth peer name bad1
	link set bad0 master lan
	link set bad0 up
	link set bad1 up
	link set pupil up
	END
	ip -n "es-$tag-gateway" link del wan0
	ip link add wan0 netns "es-$tag-gateway" type veth peer name far0 netns "es-$tag-switch"
	ip link add eth0 netns "es-$tag-internet" type veth peer name far1 netns "es-$tag-switch"
	ip -n "es-$tag-switch" link set far0 up
	ip -n "es-$tag-switch" link set far1 up
	ip -n "es-$tag-gateway" -batch - <<-END
	link set wan0 up
	addr add 203.0.113.1/24 dev wan0
	addr add 2001:db8:3::1/64 dev wan0 nodad
	END
	{
		echo "link set eth0 up"
		for host in 2 53 80 81 82; do
			echo "addr add 203.0.113.$host/24 dev eth0"
			echo "addr add 2001:db8:3::$host/64 dev eth0 nodad"
		done
		echo "route add default via 203.0.113.1"
		echo "route add default via 2001:db8:3::1"
	} | ip -n "es-$tag-internet" -batch -
	for host in pupil:eth0 gateway:lan0 gateway:wan0 internet:eth0 switch:{pupil,gateway,bad0,bad1,far0,far1}; do
		device=${host#*:}
		school in "$tag" "${host%:*}" ethtool -K "$device" tso off gso off gro off tx off rx off >/dev/null 2>&1
	done
	# shellcheck disable=SC2086 # words
	{
		nsenter --net="/run/netns/es-$tag-switch" -- "$tools/lossy" $line -s 1 pupil bad1 >"$run/lossy-lan.log" 2>&1 &
		nsenter --net="/run/netns/es-$tag-switch" -- "$tools/lossy" $line -s 2 far0 far1 >"$run/lossy-wan.log" 2>&1 &
	}
	bad_lines=$(jobs -p)
	comes "the bad lines are up" 5 grep -q ready "$run/lossy-lan.log" "$run/lossy-wan.log"
}

# So many fetches, some at once; prints "fetched MILLISECONDS", or what went wrong.
fetch() { # URL, address
	local start out
	start=$(date +%s%3N)
	out=$(seq "$fetches" | as pupil xargs -P $at_once -I{} curl -sSk --max-time 60 --connect-to "::$2:" -o /dev/null \
		-w '%{http_code}\n' "$1" 2>&1 | sort | uniq -c)
	[ "$(awk '{ print $1, $2 }' <<<"$out")" = "$fetches 200" ] || {
		echo "$out"
		return
	}
	echo "fetched $(($(date +%s%3N) - start))"
}

hellos() { # of browser size, in two segments
	local start out
	start=$(date +%s%3N)
	out=$(seq $at_once | as pupil xargs -P $at_once -I{} "$tools/hello" -b -n $((fetches / at_once)) -w 30000 "$1" 443 \
		www.example.com | awk '{ served += $2 } END { print served }')
	[ "$out" = "$fetches" ] || {
		echo "$out of $fetches were served"
		return
	}
	echo "fetched $(($(date +%s%3N) - start))"
}

declare -A took
try() { # what it is, a command
	local what=$1 out
	shift
	out=$("$@")
	if [[ $out == "fetched "* ]]; then good; else bad "$what, $phase: $out"; fi
	took[$what-$phase]=${out#fetched }
}
all() {
	phase=$1
	try "HTTPS" fetch https://www.example.com/ $web4
	try "HTTPS over IPv6" fetch https://www.example.com/ "[$web6]"
	try "HTTP" fetch http://www.example.com/ $web4
	try "large hellos" hellos $web6
}

open_empty_school
make_bad_lines
all "unfiltered"
lay_out
cp "$tests/school.yaml" "$run/policy.yaml"
start_filter
enrol_devices
all "filtered"
for what in "HTTPS" "HTTPS over IPv6" "HTTP" "large hellos"; do
	awk -v what="$what" -v n="$fetches" -v a="${took[$what-unfiltered]}" -v b="${took[$what-filtered]}" 'BEGIN {
		printf "%s: %d in %.1f s, without the filter %.1f s, ratio %.2f\n", what, n, b / 1000, a / 1000, b / a }'
done
sees "what is blocked stays so" reset loads pupil https://games.example.com/ --connect-to "::$web4:" --max-time 30
# shellcheck disable=SC2086 # process numbers
kill $bad_lines
comes "the lines say what they did" 5 grep -q passed "$run/lossy-lan.log" "$run/lossy-wan.log"
cat "$run"/lossy-*.log | grep passed
sees "frames were lost, late and double" "passed *[1-9]* lost *[1-9]* late *[1-9]* twice *[1-9]* too-long 0" \
	tail -n 1 "$run/lossy-wan.log"
