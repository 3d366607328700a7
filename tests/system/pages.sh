#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What people see of the filter: the page of a refused site and what it leads to, from the process that shows pages.
. "$(dirname "$0")/lib.sh"
open_empty_school
lay_out
cp "$tests/pages.yaml" "$run/policy.yaml"
school accounts "$tag"
start_filter
enrol_devices
school pages "$tag" || bail_out "esafe-pages does not start"

fetch() { # host, url, further words: "STATUS LOCATION" and the text behind
	local host=$1 url=$2
	shift 2
	as "$host" curl -sSk --max-time 5 -w '\n%{http_code} %{redirect_url}\n' "$@" "$url" 2>&1
}
heading() { fetch "$@" | sed -n 's/.*<h1>\(<span.*<\/span> \)\?\(.*\)<\/h1>.*/\2/p'; }
status_of() { fetch "$@" | tail -n 1; }
mark_of() { fetch "$@" | sed -n 's/.*name="mark" value="\([0-9a-f]*\)".*/\1/p' | head -n 1; }
page=http://192.0.2.1

# ---- how a device gets there ----
sees "a refused name leads to the page" "192.0.2.1" asks pupil games.example.com
sees "and by IPv6" "2001:db8:1::1" asks pupil games.example.com AAAA
sees "the page of a refused site" "This page is blocked" heading pupil http://games.example.com/some/where?x=1
sees "says so by its status" "403 " status_of pupil http://games.example.com/
sees "the name in it" "*<strong class=\"name\">games.example.com</strong>*" fetch pupil http://games.example.com/
sees "and its kind" "*kinds of page*<strong>Games</strong>*" fetch pupil http://games.example.com/
sees "whom to tell, and who helps" "*your teacher*0800 1111*helpline.example.com*" fetch pupil http://games.example.com/
sees "a device that knew the address is led there" "302 http://192.0.2.1/" \
	status_of pupil http://games.example.com/ --connect-to "::$web4:"
sees "which then knows what was refused" "*<strong class=\"name\">n*.games.example.com</strong>*" \
	fetch pupil http://n1.games.example.com/ --connect-to "n1.games.example.com::$web4:" -L --max-redirs 1
sees "as does one by IPv6, whose page is asked for by IPv4" "*<strong class=\"name\">six.games.example.com</strong>*" \
	fetch pupil http://six.games.example.com/ --connect-to "six.games.example.com::[$web6]:" -L --max-redirs 1
sees "whoever may go nowhere sees it, too" "This page is blocked" heading unknown http://www.example.com/
sees "an allowed site is what it was" "reached www.example.com over http" loads pupil http://www.example.com/
sees "HTTPS is refused at once" "*Couldn't connect*" fetch pupil https://games.example.com/

# ---- what it does not say ----
fails "a kind that children need not read" grep -q "Adults only" <(fetch pupil http://adult.example.com/)
sees "the locked floor looks like any rule" "*The school has closed this page.*" fetch pupil http://illegal.example.com/
fails "and does not name its list" grep -qi illegal\< <(fetch pupil http://illegal.example.com/)
sees "help is not refused" "reached helpline.example.com over http" loads pupil http://helpline.example.com/

# ---- asking ----
mark=$(mark_of pupil http://games.example.com/)
ask() { fetch pupil http://games.example.com/request -d "mark=$mark" "$@"; }
sees "without its mark a form is refused" "403 " status_of pupil http://games.example.com/request -d name=games.example.com
sees "and with another device's" "403 " status_of staff $page/request -d "mark=$mark" -d name=games.example.com
sees "should this be open?" "*Thank you*games.example.com*" ask -d name=games.example.com -d words=for+my+project
sees "the page remembers" "*asked already*" fetch pupil http://games.example.com/
mark2=$(mark_of unknown $page/)
sees "another device asks for the same" "*Thank you*" fetch unknown $page/request -d "mark=$mark2" -d name=GAMES.example.com.
sees "it waits once, asked for twice" "games.example.com open 2 pupil-laptop pupils category for my project" \
	jq -rs '.[] | "\(.name) \(.wish) \(.asked) \(.device) \(.group) \(.reason) \(.words)"' <(ctl request ls --json)
id=$(ctl request ls --json | jq -r .id)
holds "the school answers" ctl request answer "$id" --keep --note "Try kids.example.com"
sees "the child reads it" "*it stays closed. Try kids.example.com*" fetch pupil http://games.example.com/
sees "an answer is one" "*is answered*" ctl request answer "$id" --open
sees "who answered is written down" "*root*request answer*#$id keep: Try kids.example.com*" \
	sqlite3 "$run/state/register.db" "SELECT who, action, detail FROM changes ORDER BY id DESC LIMIT 1"
sees "nothing waits" "" ctl request ls --json
sees "a page that should be blocked" "*The school will look at*bad.example.org*" ask -d name=bad.example.org -d block=1
for i in 1 2 3; do ask -d "name=s$i.example.com" >/dev/null; done
sees "one device does not ask without end" "429 " status_of pupil http://games.example.com/request -d "mark=$mark" \
	-d name=s9.example.com
metric() { as gateway curl -s "http://127.0.0.1:$1/metrics" | grep "^$2 "; }
sees "how long answers take is measured" 'esafe_request_answer_seconds{quantile="0.5"} [0-9]*' \
	metric 9464 'esafe_request_answer_seconds{quantile="0.5"}'
sees "what waits, too" "esafe_requests_waiting 4" metric 9464 esafe_requests_waiting

# ---- hostile ----
evil='<script>alert(1)</script>"'\''><img src=x onerror=alert(1)>'
fails "a name is not a page" grep -q "<script>alert" <(fetch pupil $page/ -H "Host: $evil")
fails "nor are words" grep -q "<img" <(fetch pupil http://games.example.com/request -d "mark=$mark" --data-urlencode "name=$evil")
sees "a form of another kind" "400 " status_of pupil $page/request -H 'Content-Type: application/json' -d '{"mark":1}'
sees "a form without end" "400 " status_of pupil $page/request -d "mark=$mark&x=$(head -c 20000 /dev/zero | tr '\0' a)"
sees "a broken escape" "400 " status_of pupil $page/request -d "mark=%zz"
sees "other methods" "405 " status_of pupil $page/ -X PUT
sees "no such page" "404 " status_of pupil $page/etc/passwd
sees "nothing from elsewhere may load" "*default-src 'none'; style-src 'self';*frame-ancestors 'none'*" \
	fetch pupil $page/ -i
flood() { as pupil timeout 10 bash -c 'for i in {1..120}; do printf "url = http://192.0.2.1/\noutput = /dev/null\n"; done |
	curl -s -w "%{http_code}\n" -K - | sort | uniq -c | tr -s " " | paste -sd,'; }
sees "a flood from one device is stopped" "*429*" flood
sees "and others see their page" "This page is blocked" heading unknown http://www.example.com/

# ---- it stands apart ----
sees "its role reaches no further" "*needs the role*" as gateway setpriv --reuid=60006 --regid=60006 --clear-groups \
	"$run/esafectl" --socket "$run/run/control" policy apply
stop_filter
sees "without esafed it says so" "503 " status_of staff $page/
start_filter
sees "and goes on when it is back" "Nothing was blocked" heading staff $page/
kill -KILL "$(cat "$run/pages.pid")"
sees "without it the filter filters" "192.0.2.1" asks pupil games.example.com
exit 0
