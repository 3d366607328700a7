#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What people see of the filter: the page of a refused site and what it leads to, from the process that shows pages.
. "$(dirname "$0")/lib.sh"
open_school_of_pages
cp "$top/daemon/login/esafe.pam" "$gateway/pam.d/esafe"
for account in teacher3:60004 pupil12:60099; do
	echo "${account%:*}:x:$((70000 + ${account#*:})):${account#*:}::/:/usr/sbin/nologin" >>"$gateway/passwd"
	echo "${account%:*}:$(openssl passwd -6 "a long word"):20000:0:99999:7:::" >>"$gateway/shadow"
done
printf "Be kind & careful.</div><script>document.title='ran'</script>\n" >"$run/terms.txt"
echo "terms: $run/terms.txt" >>"$run/esafed.yaml"
start_filter
enrol_devices
ctl user add teacher3 --group staff >/dev/null
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
ask -d name=quiz.games.example.com -d words=maths >/dev/null
ask -d name=flash.games.example.com >/dev/null
ask -d name=s1.example.com >/dev/null
sees "one device does not ask without end" "429 " status_of pupil http://games.example.com/request -d "mark=$mark" \
	-d name=s9.example.com
metric() { as gateway curl -s "http://127.0.0.1:$1/metrics" | grep "^$2 "; }
sees "how long answers take is measured" 'esafe_request_answer_seconds{quantile="0.5"} [0-9]*' \
	metric 9464 'esafe_request_answer_seconds{quantile="0.5"}'
sees "what waits, too" "esafe_requests_waiting 4" metric 9464 esafe_requests_waiting

# ---- opened by the answer ----
number() { ctl request ls "$1" --json | jq -r .id; }
site() { loads "${2:-pupil}" "http://$1.games.example.com/" --connect-to "$1.games.example.com::$web4:"; }
fetch unknown $page/request -d "mark=$mark2" -d name=quiz.games.example.com >/dev/null
quiz=$(number quiz.games.example.com)
sees "for a device that nobody registered it must be said" "*1 of the 2 who asked are no device*--group*" \
	ctl request answer "$quiz" --open
sees "which has not answered it" "$quiz" number quiz.games.example.com
sees "open for one who asked" "*grant*device*pupil-laptop*quiz.games.example.com*request #$quiz*" \
	ctl request answer "$quiz" --open --device pupil-laptop --for 1h
sees "it is open" "reached quiz.games.example.com over http" site quiz
sees "for that device alone" "" site quiz unknown
sees "and that site" "" site other
sees "the page says so" "Try this page again" heading pupil http://quiz.games.example.com/ --connect-to "::192.0.2.1:"
sees "to whom else asked, too" "*it is open until *" fetch unknown http://quiz.games.example.com/
flash=$(number flash.games.example.com)
holds "open for those who asked, until a moment" ctl request answer "$flash" --open --until "$(date -d '+3 sec' '+%F %T')"
sees "then it is open" "reached flash.games.example.com over http" site flash
comes "and closed" 9 matches "" site flash
sees "it can be asked for again" "*Ask the school to open it*" fetch pupil http://flash.games.example.com/
who=70000
person() { # a role's group, words of esafectl
	as gateway setpriv --reuid=$((who + $1)) --regid="$1" --clear-groups "$run/esafectl" --socket "$run/run/control" "${@:2}"
}
admin() { person 60001 "$@"; }
head_() { person 60002 "$@"; }
admin request add forever.games.example.com >/dev/null
forever=$(number forever.games.example.com)
sees "what one asked for oneself" "*nobody decides on what they asked for*" admin request answer "$forever" --open --always \
	--group pupils
ctl request add always.games.example.com >/dev/null
always=$(number always.games.example.com)
sees "for good: for whom?" "*for whom?*" admin request answer "$always" --open --always
sees "for good: it is proposed" "*proposal*group*pupils*always.games.example.com*" \
	admin request answer "$always" --open --always --group pupils
sees "which opens nothing" "" site always
sees "and waits for the head" "proposed uid 130001 group pupils" \
	jq -r '"\(.state) \(.proposed_by) \(.proposed_for)"' <(ctl request ls always.games.example.com --json)
sees "who decides" "*grant*group*pupils*always.games.example.com*" head_ request answer "$always" --open --always
sees "it is open" "reached always.games.example.com over http" site always
sees "without an end" "pupils null" jq -r 'select(.what == "always.games.example.com") | "\(.name) \(.until)"' \
	<(ctl grant ls --json)
sees "what nobody can open" "*is on a locked list*" eval 'ctl request add illegal.example.com >/dev/null
	ctl request answer "$(number illegal.example.com)" --open --group pupils'
bad=$(number bad.example.org)
sees "what should be blocked, for whom?" "*for whom?*" ctl request answer "$bad" --open
sees "is blocked" "*deny*group*pupils*bad.example.org*" ctl request answer "$bad" --open --group pupils --for 1h
sees "by the next packet" "192.0.2.1" asks pupil bad.example.org
sees "all of it is written down" "4" sqlite3 "$run/state/register.db" "SELECT count(*) FROM changes
	WHERE action = 'request answer' AND (detail LIKE '#% open%' OR detail LIKE '#% block%')"

# ---- the portal ----
secure=https://192.0.2.1:8443
api() { as "$1" curl -sSk --max-time 5 $secure/captive-portal/api; }
sees "a guest's probe is led to the pages" "192.0.2.1" asks guest probe.example.com
sees "and to the portal" "303 $secure/portal" status_of guest http://probe.example.com/generate_204
sees "as is any page" "303 $secure/portal" status_of guest http://www.example.com/
sees "help is open before" "reached helpline.example.com over http" loads guest http://helpline.example.com/
sees "the API says so (RFC 8908)" "{\"captive\":true,\"user-portal-url\":\"$secure/portal\"}" api guest
sees "with its own type" "*application/captive+json*" as guest curl -sSki $secure/captive-portal/api
sees "a registered device is not captive" '{"captive":false,*' api pupil
sees "the rules stand there" "*Be kind &amp; careful*" fetch guest $secure/portal
mapfile -t codes < <(ctl voucher new --group guests --for 4h --sponsor teacher3 --count 3 --json | jq -r .code)
mark=$(mark_of guest $secure/portal)
version=$(sha256sum <"$run/terms.txt" | cut -d' ' -f1)
enter() { fetch "$1" $secure/portal/voucher -d "mark=$(mark_of "$1" $secure/portal)" -d "version=$version" "${@:2}"; }
outdated() { version=${version//[0-9]/0} enter "$@"; }
sees "a wrong code" "*this code is not right*" enter guest -d accept=1 -d code=AAAA-BBBB-CCCC
sees "without the rules nobody gets in" "*not accepted*" enter guest -d "code=${codes[0]}"
sees "nor with older ones" "*have changed*" outdated guest -d accept=1 -d "code=${codes[0]}"
typed=$(tr -d - <<<"${codes[0]}" | tr A-Z a-z)
sees "the right one, as it was typed" "*You are online*until <strong>*" enter guest -d accept=1 -d "code=$typed"
sees "the guest is where guests are" "reached games.example.com over http" loads guest http://games.example.com/
comes "the probe finds the Internet" 5 matches "$web4" asks guest probe.example.com
sees "the API says for how long" '{"captive":false,*"seconds-remaining":14[34]*' api guest
in_log() { ctl log --name games.example.com --limit 1 --json | jq -r '"\(.how) \(.group)"'; }
comes "the log knows who it was" 5 matches "voucher guests" in_log
sees "who accepted what is written down" "voucher 1 voucher ${version:0:12}" \
	jq -r '"\(.who) \(.how) \(.version)"' <(ctl terms ls --json)
sees "only one device has a code" "*in use by another device*" fetch unknown $secure/portal/voucher -d accept=1 \
	-d "mark=$(mark_of unknown $page/)" -d "version=$version" -d "code=${codes[0]}"
fails "codes are kept by their hash alone" grep -qa "$(tr -d - <<<"${codes[1]}")" "$run/state/register.db" \
	"$run/state/register.db-wal"
holds "taken back" ctl voucher revoke 1
sees "it is over at once" '{"captive":true,*' api guest
sees "for good" "*was taken back*" enter guest -d accept=1 -d "code=$typed"
sees "an account of this machine" "*You are online*" fetch guest $secure/portal/login -d accept=1 -d user=teacher3 \
	-d "password=a+long+word" -d "mark=$(mark_of guest $secure/portal)" -d "version=$version"
sees "by its own name" "teacher3 portal staff" jq -r 'select(.how == "portal") | "\(.user) \(.how) \(.group)"' \
	<(ctl session ls --json)
code=$(ctl voucher new --group guests --for 1h --sponsor teacher3 --json | jq -r .code)
ctl session end --user teacher3 >/dev/null
forget_guesses() { school unpages "$tag" && school pages "$tag"; }
forget_guesses
chromium() { as "$1" timeout 60 python3 "$tests/browse.py" "${@:2}" 2>&1; }
sees "where scripts may run none does; the portal fits a phone" $'nothing ran\nfits\nfits' \
	chromium guest 390x844 scripts go $secure/portal ran fits dark fits
sees "Chromium on a phone, with keys alone" "$secure/portal*You are online*" chromium guest 390x844 \
	go http://probe.example.com/generate_204 where focus accept1 key Space focus code write "$code" key Enter text
sees "log-ins are counted" "esafe_vouchers_wrong_total 3" metric 9464 esafe_vouchers_wrong_total
sees "slips to print" "*teacher3*One device, for 4h*" ctl voucher new --group guests --for 4h --sponsor teacher3 --print
guess() { for i in {1..12}; do status_of unknown $secure/portal/voucher -d "mark=$1" -d "code=AAAA-AAAA-AAA$i"; done | sort |
	uniq -c | tr -s ' ' | paste -sd,; }
sees "guessing is slowed down" "*429*" guess "$(mark_of unknown $page/)"

# ---- the page of teachers ----
teach() { # path, further words of curl: as the tablet, with its cookie
	fetch staff "$secure/teacher$1" -b "$run/cookies" -c "$run/cookies" "${@:2}"
}
send() { # path, fields
	local fields=() field
	for field in "mark=$(teach "" | sed -n 's/.*name="mark" value="\([0-9a-f]*\)".*/\1/p' | head -n 1)" "${@:2}"; do
		fields+=(--data-urlencode "$field")
	done
	teach "/$1" "${fields[@]}"
}
ctl class add 4B --group pupils >/dev/null
ctl device set pupil-laptop --class 4B >/dev/null
sees "it is for those who sign in" "For teachers" heading staff $secure/teacher
sees "by HTTP it is elsewhere" "303 $secure/teacher" status_of staff $page/teacher
sees "a wrong password" "*the name or the password is not right*403 *" send login user=teacher3 password=other
sees "an account of nobody" "*the name or the password is not right*" send login user=nobody9 password=other
sees "one of a pupil" "*not a teacher*" send login user=pupil12 "password=a long word"
sees "root does not" "*the name or the password is not right*" send login user=root "password=a long word"
sees "a teacher" "*303 $secure/teacher*" send login user=teacher3 "password=a long word"
sees "the cookie is kept by the browser alone" "*__Host-esafe=*Path=/; Secure; HttpOnly; SameSite=Strict*" \
	fetch staff $secure/teacher/login -i -d user=teacher3 -d "password=a+long+word" \
	-d "mark=$(mark_of staff $secure/teacher)"
sees "is known by name" "*Signed in as <strong>teacher3</strong>*<option>4B</option>*" teach ""
sees "a lesson for a class" "*303 $secure/teacher?done=lesson*" send lesson class=4B for=50m \
	"sites=https://games.example.com/volcano?x=1"
sees "is open for it" "reached games.example.com over http" loads pupil http://games.example.com/ --connect-to "::$web4:"
sees "and on the page" "*Lesson: class 4B*1 sites*End it*" teach "?done=lesson"
lesson=$(ctl lesson ls --json | jq -r .id)
sees "by whom is written down" "teacher3*lesson start*" sqlite3 "$run/state/register.db" \
	"SELECT who, action FROM changes WHERE action LIKE 'lesson%' ORDER BY id DESC LIMIT 1"
sees "ten minutes more" "*done=extend*" send extend "id=$lesson" for=10m
sees "the end of it" "*done=lesson-stop*" send lesson-stop "id=$lesson"
sees "closes it" "302 http://192.0.2.1/" status_of pupil http://games.example.com/ --connect-to "::$web4:"
sees "one site for one device" "*done=grant*" send grant site=games.example.com device=pupil-laptop for=15m reason=project
sees "opens it" "reached games.example.com over http" loads pupil http://games.example.com/ --connect-to "::$web4:"
sees "for a group a teacher may not" "*not done*" send grant site=adult.example.com group=pupils for=15m
sees "a mistake is said" "*not done*no class*" send lesson class=9Z for=50m sites=x.example.com
sees "a wish" "*done=request*" send request name=news.example.com words=lesson
sees "is on the page" "*news.example.com*to be opened*waits since*" teach ""
send request name=b.example.com 'words=<b>x</b>' >/dev/null
sees "what others wrote is text" "*b.example.com*&lt;b&gt;x&lt;/b&gt;*" teach ""
sees "without its mark no form does anything" "*403 *" teach /lesson -d class=4B -d sites=x.example.com
sees "nor with the mark of before the log-in" "*403 *" teach /lesson -d class=4B -d sites=x.example.com \
	-d "mark=$(mark_of staff $page/)"
sees "nor with nobody's cookie" "303 $secure/teacher" status_of staff $secure/teacher/lesson -d class=4B \
	-H "Cookie: __Host-esafe=$(printf %064d 0)"
sees "under another name it is not there" "421 " status_of staff $secure/teacher -H "Host: evil.example.com"
sees "signed out" "*303 $secure/teacher*" send logout
sees "it is over" "For teachers" heading staff $secure/teacher -b "$run/cookies"
sees "esafed knows, too" "*nobody of this name is signed in*" as gateway setpriv --reuid=60006 --regid=60006 \
	--clear-groups /usr/bin/python3 -c 'import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.send(b"{\"esafe\":1,\"verb\":\"class ls\",\"args\":{\"as\":\"teacher3\"}}\n")
print(s.makefile().readline())' "$run/run/control"

forget_guesses
sees "Chromium on a tablet, with keys alone" "*Lessons*Lesson: class 4B, 1 sites, nothing else*" \
	chromium staff 820x1180 go $secure/teacher focus user write teacher3 focus password write "a long word" key Enter \
	focus l-class write 4B focus l-sites write www.example.org focus l-only key Space focus "Start the lesson" key Enter text

# ---- what is stored: scripts may run, and no policy of the page keeps them from it ----
run_me="<script>document.title='ran'</script>" tag_me='"><img src=x onerror=alert(1)>'
ctl class add "$tag_me" --group pupils >/dev/null
ctl request add words.example.com --words "$run_me" >/dev/null
ctl request add tags.example.com --words "$tag_me" >/dev/null
ctl grant --class "$tag_me" --site reason.example.com --for 30m --reason "$run_me" >/dev/null
mark=$(mark_of unknown http://xss.example.com/)
fetch unknown http://xss.example.com/request -d "mark=$mark" -d name=xss.example.com --data-urlencode "words=$tag_me" >/dev/null
ctl request answer "$(number xss.example.com)" --keep --note "$run_me$tag_me" >/dev/null
sees "on the page of teachers, which fits a phone" $'*'"$run_me"$'*\nnothing ran\nfits' chromium staff 390x844 scripts \
	go $secure/teacher focus user write teacher3 focus password write "a long word" key Enter text ran fits
sees "on the block page" $'*'"$run_me"$'*\nnothing ran\nfits\nfits' chromium unknown 320x568 scripts \
	go http://xss.example.com/ text ran fits dark fits

# ---- hostile ----
evil='<script>alert(1)</script>"'\''><img src=x onerror=alert(1)>'
fails "a name is not a page" grep -q "<script>alert" <(fetch pupil $page/ -H "Host: $evil")
mark=$(mark_of staff $page/)
sees "nor are words" "*&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&gt;&lt;img src=x*" \
	fetch staff $page/request -d "mark=$mark" --data-urlencode "name=$evil"
sees "a form of another kind" "400 " status_of staff $page/request -H 'Content-Type: application/json' -d '{"mark":1}'
sees "a form without end" "400 " status_of staff $page/request -d "mark=$mark&x=$(head -c 20000 /dev/zero | tr '\0' a)"
sees "a broken escape" "400 " status_of staff $page/request -d "mark=%zz"
sees "other methods" "405 " status_of pupil $page/ -X PUT
sees "no such page" "404 " status_of pupil $page/etc/passwd
sees "nothing from elsewhere may load" "*default-src 'none'; style-src 'self';*frame-ancestors 'none'*" \
	fetch pupil $page/ -i
flood() { as pupil timeout 10 bash -c 'for i in {1..120}; do printf "url = http://192.0.2.1/\noutput = /dev/null\n"; done |
	curl -s -w "%{http_code}\n" -K - | sort | uniq -c | tr -s " " | paste -sd,'; }
sees "a flood from one device is stopped" "*429*" flood
sees "nor does it flood the log" "[1-6]" grep -c "192.0.2.11: GET / is refused (429)" "$run/pages.log"
sees "and others see their page" "This page is blocked" heading unknown http://www.example.com/

# ---- it stands apart ----
sees "its role reaches no further" "*needs the role*" as gateway setpriv --reuid=60006 --regid=60006 --clear-groups \
	"$run/esafectl" --socket "$run/run/control" policy apply
stop_filter
sees "without esafed it says so" "503 " status_of staff $page/
start_filter
sees "and goes on when it is back" "Nothing was blocked" heading staff $page/
kill -KILL "$(cat "$run/pages.pid")"
sees "without it the filter filters" "192.0.2.1" asks pupil adult.example.com
exit 0
