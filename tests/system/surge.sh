#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The start of the school day: 5,000 devices, 2,000 people who come and go within a quarter of a minute and 250 grants,
# while everybody asks. Nobody is taken for somebody else, no Stop is lost, and kernel and register agree afterwards.
# scripts/bench takes its figures from the JSON that is printed.
. "$(dirname "$0")/lib.sh"
open_empty_school
lay_out
devices=5000 sessions=2000 grants=250
secret=radius-of-the-surge
(umask 077 && echo "$secret" >"$run/radius.secret")
cat >"$run/policy.yaml" <<'END'
categories: { games: games }
lists: [{ name: games, category: games, file: lists/games.txt }]
groups:
  nobody: { default: block, categories: { games: block }, answer: nxdomain }
  staff: { default: allow, categories: { games: block }, answer: refused }
unknown: nobody
END
cat >>"$run/esafed.yaml" <<END
radius: { clients: [{ name: wifi, address: 192.0.2.0/24, secret: $run/radius.secret, groups: { Teachers: staff } }] }
sessions: { end_of_day: "off" }
END
start_filter

{
	echo mac,name,group
	for ((i = 0; i < devices; i++)); do printf '02:00:00:01:%02x:%02x,d%d,nobody\n' $((i >> 8)) $((i & 255)) $i; done
} >"$run/devices.csv"
holds "five thousand devices" ctl device import "$run/devices.csv"

# All become neighbours of the gateway; those of the grants at once, as the answers of the name server must find them.
for ((i = 0; i < devices; i++)); do
	printf 'neigh replace 10.7.%d.%d lladdr 02:00:00:01:%02x:%02x dev lan0 nud permanent\n' \
		$((i >> 8)) $((i & 255)) $((i >> 8)) $((i & 255))
done >"$run/neighbours"
as gateway ip route add 10.7.0.0/16 dev lan0
tail -n $grants "$run/neighbours" | as gateway ip -batch -

cpu_ms() { awk '{ sub(/.*\) /, ""); print ($12 + $13) * 10 }' "/proc/$(cat "$run/esafed.pid")/stat"; }
before=$(cpu_ms) began=${EPOCHREALTIME/.}
as gateway ip -batch "$run/neighbours" &
as pupil "$tools/surge" -d $devices -s $sessions -r "${ESAFE_SURGE_RATE:-200}" -h 3 -g $grants -c "$run/run/control" \
	eth0 02:00:00:00:01:01 192.0.2.1 "$secret" >"$run/surge.json" 2>"$run/surge.err" || bail_out "surge failed: $(cat "$run/surge.err")"
jq -c ". + { esafed_cpu_ms: $(($(cpu_ms) - before)), seconds: ((${EPOCHREALTIME/.} - $began) / 1e6) }" "$run/surge.json"
of() { jq -r "$1" "$run/surge.json"; }
sees "everybody came" $sessions of .start.n
sees "everybody went" $sessions of .stop.n
sees "each grant was felt" $grants of .grant.n
sees "nobody was judged as somebody else" 0 of .wrong

counted() { as gateway curl -s http://127.0.0.1:9464/metrics | sed -n "s/^esafe_radius_requests_total{result=\"$1\"} //p"; }
sees "each Start once" $sessions counted start
sees "each Stop once" $sessions counted stop
sees "no session is left" 0 eval 'ctl session ls --json | jq -s length'
sees "nor in the register" 0 sqlite3 "$run/state/register.db" "SELECT count(*) FROM sessions WHERE ended = 0"
sees "nor in the kernel" "$devices 0" eval '/usr/sbin/bpftool map dump pinned /sys/fs/bpf/es-$tag/device -j |
	jq -r "[.[].formatted.value | select(.id > 0)] | \"\(length) \(map(select(.user != 0 or .how != 1)) | length)\""'
sees "every neighbour was seen" $devices eval 'ctl device ls --json | jq -s "map(select(.seen)) | length"'
sees "the register is whole" ok sqlite3 "$run/state/register.db" "PRAGMA integrity_check"
comes "the log is written" 10 eval '[ "$(ctl status --json | jq -s "[.[].store.pending? // 0] | add")" = 0 ]'
sees "in the log everybody is who they are" "0 $sessions" eval 'ctl log --limit 0 --group staff --json |
	jq -rs "map(.name |= (split(\".\")[0] | ltrimstr(\"s\"))) |
		\"\(map(select(.user != \"u\" + .name)) | length) \(map(.name) | unique | length)\""'
