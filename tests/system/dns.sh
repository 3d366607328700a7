#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A pupil asks for names: refused ones are answered at once, in the form that every resolver understands.
. "$(dirname "$0")/lib.sh"
open_school school.yaml

# ---- allowed and refused ----
sees "an allowed name" "$web4" asks pupil www.example.com
sees "an allowed name, IPv6 address" "$web6" asks pupil www.example.com AAAA
sees "a listed name" NXDOMAIN asks pupil games.example.com
sees "a name below a listed one" NXDOMAIN asks pupil a.b.c.games.example.com
sees "a name that only ends alike" "$web4" asks pupil mygames.example.com
sees "the parent of a listed one" "$web4" asks pupil example.com
sees "IPv6 transport, allowed" "$web4" asks pupil www.example.com A "@$dns6"
sees "IPv6 transport, refused" NXDOMAIN asks pupil games.example.com A "@$dns6"
sees "any server that the pupil may choose" NXDOMAIN asks pupil games.example.com A @203.0.113.81
sees "an alias" "edge.cdn-one.example. 203.0.113.81" asks pupil www.bbc.co.uk

# ---- the form of the answer ----
answer() { as pupil dig +tries=1 +time=2 "$@"; }
sees "why, for the client (RFC 8914)" "*EDE: 1[5-7]*" answer games.example.com
sees "no EDE without an OPT" "*status: NXDOMAIN*" answer +noedns games.example.com
sees "no OPT that was not asked for" 0 eval 'answer +noedns games.example.com | grep -c OPT'
sees "the case of the question comes back" "*;GaMeS.eXaMpLe.CoM.*IN*A*" answer +qr GaMeS.eXaMpLe.CoM
sees "recursion was desired and is available" "*flags: qr rd ra;*" answer games.example.com
sees "one SOA to remember the refusal by" "*AUTHORITY: 1,*" answer games.example.com
ttl() { answer +noall +authority games.example.com | awk '$4 == "SOA" { print ($2 <= 60) ? "short" : $2 }'; }
sees "a short time to remember it" short ttl
for type in AAAA TXT MX SRV NS SOA CNAME PTR CAA SVCB HTTPS ANY TYPE65280; do
	sees "type $type of a listed name" NXDOMAIN asks pupil games.example.com $type +notcp
done
sees "type TXT of an allowed name passes" '*text"' asks pupil notes.example.com TXT
sees "type 65 of an allowed name is kept from pupils" NODATA asks pupil www.bbc.co.uk HTTPS
sees "and not from staff" "edge.cdn-one.example.*" asks staff www.bbc.co.uk HTTPS
sees "a cookie does not matter" NXDOMAIN asks pupil games.example.com A +cookie
sees "padding does not matter" NXDOMAIN asks pupil games.example.com A +padding=128
sees "the DO bit does not matter" NXDOMAIN asks pupil games.example.com A +dnssec
long=$(printf 'l%.0s' {1..60})
sees "the longest name below a listed one" NXDOMAIN asks pupil "$long.$long.$long.${long:0:43}.games.example.com"

# ---- where answers lead, over UDP and TCP ----
sees "an alias of a listed name" NXDOMAIN asks pupil hidden.example.net
sees "the same to staff" "play.games.example.com. 203.0.113.82" asks staff hidden.example.net
sees "over TCP the connection ends" "*reset*" answer +tcp hidden.example.net
sees "over TCP to staff" "play.games.example.com. 203.0.113.82" asks staff hidden.example.net A +tcp
sees "an alias of another name, over TCP" "edge.cdn-one.example. 203.0.113.81" asks pupil www.bbc.co.uk A +tcp
sees "two questions on one connection" 4 eval 'answer +tcp +keepopen www.bbc.co.uk A www.gov.uk A +short | wc -l'
sees "keys for encrypted names are cut out" '*SVC*ok*' eval \
	'as staff dig +notcp +tries=1 keys.example.net TYPE65 | grep -q 0005FE0D || echo SVC is ok'
sees "and not to be had over TCP" "*reset*" as staff dig +tcp +tries=1 keys.example.net HTTPS
sees "a long answer comes over TCP" 40 eval 'answer +tcp +short long.example.com TXT | wc -l'

# ---- the id, for many questions ----
ids() {
	local id out
	for id in 0000 0001 00ff ff00 7fff ffff; do
		out=$(as pupil "$tools/udp" $dns4 53 "${id}01000001000000000000""0567616d6573076578616d706c6503636f6d0000010001")
		[[ $out == $id??83* ]] || echo "$id: $out"
	done
}
sees "the id comes back" "" ids

# ---- safe search and canaries ----
sees "safe search" "find-safe.example.net. 203.0.113.82" asks pupil find.example.net
sees "safe search, IPv6" "find-safe.example.net. 2001:db8:3::82" asks pupil find.example.net AAAA
sees "safe search hides type 65" NODATA asks pupil find.example.net HTTPS
sees "safe search is for the very name" "$web4" asks pupil www.find.example.net
sees "staff search as they like" "$web4" asks staff find.example.net
sees "Firefox's canary" NXDOMAIN asks pupil use-application-dns.net
sees "Apple's relay" NXDOMAIN asks pupil mask.icloud.com
sees "Apple's relay, type 65" NXDOMAIN asks pupil mask-h2.icloud.com HTTPS
sees "no designated resolver" NODATA asks pupil _dns.resolver.arpa SVCB

# ---- what is no question: refused as such or dropped, never passed on, and counted ----
malformed() {
	local out
	out=$(as pupil "$tools/udp" -w 150 $dns4 53 "$1")
	[[ $out == nothing || $out == 1234??[0-9a-f]1* ]] || {
		echo "$out"
		return 1
	}
}
counted() { as gateway curl -sS http://127.0.0.1:9464/metrics | awk '/^esafe_/ && /dns-malformed/ { sum += $NF } END { print sum + 0 }'; }
before=$(counted)
header=123401000001000000000000
holds "a header without a question" malformed 123401000000000000000000
holds "less than a header" malformed 1234010000
holds "a name that runs out" malformed "${header}0567616d6573076578"
holds "a label of 64 bytes" malformed "${header}40$(printf '61%.0s' {1..64})0000010001"
holds "a compression pointer in the question" malformed "${header}c00c00010001"
holds "a pointer behind a label" malformed "${header}0567616d6573c00c00010001"
holds "two questions" malformed "123401000002000000000000""0567616d6573076578616d706c6503636f6d00000100010161""0000010001"
holds "a question without its type" malformed "${header}0567616d6573076578616d706c6503636f6d00"
holds "a name of 300 bytes" malformed "${header}$(for _ in {1..5}; do printf '3b%s' "$(printf '61%.0s' {1..59})"; done)0000010001"
all_counted() { [ $(($(counted) - before)) -ge 9 ]; }
comes "each is counted with its reason" 5 all_counted
