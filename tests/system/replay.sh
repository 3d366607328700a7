#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A capture sent through a second instance of the programs: what the policy in force, and another one, make of it.
. "$(dirname "$0")/lib.sh"
open_school school.yaml

capture=$run/capture.pcap
"$tools/pcap" www.games.example.com >"$capture"

replay() { ctl replay "$@" --json | jq -r 'select(.summary | not) | "\(.packet) \(.proto) \(.name) \(.verdict) \(.reason)"'; }
summary() { ctl replay "$capture" --json "${@:2}" | jq -r "select(.summary) | .summary | $1"; }
exit_code() { "$@" >/dev/null 2>&1; echo $?; }

blocked=$(printf '%s\n' '1 dns www.games.example.com block category' '2 dns www.games.example.com allow default' \
	'6 tls www.games.example.com block category' '9 tls www.games.example.com allow default')
sees "the policy in force" "$blocked" replay "$capture"
granted=$(ctl grant --device pupil-laptop --site games.example.com --for 15m --reason project --json | jq .id)
sees "and what is granted" "*1 dns www.games.example.com allow grant*" replay "$capture"
ctl grant end "$granted" >/dev/null
sees "a capture through a pipe" "$blocked" replay - <"$capture"
sees "and through a real one" "$blocked" eval 'cat "$capture" | replay -'
sees "packets and what was not understood" "9 1 1" summary '"\(.packets) \(.packets_not_understood) \(.opened)"'
sees "what was offered again" "1" summary .offered_again
sees "the time is that of the capture" "2023-11-14T22:13:20.000000+00:00" \
	eval 'ctl replay "$capture" --json | jq -r "select(.packet == 1) | .ts"'
sees "the table" "*PACKET*www.games.example.com*packets: *" ctl replay "$capture"

# The same packets once more inside of others: of the same ends, but connections of their own, and marked as such.
"$tools/pcap" www.games.example.com 1700000000 mirrored >"$run/mirrored.pcap"
mirrored_outside() { ctl replay "$run/mirrored.pcap" --json | jq -r 'select(.proto != "udp" and .packet and (.inside | not)) | .packet'; }
mirrored_inside() {
	ctl replay "$run/mirrored.pcap" --json |
		jq -r 'select(.inside) | "\(.packet - 9) \(.proto) \(.name) \(.verdict) \(.reason) \(.inside) \(.outer)"'
}
sees "a mirrored port: the packets themselves" "1 2 6 9" eval 'mirrored_outside | xargs'
sees "and those inside" "$(sed 's/$/ vxlan passed/' <<<"$blocked")" mirrored_inside
sees "how many" 8 eval 'ctl replay "$run/mirrored.pcap" --json | jq -r "select(.summary) | .summary.inside"'

# Another policy, which is not put in force; the log says nothing of either.
version() { ctl status --json | jq -r .policy.version; }
before=$(version)
sed '/^  pupils:/,/^  guests:/s/games: block/games: allow/; /^  staff:/,/^  nobody:/s/games: allow/games: block/' \
	"$tests/school.yaml" >"$run/other.yaml"
sees "another policy" "*1 dns www.games.example.com allow default*9 tls www.games.example.com block category" \
	replay "$capture" --policy "$run/other.yaml"
sed 's/file: lists\/games.txt/file: lists\/social.txt/' "$tests/school.yaml" >"$run/lists.yaml"
sees "a policy with other lists" "*1 dns www.games.example.com allow default*" replay "$capture" --policy "$run/lists.yaml"
sees "the policy in force is as before" "$before" version
sees "the network, too" NXDOMAIN asks pupil www.games.example.com
sees "nothing was logged of the capture" "0" eval 'ctl log --limit 0 --json | jq -r "select(.protocol == \"tls\") | .name" | wc -l'
sed 's/social: block/socail: block/' "$tests/school.yaml" >"$run/wrong.yaml"
sees "a policy with problems" 4 exit_code ctl replay "$capture" --policy "$run/wrong.yaml"

# Files that are not what they should be.
head -c 700 "$capture" >"$run/short.pcap"
sees "a file that ends early" "*1 dns*" replay "$run/short.pcap"
sees "which is said" "*short.pcap: read only so far*" ctl replay "$run/short.pcap"
sees "no capture at all" 1 exit_code ctl replay "$tests/school.yaml"
sees "no file" "*nowhere.pcap*" ctl replay "$run/nowhere.pcap"
sees "no file, exit code" 1 exit_code ctl replay "$run/nowhere.pcap"
sees "a folder" "*directory*" ctl replay "$run"
sees "no word" 2 exit_code ctl replay

# The filter and its daemon go on while a long capture is replayed, and when whoever asked goes away.
tail -c +25 "$capture" >"$run/packets"
for _ in {1..14}; do
	cat "$run/packets" "$run/packets" >"$run/twice"
	mv "$run/twice" "$run/packets"
done
{ head -c 24 "$capture"; cat "$run/packets"; } >"$run/long.pcap"
ctl replay "$run/long.pcap" --json >"$run/long.json" 2>&1 &
long=$!
sees "the filter goes on" NXDOMAIN asks pupil social.example.com
sees "the daemon answers" "$before" version
comes "the long one has begun" 20 test -s "$run/long.json"
sees "one at a time" 1 exit_code ctl replay "$capture"
kill $long
wait $long 2>/dev/null
comes "free again" 20 ctl replay "$capture"
sees "and as before" "$blocked" replay "$capture"
