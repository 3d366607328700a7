#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Logon scripts of the domain tell the pages who is at a device: the next question is judged by it, forged ones are not.
. "$(dirname "$0")/lib.sh"
open_empty_school
lay_out
cp "$tests/pages.yaml" "$run/policy.yaml"
school accounts "$tag"
token=0123456789abcdef0123456789abcdef
mkdir -p "$run/pages"
chown 60006:60006 "$run/pages"
cat >"$run/pages.yaml" <<END
listen: [192.0.2.1, "2001:db8:1::1"]
files_dir: $run/share/pages
state_dir: $run/pages
socket: $run/run/control
logon: { token: $run/logon.token, servers: [192.0.2.12, "2001:db8:7::/64"] }
END
echo "$token" >"$run/logon.token"
echo 'logon: { http: listed }' >>"$run/esafed.yaml"

# ---- the token is kept from others ----
chmod 644 "$run/logon.token"
sees "a token that anybody can read" "*others can read it*" "$top/build/esafe-pages" -t -c "$run/pages.yaml"
chmod 640 "$run/logon.token"
echo short >"$run/short.token"
chmod 600 "$run/short.token"
sed "s/logon.token/short.token/" "$run/pages.yaml" >"$run/short.yaml"
sees "a token that is too short" "*at least 32 characters*" "$top/build/esafe-pages" -t -c \
	"$run/short.yaml"
chown 0:60006 "$run/logon.token"
start_filter
enrol_devices
ctl user add teacher3 --group staff >/dev/null
ctl user add pupil12 --group pupils >/dev/null
school pages "$tag" || bail_out "esafe-pages does not start"

page=http://192.0.2.1 secure=https://192.0.2.1:8443
tell() { # host, url, action, user, further words: the status
	as "$1" curl -sSk --max-time 5 -o /dev/null -w '%{http_code}' -d "action=$3" --data-urlencode "user=$4" \
		"${@:5}" "$2/session" 2>&1
}
says() { tell "$@" -d "token=$token"; } # with the token
who() { ctl session ls --json | jq -r '"\(.user) \(.how) \(.source) \(.by) \(.device // .address)"' | sort | paste -sd,; }
metric() { as gateway curl -s http://127.0.0.1:9465/metrics | sed -n "s/^esafe_pages_logons$1_total //p"; }

# ---- a device tells who is there ----
sees "a device of nobody" "192.0.2.1" asks unknown games.example.com
sees "a teacher logs on, over HTTP" 200 says unknown $page start 'SCHOOL\Teacher3'
sees "and is a teacher at once" "$web4" asks unknown games.example.com
sees "by IPv6 as well" "$web6" asks unknown games.example.com AAAA @$dns6
sees "the session says how it is known" "teacher3 logon logon logon 192.0.2.13" who
sees "told again it is the same" "200 1" eval 'echo $(says unknown $page start teacher3) $(ctl session ls --json | jq -s length)'
sees "another one logs off here" 404 says unknown $page end pupil12
sees "the teacher logs off" 200 says unknown $page end teacher3
sees "and nobody is there" "192.0.2.1" asks unknown games.example.com
sees "no session is left" "" who
sees "over HTTPS, by IPv6" 200 says unknown "https://[2001:db8:1::1]:8443" start teacher3@school.example
sees "the same device" "$web4" asks unknown games.example.com
sees "a pupil comes after" 200 says unknown $secure start pupil12
sees "and is no teacher" "192.0.2.1" asks unknown games.example.com
sees "who replaced the one before" "pupil12 logon logon logon 192.0.2.13" who
comes "the log knows" 5 matches "pupil12 logon" eval \
	'ctl log --name games.example.com --user pupil12 --limit 1 --json | jq -r "\"\(.user) \(.how)\""'
sees "off again" 200 says unknown $secure end pupil12

# ---- a listed server speaks for devices ----
sees "the domain's server" 200 says staff $secure start teacher3 -d ip=192.0.2.13
sees "says who is where" "$web4" asks unknown games.example.com
sees "without saying where" 400 says staff $secure start pupil12
sees "or where nothing is" 400 says staff $secure start pupil12 -d ip=somewhere
sees "and who left" 200 says staff $secure end teacher3 -d ip=192.0.2.13
sees "which is so at once" "192.0.2.1" asks unknown games.example.com
surge() { as staff bash -c "for i in {1..120}; do printf 'next\nurl = $page/session\noutput = /dev/null\nwrite-out = \"%%{http_code}\\\\n\"
data = action=start&user=pupil12&ip=192.0.2.13&token=$token\n'; done | sed 1d | curl -sK - | sort | uniq -c | tr -s ' '"; }
sees "and as often as it must" " 120 200" surge
sees "off again" 200 says staff $page end pupil12 -d ip=192.0.2.13

# ---- forged ----
before=$(metric "")
sees "a wrong token" 403 tell unknown $page start teacher3 -d token=0123456789abcdef0123456789abcdee
sees "a part of it" 403 tell unknown $page start teacher3 -d token=0123456789abcdef
sees "no token" 403 tell unknown $secure start teacher3
sees "another device's address" 403 says unknown $page start teacher3 -d ip=192.0.2.11
sees "a server with a wrong token" 403 tell staff $page start teacher3 -d ip=192.0.2.13 -d token=x
sees "counted" 5 metric _forged
sees "and logged" 5 grep -cE "POST /session is refused \(403\): (the token is wrong|it is for another device)" "$run/pages.log"
fails "without the token" grep -q "${token:0:16}" "$run/pages.log"
sees "headers say nothing" 403 tell unknown $page start teacher3 -H "Authorization: Bearer $token" -H "X-Forwarded-For: 192.0.2.12"
sees "what is in the address says nothing" 403 tell unknown "$page/session?token=$token&x=" start teacher3
sees "nor has another page this" 404 tell unknown $page/session start teacher3 -d "token=$token"
sees "only a form is read" 400 as unknown curl -so /dev/null -w '%{http_code}' -H 'Content-Type: application/json' \
	-d "{\"action\":\"start\",\"user\":\"teacher3\",\"token\":\"$token\"}" $page/session
sees "a form without end" 400 says unknown $page start "$(head -c 20000 /dev/zero | tr '\0' a)"
sees "a name that is too long" 400 says unknown $page start "$(head -c 300 /dev/zero | tr '\0' a)"
sees "a name of two lines" 400 says unknown $page start $'teacher3\nhead'
sees "a machine is no person" 400 says unknown $page start 02-00-00-00-00-13
sees "to ask is not to tell" 405 as unknown curl -so /dev/null -w '%{http_code}' "$page/session?action=start&user=teacher3"
sees "another deed" 400 says unknown $page grant teacher3
flood() { as pupil bash -c "for i in {1..20}; do curl -so /dev/null -w '%{http_code}\n' -d action=start -d user=teacher3 \
	-d token=\$i $page/session; done" | sort | uniq -c | tr -s ' ' | paste -sd,; }
sees "guessing is slowed down" " 10 403, 10 429" flood
sees "then the right one is put off, too" 429 says pupil $page start teacher3
sees "which is counted" 11 metric _slowed
sees "others are heard" 200 says unknown $page start pupil12
sees "of all that, only one came" "pupil12 logon logon logon 192.0.2.13" who
sees "and is counted" $((before + 1)) metric ""

# ---- bounded by esafed, whatever the pages say ----
bounds() { # what stands in esafed.yaml
	stop_filter
	sed -i '/^logon/d' "$run/esafed.yaml"
	[ -z "$1" ] || echo "logon: { $1 }" >>"$run/esafed.yaml"
	start_filter
	says unknown $page end pupil12 >/dev/null
}
bounds "http: own"
sees "a device for itself" 200 says unknown $page start pupil12
sees "a server for a device" 403 says staff $page start pupil12 -d ip=192.0.2.11
bounds "http: listed, on: [192.0.2.11, 192.0.2.12]"
sees "at another address" 403 says unknown $page start pupil12
sees "at one of those" 200 says staff $page start pupil12 -d ip=192.0.2.11
says staff $page end pupil12 -d ip=192.0.2.11 >/dev/null
bounds "http: listed, never: [staff]"
sees "a pupil" 200 says unknown $page start pupil12
sees "a teacher" 403 says unknown $page start teacher3
sees "by any spelling" 403 says unknown $page start 'SCHOOL\TEACHER3@x'
sees "which changes nothing" "pupil12 logon logon logon 192.0.2.13" who
sees "and is in the log" "*teacher3 is not logged on*logon.never*staff*" cat "$run/esafed.log"
bounds "http: listed, never: [stuff]"
sees "a group that is misspelt lets nobody in" 403 says unknown $page start pupil12
bounds ""
sees "as shipped nobody is logged on so" 403 says unknown $page start pupil12

# ---- off where it is not asked for ----
school unpages "$tag"
sed -i /^logon/d "$run/pages.yaml"
school pages "$tag"
sees "without a token there is no such page" 404 says unknown $page end pupil12
