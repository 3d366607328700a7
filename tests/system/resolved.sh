#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Pupils reach only what they have resolved through the gateway; staff go where they like.
. "$(dirname "$0")/lib.sh"
open_empty_school
lay_out
sed -E 's/^(    quic: inspect)/\1\n    unresolved: refuse/' "$tests/school.yaml" >"$run/policy.yaml"
cat >>"$run/policy.yaml" <<'END'
networks:
  - { name: open, addresses: [203.0.113.2], ports: [tcp/443] }
  - { name: shut, addresses: [203.0.113.80, "2001:db8:3::80"], ports: [tcp/4433], category: social }
END
start_filter
enrol_devices

by_number() { loads "$1" "https://$2/"; }
sees "in the first minutes, by number" "reached  over https" by_number pupil 203.0.113.82
holds "they are over" end_grace

# ---- by number, by name ----
sees "a number that nobody resolved" "*onnect to 203.0.113.81*" by_number pupil 203.0.113.81
sees "the same over IPv6" "*onnect to *2001:db8:3::81*" by_number pupil "[2001:db8:3::81]"
sees "staff may" "reached  over https" by_number staff 203.0.113.81
sees "another device resolves it" "*203.0.113.81" asks staff www.bbc.co.uk
sees "which is no help" "*onnect to 203.0.113.81*" by_number pupil 203.0.113.81
sees "a name" "reached www.example.com over https" loads pupil https://www.example.com/
sees "a name, over IPv6" "reached www.example.com over https" loads pupil https://www.example.com/ -6
sees "its number, then" "reached  over https" by_number pupil 203.0.113.80
sees "an alias" "203.0.113.81*" eval 'asks pupil www.bbc.co.uk | tr " " "\n" | tail -1'
sees "where it leads" "reached  over https" by_number pupil 203.0.113.81
sees "locked services" "reached find.example.net over https" loads pupil https://find.example.net/
sees "questions over TCP" "203.0.113.80" asks pupil tcp.example.com A +tcp
sees "datagrams" refused as pupil "$tools/udp" 203.0.113.53 5000 00

# ---- networks known by address ----
sees "one that is open" "reached  over https" by_number pupil 203.0.113.2
sees "another port of it" "*onnect to 203.0.113.2 *" loads pupil http://203.0.113.2/
sees "one that is shut, by any name" "*onnect to *" loads pupil https://www.example.com:4433/
sees "and not for those who may" "reached www.example.com over https" loads staff https://www.example.com:4433/

# ---- told ----
refusals() { ctl log --reason unresolved --json | jq -r '.destination' | sort -u | paste -sd' '; }
comes "the log follows" 5 matches "*203.0.113.2*" refusals
sees "the log says where to" "2001:db8:3::81 203.0.113.2 203.0.113.53 203.0.113.81" refusals
sees "why knows the name's rule alone" "*allow*" ctl why www.example.com --device pupil-laptop
metric() { as gateway curl -sS --max-time 5 http://127.0.0.1:9464/metrics | grep -E "^$1" | awk '{ sum += $NF } END { print sum + 0 }'; }
holds "counted" eval '[ "$(metric "esafe_verdicts_total.group=\"pupils\".*reason=\"unresolved\"")" -ge 4 ]'
holds "connections with a name" eval '[ "$(metric "esafe_connections_total.group=\"pupils\",known=\"name\"")" -ge 3 ]'
holds "connections with an address" eval '[ "$(metric "esafe_connections_total.group=\"pupils\",known=\"address\"")" -ge 3 ]'
holds "addresses learnt" eval '[ "$(metric esafe_resolved_new_total)" -ge 4 ]'
unseen() { ctl status --json | jq '.connections.pupils | .unseen > 0 and .unseen < 1 and .name > 0 and .address > 0'; }
sees "the share that is not seen" true unseen
