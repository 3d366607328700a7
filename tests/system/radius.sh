#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# An access point says over RADIUS accounting who came to the Wi-Fi and who left: the next question is judged by it.
. "$(dirname "$0")/lib.sh"
open_empty_school
lay_out
cp "$tests/school.yaml" "$run/policy.yaml"
secret=radius-of-the-tests
(umask 077 && echo "$secret" >"$run/radius.secret")
cat >>"$run/esafed.yaml" <<END
radius:
  clients:
    - { name: wifi, address: 192.0.2.0/24, secret: $run/radius.secret, groups: { Teachers: staff } }
    - { name: wifi6, address: "2001:db8:1::/64", secret: $run/radius.secret }
sessions: { end_of_day: "off" }
END
start_filter
enrol_devices

# The access point is the staff's machine: accounting STATUS [ATTRIBUTE=VALUE]... ; what it is told goes to stdout.
server=192.0.2.1
accounting() {
	printf '%s\n' "Acct-Status-Type=$1" "NAS-Identifier=ap1" "${@:2}" |
		as staff radclient -x -t 2 -r 1 "$server:1813" acct "${spoken:-$secret}" 2>&1
}
tablet='Calling-Station-Id=02-00-00-00-00-13'
counted() { curl_metrics | sed -n "s/^esafe_radius_requests_total{result=\"$1\"} //p"; }
curl_metrics() { as gateway curl -s http://127.0.0.1:9464/metrics; }
user_of() { ctl session ls --json | jq -r .user | sort | paste -sd' '; }

# ---- come and go ----
sees "the tablet of nobody" NXDOMAIN asks unknown www.example.com
sees "a teacher comes" "*Accounting-Response*" accounting Start "$tablet" User-Name='SCHOOL\Teacher3' Filter-Id=Teachers \
	Acct-Session-Id=a1 Framed-IP-Address=192.0.2.13
sees "and is a teacher at once" "$web4" asks unknown games.example.com
sees "whose name is known" teacher3 user_of
sees "the source, too" "radius wifi" jq -r '"\(.how) \(.source)"' <(ctl session ls --json)
sees "an interim update" "*Accounting-Response*" accounting Interim-Update "$tablet" User-Name=teacher3 \
	Filter-Id=Teachers Acct-Session-Id=a1 Framed-IP-Address=192.0.2.13
sees "goes on with the same session" 1 eval 'ctl session ls --json | jq -s length'
sees "the teacher goes" "*Accounting-Response*" accounting Stop "$tablet" User-Name=teacher3 Acct-Session-Id=a1 \
	Acct-Terminate-Cause=User-Request
sees "and is nobody again" NXDOMAIN asks unknown www.example.com
sees "no session is open" "" user_of

# ---- an access point of IPv6, a device known by its address alone, and one that starts again ----
server='[2001:db8:1::1]'
sees "a device known by its address" "*Accounting-Response*" accounting Start User-Name=teacher3@school.example \
	Acct-Session-Id=b1 Framed-IPv6-Address=2001:db8:1::13
sees "the access point was started again" "*Accounting-Response*" accounting Accounting-On
sees "whoever it spoke of is gone" "" user_of
server=192.0.2.1

# ---- in the wrong order ----
came() { accounting "$1" "$tablet" User-Name=teacher3 Filter-Id=Teachers Acct-Session-Id="$2" >/dev/null; }
gone() { accounting Stop "$tablet" User-Name=teacher3 Acct-Session-Id="$1" >/dev/null; }
gone g1
came Start g1
sees "a Start that its Stop has overtaken opens nothing" "" user_of
came Interim-Update g1
came Start g2
gone g2
came Interim-Update g2
sees "nor does an update behind the Stop" "" user_of
sees "they are counted" 3 counted late
came Start g2
sees "a number that is used again is another session" teacher3 user_of
came Start g3
gone g1
sees "and a Stop of another session does not end it" teacher3 user_of
gone g2
gone g3

# ---- what makes no person ----
sees "a Wi-Fi that knows only the device" "*Accounting-Response*" accounting Start "$tablet" \
	User-Name=02-00-00-00-00-13 Acct-Session-Id=c1
sees "anonymous" "*Accounting-Response*" accounting Start "$tablet" User-Name=anonymous@school.example Acct-Session-Id=c2
sees "makes no session" "" user_of
sees "and is counted" 2 counted no-person

# ---- hostile ----
spoken=not-the-secret
sees "another secret is not answered" "*No reply*" accounting Start "$tablet" User-Name=head Filter-Id=Teachers \
	Acct-Session-Id=d1
unset spoken
sees "and nobody came" "" user_of
fails "it is counted" test "$(counted wrong-secret)" = 0
printf '\4\1\0\24' | as staff timeout 2 bash -c 'cat >/dev/udp/192.0.2.1/1813'
head -c 4096 /dev/urandom | as staff timeout 2 bash -c 'cat >/dev/udp/192.0.2.1/1813'
comes "rubbish is counted" 5 eval '[ "$(counted malformed)" -ge 2 ]'
sees "a stranger is not answered" "*No reply*" eval \
	'echo Acct-Status-Type=Start | as guest radclient -x -t 1 -r 1 198.51.100.1:1813 acct "$secret" 2>&1'
sees "and counted" 1 counted unknown-client

# The very same datagram again: answered within a minute, and not carried out twice.
as staff tcpdump -Uni eth0 -c 1 -w - 'udp dst port 1813' 2>/dev/null >"$run/start.pcap" &
capture=$!
within 5 eval 'as staff ss -0 -p | grep -q tcpdump'
accounting Start "$tablet" User-Name=teacher3 Filter-Id=Teachers Acct-Session-Id=e1 >/dev/null
wait $capture
tail -c +83 "$run/start.pcap" >"$run/start.radius" # file header 24, packet header 16, Ethernet 14, IP 20, UDP 8
accounting Stop "$tablet" User-Name=teacher3 Acct-Session-Id=e1 >/dev/null
as staff bash -c "cat $run/start.radius >/dev/udp/192.0.2.1/1813"
comes "a copy of an old request is known" 5 eval '[ "$(counted duplicate)" = 1 ]'
sees "and brings nobody back" "" user_of

# ---- written before it is answered ----
accounting Start "$tablet" User-Name=teacher3 Filter-Id=Teachers Acct-Session-Id=f1 >/dev/null
school unfilter "$tag" KILL
sees "the teacher goes on while the daemon is dead" "$web4" asks unknown games.example.com
start_filter
sees "and afterwards" teacher3 user_of
accounting Stop "$tablet" User-Name=teacher3 Acct-Session-Id=f1 >/dev/null
sees "until the end" NXDOMAIN asks unknown games.example.com
