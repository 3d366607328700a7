#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A school day with thirty devices: who may what, hour by hour, with real clients; and afterwards every row of the log
# names the right person, where that came from and how sure it is.
. "$(dirname "$0")/lib.sh"
open_empty_school
lay_out
cp "$tests/day.yaml" "$run/policy.yaml"
secret=radius-of-the-day
(umask 077 && echo "$secret" >"$run/radius.secret")
cat >>"$run/esafed.yaml" <<END
radius:
  clients:
    - { name: wifi, address: 192.0.2.0/24, secret: $run/radius.secret, groups: { Teachers: staff } }
sessions: { end_of_day: "off", devices: 1 }
END
school accounts "$tag"
start_filter
school pages "$tag" || bail_out "esafe-pages does not start"

# ---- the register ----
mac_of() { printf '02:00:00:00:05:%02x' "$1"; }
number_of() { # of the device on the network
	case $1 in
	tablet?) echo $((100 + ${1#tablet})) ;;   # Reception's, each child's own
	ipad?) echo $((110 + ${1#ipad})) ;;       # on a trolley, shared by classes
	laptop?) echo $((120 + ${1#laptop})) ;;   # key stage 2
	teacher?) echo $((130 + ${1#teacher})) ;; # brought by teachers, on the Wi-Fi
	office?) echo $((140 + ${1#office})) ;;
	phone) echo 150 ;;                        # nobody's
	esac
}
devices=(tablet{1..8} ipad{1..8} laptop{1..6} teacher{1..4} office{1..2} phone)
sees "thirty devices, with the supply teacher's on the visitors' network" 30 echo $((${#devices[@]} + 1))
for device in "${devices[@]}"; do
	number=$(number_of "$device")
	school join "$tag" "$device" "$(mac_of "$number")" "$number" || bail_out "$device does not join"
done
{
	echo mac,name,group,class
	for device in tablet{1..8}; do echo "$(mac_of "$(number_of $device)"),$device,reception,R1"; done
	for device in ipad{1..8} laptop{1..6}; do echo "$(mac_of "$(number_of $device)"),$device,ks2,"; done
	for device in office{1..2}; do echo "$(mac_of "$(number_of $device)"),$device,office,"; done
} >"$run/devices.csv"
{
	echo user,name,group,class
	for i in {1..6}; do echo "pupil$i,Pupil $i,ks2,4B"; done
	for i in {1..4}; do echo "teacher$i,Teacher $i,staff,"; done
	echo "head,The Head,staff,"
} >"$run/roster.csv"
ctl class add R1 --group reception >/dev/null
ctl class add 4B --group ks2 >/dev/null
ctl class add 5C --group ks2 >/dev/null
holds "the roster" ctl user import "$run/roster.csv"
holds "the devices" ctl device import "$run/devices.csv"

# ---- what is tried, and what the log must say of it ----
# A line: device, name, open or shut, then the log's user, how, confidence, class and reason. All of a phase at once;
# each name is asked for once in the whole day, so that it finds its rows.
tried=$run/tried
: >"$tried"
try() { # device name expected
	local got
	got=$(loads "$1" "https://$2/" --connect-timeout 4)
	case $got in
	"reached $2 over https") got=open ;;
	unresolved | reset) got=shut ;;
	*"t connect to"*) got=shut ;; # to the page, which says why over HTTP alone
	esac
	[ "$got" = "$3" ] || echo "$1 $2: $got, not $3;"
}
phase() { # what, and its lines on stdin
	local what=$1 device name expected rest got
	while read -r device name expected rest; do
		[ -n "$device" ] || continue
		echo "$device $name $expected $rest" >>"$tried"
		try "$device" "$name" "$expected" >"$run/got.$device.$name" &
		[ "$(jobs -pr | wc -l)" -lt 6 ] || wait -n
	done
	wait
	got=$(cat "$run"/got.* | tr '\n' ' ')
	rm -f "$run"/got.*
	sees "$what" "" echo "$got"
}
accounting() {
	local device=$1 status=$2 user=$3
	printf '%s\n' "Acct-Status-Type=$status" "User-Name=$user" "Calling-Station-Id=$(mac_of "$(number_of "$device")")" \
		"Acct-Session-Id=$device" Filter-Id=Teachers |
		as gateway radclient -t 2 -r 3 192.0.2.1:1813 acct "$secret" >/dev/null 2>&1
}

# ---- 08:45 ----
for i in {1..4}; do accounting teacher$i Start "teacher$i@school.example" || bad "teacher$i is not heard"; done
for i in {1..6}; do ctl session start --logon --user pupil$i --device laptop$i >/dev/null || bad "pupil$i cannot log on"; done
for i in {1..8}; do ctl session start --class 4B --adult teacher1 --device ipad$i >/dev/null || bad "no class at ipad$i"; done
phase "everybody comes" <<'END'
tablet1 phonics.example.com open - device high R1 site
tablet2 a1.social.example.com shut - device high R1 category
tablet3 www1.example.com shut - device high R1 supervised
ipad1 www2.example.com open - class medium 4B default
ipad2 a2.games.example.com shut - class medium 4B time
laptop1 www3.example.com open pupil1 logon high 4B default
laptop2 a3.social.example.com shut pupil2 logon high 4B category
laptop3 a1.supervised.example.com shut pupil3 logon high 4B supervised
teacher1 a4.social.example.com open teacher1 radius high - default
teacher2 a5.games.example.com shut teacher2 radius high - category
office1 a6.social.example.com shut - device high - category
office2 www4.example.com open - device high - default
phone www5.example.com shut - strictest unknown - supervised
guest www6.example.com shut - interface low - default
laptop4 a1.illegal.example.com shut pupil4 logon high 4B floor
teacher3 a2.illegal.example.com shut teacher3 radius high - floor
END

# ---- 09:00: an adult sits with Reception; 4B may go to one site and nowhere else ----
holds "a supervised session" ctl supervise start --class R1 --for 30m
printf '%s\n' volcano.example.com arcade.example.com >"$run/volcano.txt"
holds "a lesson" ctl lesson start --class 4B --sites "$run/volcano.txt" --only --for 50m
secure=https://192.0.2.1:8443
portal() { as guest curl -sSk --max-time 5 "$@"; }
field() { portal $secure/portal | sed -n "s/.*name=\"$1\" value=\"\([0-9a-f]*\)\".*/\1/p" | head -n 1; }
code=$(ctl voucher new --group guests --for 4h --sponsor office1 --count 1 --json | jq -r .code)
sees "the supply teacher's voucher" "*You are online*" portal $secure/portal/voucher -d accept=1 -d "code=$code" \
	-d "mark=$(field mark)" -d "version=$(field version)"
phase "lessons" <<'END'
tablet3 www7.example.com open - device high R1 supervision
tablet4 b1.social.example.com shut - device high R1 category
ipad3 volcano.example.com open - class medium 4B lesson
ipad4 b1.arcade.example.com open - class medium 4B lesson
ipad5 www8.example.com shut - class medium 4B lesson-only
laptop5 b2.arcade.example.com open pupil5 logon high 4B lesson
laptop6 www9.example.com shut pupil6 logon high 4B lesson-only
laptop1 update.example.com open pupil1 logon high 4B update
guest www10.example.com open voucher_1 voucher medium - default
guest b3.social.example.com shut voucher_1 voucher medium - category
END

# ---- 10:00: the trolley goes to 5C; the lesson was 4B's ----
for i in {1..8}; do
	ctl session end --class 4B --device ipad$i >/dev/null || bad "4B cannot hand in ipad$i"
	ctl session start --class 5C --adult teacher2 --device ipad$i >/dev/null || bad "5C cannot take ipad$i"
done
phase "the trolley moves on" <<'END'
ipad3 www11.example.com open - class medium 5C default
ipad4 c1.arcade.example.com shut - class medium 5C time
ipad5 www12.example.com open - class medium 5C default
laptop5 c2.arcade.example.com open pupil5 logon high 4B lesson
END
holds "the lesson is over" ctl lesson stop --class 4B

# ---- 11:00: one child is suspended, one laptop is cut off, one child may do one thing ----
ctl suspend pupil6 --until +2h --reason "unkind messages" >"$run/letter" 2>&1 || ctl suspend pupil6 --for 2h \
	--reason "unkind messages" >"$run/letter" || bad "pupil6 cannot be suspended"
sees "a letter for the parents" "*Pupil 6*unkind messages*" cat "$run/letter"
holds "a laptop is cut off" ctl quarantine laptop4 --reason malware
holds "a grant for one child" ctl grant --user pupil2 --category social --for 15m --reason "project"
phase "one by one" <<'END'
laptop6 www13.example.com shut pupil6 logon high 4B suspended
laptop2 d1.social.example.com open pupil2 logon high 4B grant
laptop3 d2.social.example.com shut pupil3 logon high 4B category
ipad6 d3.social.example.com shut - class medium 5C category
END
sees "the suspended child reaches help" "reached helpline.example.com over https" loads laptop6 https://helpline.example.com/
sees "help is not in the log by name" 0 eval 'ctl log --limit 0 --json | grep -c helpline'
sees "the laptop that is cut off gets nothing" "no answer" asks laptop4 www.example.com
sees "nor by an address" timeout loads laptop4 http://203.0.113.80/ --max-time 1

# ---- a teacher in two places ----
accounting office2 Start teacher1
comes "a person in two places is noticed" 5 eval '[[ $(ctl notice ls --json) == *teacher1* ]]'
accounting office2 Stop teacher1

# ---- 11:59: the daemon stops; 12:00 sharp is lunch ----
now=$(date +%s)
noon=$((now - now % 60 + 60))
[ $((noon - now)) -ge 15 ] || noon=$((noon + 60))
minute() { date -d "@$1" +%H:%M; }
sed -i "s/Mon-Sun 00:00-00:01/Mon-Sun $(minute $noon)-$(minute $((noon + 120)))/" "$run/policy.yaml"
holds "lunch is set" ctl policy apply
phase "before lunch" <<'END'
laptop1 e1.games.example.com shut pupil1 logon high 4B time
ipad7 e2.games.example.com shut - class medium 5C time
END
stop_filter
[ "$(date +%s)" -lt $noon ] || bail_out "it was noon before the daemon stopped: too slow to tell"
rest() { [ "$(date +%s)" -ge $noon ]; }
within 90 rest
sees "lunch, at twelve sharp" open eval 'loads laptop1 https://e3.games.example.com/ | sed "s/^reached.*/open/"'
sees "for the trolley too" open eval 'loads ipad7 https://e4.games.example.com/ | sed "s/^reached.*/open/"'
sees "not for the staff" unresolved loads teacher2 https://e5.games.example.com/
start_filter

# ---- 15:15: everybody goes ----
for i in {1..4}; do accounting teacher$i Stop "teacher$i"; done
for i in {1..6}; do ctl session end --user pupil$i >/dev/null; done
for i in {1..8}; do ctl session end --class 5C --device ipad$i >/dev/null; done
holds "the voucher is taken back" ctl voucher revoke 1
sees "nobody is there" none ctl session ls
phase "after school" <<'END'
laptop2 f1.social.example.com shut - device high - category
teacher1 www14.example.com shut - strictest unknown - supervised
guest www15.example.com shut - interface low - default
END

# ---- the log: every row of a question, and nothing else ----
expected() { # one row each for A: device name verdict user how confidence class reason
	awk '{ print $1, $2, $3 == "open" ? "allow" : "block", $4, $5, $6, $7, $8 }' "$tried" |
		sed -E 's/^(phone|guest|teacher.) /- /' | sort
}
logged() {
	ctl log --limit 0 --json | jq -r 'select(.protocol == "dns" and .qtype == "A") | [.device // "-", .name, .verdict,
		(.user // "-" | sub(" "; "_")), .how, .confidence, .class // "-", .reason] | map(if . == "" then "-" else . end) | join(" ")' |
		grep -F -f <(awk '{ print " " $2 " " }' "$tried") | sort -u
}
comes "as many rows as questions" 5 eval '[ "$(logged | wc -l)" -ge "$(wc -l <"$tried")" ]'
sees "every row names the right person, source and confidence" "" diff <(expected) <(logged)
