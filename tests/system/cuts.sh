#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Power cuts: esafed is killed twenty times at random moments while six writers work and a client asks. Afterwards the
# register is whole, all that was acknowledged stands in it with its deadline, and the kernel has what the register says.
# ESAFE_SEED: the moments of an earlier run, ESAFE_CUTS: how many.
. "$(dirname "$0")/lib.sh"
open_empty_school
lay_out
cp "$tests/school.yaml" "$run/policy.yaml"
school accounts "$tag"
secret=radius-of-the-cuts
(umask 077 && echo "$secret" >"$run/radius.secret")
cat >>"$run/esafed.yaml" <<END
radius: { clients: [{ name: wifi, address: 192.0.2.0/24, secret: $run/radius.secret, groups: { Teachers: staff } }] }
sessions: { end_of_day: "off" }
END
# Guests have a network of addresses behind a router: each is a device of its own, that nothing slows down.
sed -i 's/lan1, identity: mac/lan1, identity: address/' "$run/esafed.yaml"
ip -n "es-$tag-gateway" route add 2001:db8:9::/64 via 2001:db8:2::14
ip -n "es-$tag-guest" route add local 2001:db8:9::/64 dev lo
as guest sysctl -qw net.ipv6.ip_nonlocal_bind=1
start_filter
school pages "$tag" || bail_out "esafe-pages does not start"
enrol_devices
cuts=${ESAFE_CUTS:-20}
seed=${ESAFE_SEED:-$RANDOM}
for i in 1 2 3 4; do ctl class add "c$i" --group pupils >/dev/null; done
{
	echo mac,name,group
	for i in {0..9}; do echo "02:00:00:00:06:0$i,spare$i,pupils"; done
} >"$run/devices.csv"
holds "spare devices" ctl device import "$run/devices.csv"
register=$run/state/register.db

# ---- writers: each thing once; "tried" before, "done" when it was acknowledged: kind, number, deadline ----
mkdir "$run/said"
base=$((EPOCHSECONDS / 60 * 60 + 3600))
writes() { # writer, kind, number, deadline, command...
	until [ -e "$run/said/back" ]; do # nobody types while it is away; who is at it when it goes does not know
		read -rt 0.02 <> <(:) || :
	done
	echo "$2 $3 $4" >>"$run/said/tried.$1"
	"${@:5}" >"$run/said/out.$1" 2>&1 && echo "$2 $3 $4" >>"$run/said/done.$1"
}
one() { # writer, kind, number: one of them
	local n=$3 at=$((base + $3 % 300 * 60)) until mac
	printf -v until '%(%F %T)T' $at
	case $2 in
	session) writes "$1" session "$n" $at ctl session start --user "s$n" --device "spare$((n % 10))" --until "$until" ;;
	over) writes "$1" over "$n" 0 ctl session end --user "s$n" ;;
	grant) writes "$1" grant "$n" $at ctl grant --device "spare$((n % 10))" --site "g$n.example.com" --until "$until" ;;
	lesson) writes "$1" lesson "$n" $at ctl lesson start --class "c$((n % 4 + 1))" --site "l$n.example.com" --until "$until" ;;
	voucher) writes "$1" voucher "$n" 0 ctl voucher new --group staff --for 4h --note "v$n" ;;
	device)
		printf -v mac '02:01:%02x:%02x:%02x:01' $((n >> 16)) $((n >> 8 & 255)) $((n & 255))
		writes "$1" device "$n" 0 ctl device add "$mac" "d$n" --group pupils
		;;
	suspend) writes "$1" suspend "$n" $at ctl suspend --device "d$n" --until "$until" --reason test ;;
	reinstate) writes "$1" reinstate "$n" 0 ctl reinstate --device "d$n" ;;
	esac
}
writer() { # its number
	local n=$(($1 * 100000))
	while [ ! -e "$run/said/end" ]; do
		n=$((n + 1))
		one "$1" device $n && one "$1" suspend $n && [ $((n % 2)) -eq 0 ] && one "$1" reinstate $n
		one "$1" session $n && [ $((n % 3)) -eq 0 ] && one "$1" over $n
		one "$1" grant $n
		one "$1" lesson $n
		one "$1" voucher $n
	done
}
accounting() { # status, number
	local mac
	printf -v mac '02-02-00-%02x-%02x-01' $(($2 >> 8 & 255)) $(($2 & 255))
	printf '%s\n' "Acct-Status-Type=$1" NAS-Identifier=ap1 "Calling-Station-Id=$mac" "User-Name=r$2" "Acct-Session-Id=r$2" |
		nsenter --net="/run/netns/es-$tag-staff" radclient -x -t 1 -r 5 192.0.2.1:1813 acct "$secret" 2>&1 | grep -q Accounting-Response
}
# Slips of guests: two devices try each at the same time. One gets in, and no other ever does.
slips=30
guest() { # address, path, further words of curl: what the page says
	as guest curl -sk --max-time 10 --interface "2001:db8:9::$1" "${@:3}" "https://[2001:db8:1::1]:8443/$2" 2>&1
}
enters() { guest "$1" portal/voucher -d "code=$2" -d "mark=$3" | grep -q "You are online"; } # address, code, mark
marks() { # of a side: the forms that its devices have open
	for ((n = 1; n <= slips; n++)); do
		guest "$n:$1" "" | sed -n 's/.*name="mark" value="\([0-9a-f]*\)".*/\1/p' | head -n 1
	done >"$run/said/marks.$1"
}
prepare_slips() {
	ctl voucher new --group staff --for 4h --note slip --count $slips --json | jq -r '"\(.id) \(.code)"' >"$run/said/slips"
	marks 1 &
	marks 2
	wait $!
}
reception() {
	local n=0 id code first second
	while [ ! -e "$run/said/end" ] && read -r id code first second <&3; do
		n=$((n + 1))
		writes 11 used "$id" 1 enters $n:1 "$code" "$first" &
		writes 12 used "$id" 2 enters $n:2 "$code" "$second"
		wait $!
	done 3< <(paste -d' ' "$run/said/slips" "$run/said/marks.1" "$run/said/marks.2")
}
access_point() {
	local n=0
	while [ ! -e "$run/said/end" ]; do
		n=$((n + 1))
		writes 9 came $n 0 accounting Start $n && [ $((n % 4)) -ne 0 ] && writes 9 left $n 0 accounting Stop $n
	done
}

# ---- cuts ----
spawn() {
	nsenter --net="/run/netns/es-$tag-gateway" -- unshare -m sh -c \
		'mount -t overlay es -o "lowerdir=$1:/etc" /etc && shift && exec "$@"' sh "$run/etc/gateway" \
		"$top/build/esafed" --config "$run/esafed.yaml" </dev/null >>"$run/esafed.log" 2>&1 &
	esafed=$!
}
back() { within 30 ctl status && touch "$run/said/back"; }
done_count() { cat "$run"/said/done.* 2>/dev/null | wc -l; }
busy() { # until the writers have got something done
	local enough=$(($(done_count) + 1 + RANDOM % 12))
	within 10 eval '[ "$(done_count)" -ge '$enough' ]'
	pause 40
}
pause() { read -rt "$(printf '0.%03d' $((RANDOM % $1)))" <> <(:) || :; }
cut() {
	kill -KILL "$esafed"
	rm -f "$run/said/back"
	wait "$esafed" 2>/dev/null
	# What a machine would find after the cut: looked at in a copy, so that esafed itself has to cope with the files.
	rm -f "$run/said/"copy*
	cp "$register" "$run/said/copy"
	[ ! -e "$register-wal" ] || cp "$register-wal" "$run/said/copy-wal"
	sqlite3 "$run/said/copy" "PRAGMA integrity_check; PRAGMA foreign_key_check" >>"$run/said/checks" 2>&1
}

prepare_slips
school unfilter "$tag"
spawn
back || bail_out "esafed does not start"
as pupil nice -n -15 "$tools/steady" -r 20 $dns4 $web4 games.example.com www.example.com >"$run/steady.out" 2>&1 &
client=$!
writers=()
for i in 1 2 3 4; do
	writer $i &
	writers+=($!)
done
access_point &
writers+=($!)
reception &
writers+=($!)
began=$SECONDS
RANDOM=$seed
for ((i = 0; i < cuts; i += 2)); do # while it works, and somewhere in its start, which takes most of the time
	busy
	cut
	spawn
	pause 300
	cut
	spawn
	back || bail_out "esafed is not back after cut $((i + 2)) of seed $seed"
done
spent=$((SECONDS - began))
kinds() { [ "$(awk '{ print $1 }' "$run"/said/done.* | sort -u | wc -l)" -eq 11 ]; }
within 30 kinds # of what there is to do each at least once; what is missing is told below
touch "$run/said/end"
wait "${writers[@]}"
kill -TERM "$(pgrep -P $client)"
wait "$client"
cat "$run"/said/done.* >"$run/said/all"
mv "$run/said/all" "$run/said/done"
cat "$run"/said/tried.* >"$run/said/tried"
echo "    $cuts cuts of seed $seed in $spent s; tried $(wc -l <"$run/said/tried"), acknowledged $(wc -l <"$run/said/done")"
sed 's/^/    /' "$run/steady.out"

# ---- what is left ----
sees "the register is whole after each cut" "*$((cuts)) ok" eval 'sort "$run/said/checks" | uniq -c'
sees "DNS was judged all the time" "*dns: asked [1-9]* right [1-9]* wrong 0 lost 0 *" cat "$run/steady.out"
sees "connections, too" "*tls: asked [1-9]* right [1-9]* wrong 0 lost 0 *" cat "$run/steady.out"
if [ "$(wc -l <"$run/said/done")" -ge $((cuts * 4)) ]; then good; else bad "the writers hardly got anything done"; fi

agrees() { python3 - "$register" "$run/said/done" "$run/said/tried" "/sys/fs/bpf/es-$tag" "$1" <<'END'
import hashlib, json, sqlite3, struct, subprocess, sys, time

db = sqlite3.connect("file:%s?mode=ro" % sys.argv[1], uri=True)
done, tried = (set(tuple(line.split()) for line in open(path)) for path in sys.argv[2:4])
tai = round((time.clock_gettime_ns(time.CLOCK_TAI) - time.time_ns()) / 1e9)
faults = []

def rows(sql):
    return db.execute(sql).fetchall()

def dump(name):
    out = subprocess.run(["/usr/sbin/bpftool", "-j", "map", "dump", "pinned", sys.argv[4] + "/" + name],
                         capture_output=True, check=True).stdout
    return [(row["formatted"]["key"], row["formatted"]["value"]) for row in json.loads(out)]

def second(ns):
    return round(ns / 1e9) - tai if ns else 0

def number(text):
    return text[1:].split(".")[0]

def tell(what, want, have):
    if want != have:
        faults.append("%s: register %s, kernel %s" % (what, sorted(want - have)[:3], sorted(have - want)[:3]))

def of(rows, kind):
    return {(n, int(at)) for k, n, at in rows if k == kind}

sessions = rows("SELECT user_name, until, ended, id, mac, how, source FROM sessions")
slips = rows("SELECT id, used, until, substr(device, 5) FROM vouchers WHERE note = 'slip' AND used")
guests = rows("SELECT source_id, until, ended, id, addrs FROM sessions WHERE source = 'voucher'")
permits = rows("SELECT kind, what, until, ended, id, scope_name, scope, scope_id FROM permits")
there = {
    "session": {(number(s[0]), s[1]) for s in sessions if s[0][0] == "s"},
    "over": {(number(s[0]), 0) for s in sessions if s[0][0] == "s" and s[2]},
    "came": {(number(s[0]), 0) for s in sessions if s[0][0] == "r"},
    "left": {(number(s[0]), 0) for s in sessions if s[0][0] == "r" and s[2]},
    "grant": {(number(p[1]), p[2]) for p in permits if p[0] == 3},
    "lesson": {(number(p[1]), p[2]) for p in permits if p[0] == 1},
    "suspend": {(number(p[5]), p[2]) for p in permits if p[0] == 5},
    "reinstate": {(number(p[5]), 0) for p in permits if p[0] == 5 and p[3]},
    "voucher": {(number(v[0]), 0) for v in rows("SELECT note FROM vouchers WHERE seconds = 14400 AND note LIKE 'v%'")},
    "used": {(str(id), device[15]) for id, _, _, device in slips},
    "device": {(number(d[0]), 0) for d in rows("SELECT name FROM devices WHERE name GLOB 'd[0-9]*'")},
}
for kind, have in there.items():
    if not of(done, kind):
        faults.append("no %s was acknowledged" % kind)
    for row in sorted(of(done, kind) - have)[:3]:
        faults.append("%s %s was acknowledged, and is not there" % (kind, row))
    for row in sorted(have - of(tried, kind))[:3]:
        if kind not in ("over",): # a later one on the same device ends a session, too
            faults.append("%s %s is there, and nobody tried it" % (kind, row))

# A slip is for one device, from its first use on, and its session ends with it.
want = {(str(id), until, 0, device) for id, used, until, device in slips if until == used + 14400}
have = {(id, until, ended, bytes(addrs)) for id, until, ended, _, addrs in guests}
if want != have or not len(want) == len(guests) == len(slips):
    faults.append("slips %s, sessions %s" % (sorted(want - have)[:3], sorted(have - want)[:3]))

# The chain of changes, from the description in register_changes.c alone.
before = bytes(32)
text = lambda s: struct.pack(">I", len(s.encode())) + s.encode()
changes = rows("SELECT id, time, who, action, detail, hash FROM changes ORDER BY id")
for i, (id, at, who, action, detail, digest) in enumerate(changes):
    before = hashlib.sha256(before + struct.pack(">QQ", id, at) + text(who) + text(action) + text(detail)).digest()
    if before != digest or id != i + 1:
        faults.append("the chain of changes breaks at %d" % id)
        break
if len(changes) != rows("SELECT seq FROM sqlite_sequence WHERE name = 'changes'")[0][0]:
    faults.append("the end of the changes is missing")

# The kernel's maps.
grant = dump("grant")
tell("grants", {(p[4], p[2]) for p in permits if p[0] == 3 and not p[3]},
     {(v["rule"], second(v["until_ns"])) for k, v in grant if k["kind"] == 1})
tell("lessons' sites", {p[4] for p in permits if p[0] == 1 and not p[3]}, {k["id"] for k, v in grant if k["kind"] == 6})
scope = dump("scope")
tell("lessons", {(p[7], p[4], p[2]) for p in permits if p[0] == 1 and not p[3]},
     {(k["id"], v["lesson"], second(v["lesson_until_ns"])) for k, v in scope if k["kind"] == 3})
last = {}
for p in permits:
    if p[0] == 3 and not p[3]:
        last[p[7]] = max(last.get(p[7], 0), p[2])
tell("scopes", set(last.items()), {(k["id"], second(v["until_ns"])) for k, v in scope if k["kind"] == 1})
device = {bytes(k["addr"][:6]): v for k, v in dump("device") if k["kind"] == 0}
known = {mac[:6]: id for id, mac in rows("SELECT id, addr FROM devices WHERE kind = 0")}
holds = {}
for name, until, ended, id, mac, how, source in sorted(sessions, key=lambda s: s[3]):
    if not ended and mac:
        holds[mac] = (id | 0x80000000, until, how)
tell("devices", set(known.items()), {(mac, v["id"]) for mac, v in device.items() if v["id"]})
tell("sessions", {(mac,) + s for mac, s in holds.items()},
     {(mac, v["user"], second(v["until_ns"]), v["how"]) for mac, v in device.items() if v["user"]})
by_address = {bytes(k["addr"]): v for k, v in dump("device") if k["kind"] == 1}
tell("guests", {(bytes(addrs), id | 0x80000000, until) for _, until, _, id, addrs in guests},
     {(addr, v["user"], second(v["until_ns"])) for addr, v in by_address.items() if v["user"]})
cut = {p[5]: p[2] for p in permits if p[0] == 5 and not p[3]}
tell("suspensions", {(id, cut[name]) for id, name in rows("SELECT id, name FROM devices") if name in cut},
     {(v["id"], second(v["suspended_until_ns"])) for v in device.values() if v["flags"] & 2})
if sys.argv[5] == "told":
    print("    " + ", ".join("%d %s" % (len(have), kind) for kind, have in there.items()), file=sys.stderr)
    print("    kernel: %d devices, %d scopes, %d grants; %d changes in the chain" %
          (len(device), len(scope), len(grant), len(changes)), file=sys.stderr)
print("\n".join(faults) or "agrees")
END
}
agrees told 2>&1 | grep '^ '
sees "what was acknowledged is there, and in the kernel" agrees agrees quiet
cut
spawn
back || bail_out "esafed is not back"
sees "after one more cut all the same" agrees agrees quiet
kill -TERM "$esafed"
wait "$esafed"
sees "an end in order changes nothing" agrees agrees quiet
sees "no worse for wear" ok sqlite3 "$register" "PRAGMA integrity_check"
