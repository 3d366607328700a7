#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A port whose driver has XDP answers DNS there: the same answers, the same log; everything else as ever.
. "$(dirname "$0")/lib.sh"
open_empty_school
lay_out
cp "$tests/school.yaml" "$run/policy.yaml"
sed -i 's/name: lan0, identity: mac/&, xdp: native/' "$run/esafed.yaml"
# What a veth sends back from XDP arrives only if its peer has a program, too: one that passes everything.
echo '__attribute__((section("xdp"))) int pass(void *ctx) { return 2; }' | clang -target bpf -O2 -xc -c - -o "$run/pass.o"
ip -n "es-$tag-switch" link set dev gateway xdpdrv object "$run/pass.o" section xdp || bail_out "no XDP on the switch"
start_filter
enrol_devices

runs() { as gateway curl -sS http://127.0.0.1:9464/metrics | sed -n "s/^esafe_program_runs_total{hook=\"$1\"} //p"; }
port() { as gateway ip -j link show dev "$1" | jq -r '.[0].xdp.prog.name // "none"'; }
sees "the program is on the port" esafe_xdp port lan0
sees "and not on the other one" none port lan1
sees "a refused name" NXDOMAIN asks pupil games.example.com
sees "a refused name over IPv6" NXDOMAIN asks pupil games.example.com AAAA "@$dns6"
sees "the reason given" "*EDE: 1[5-7]*" as pupil dig +tries=1 games.example.com
sees "an allowed name" "$web4" asks pupil www.example.com
sees "safe search" "find-safe.example.net. 203.0.113.82" asks pupil find.example.net
sees "another group" "$web4" asks staff games.example.com
sees "a malformed question" "1234??[0-9a-f]1*" as pupil "$tools/udp" $dns4 53 "1234010000010000000000000567616d6573c00c00010001"
sees "TLS is judged behind it" "served 0 reset 1 *" as pupil "$tools/hello" -b $web4 443 games.example.com
sees "and passes" "served 1 reset 0 *" as pupil "$tools/hello" -b $web4 443 www.example.com
counted() { [ "$(runs xdp)" -ge 5 ]; }
comes "it was there that packets came" 5 counted
rows() { ctl log --json --limit 1000 --device pupil-laptop --name "$1" --verdict "$2" | jq -r 'select(.protocol == "dns") | .name' | wc -l; }
comes "each refused question is one row" 5 matches 3 rows games.example.com block
sees "each allowed one, too" 1 rows www.example.com allow
sees "the other LAN" NXDOMAIN asks guest games.example.com

stop_filter KILL
sees "it outlives the daemon" NXDOMAIN asks pupil games.example.com
sed -i 's/, xdp: native//' "$run/esafed.yaml"
start_filter
sees "switched off by the configuration" none port lan0
sees "TC answers alone" NXDOMAIN asks pupil games.example.com
