#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A pupil knows the address of a refused site already: the name in the TLS handshake is refused within milliseconds.
. "$(dirname "$0")/lib.sh"
open_school school.yaml

hello() { as pupil "$tools/hello" "$@"; }
all_served() { [[ $1 == "served "[1-9]*" reset 0 alert 0 closed 0 silent 0 "* ]]; }
all_reset() { [[ $1 == "served 0 reset "[1-9]*" alert 0 closed 0 silent 0 "* ]]; }
served() { # what it is, arguments of hello
	local what=$1 out
	shift
	out=$(hello "$@")
	if all_served "$out"; then good; else bad "$what: $out"; fi
}
refused() {
	local what=$1 out
	shift
	out=$(hello "$@")
	if ! all_reset "$out"; then bad "$what: $out"
	elif awk -v most=$((50 * ${ESAFE_PATIENCE:-1})) '{ exit $(NF - 1) < most }' <<<"$out"; then bad "$what: late: $out"
	else good; fi
}

# ---- as a person sees it ----
sees "an allowed site" "reached www.example.com over https" loads pupil https://www.example.com/ --connect-to "::$web4:"
sees "a refused one" reset loads pupil https://games.example.com/ --connect-to "::$web4:"
sees "a refused one by TLS 1.2" reset loads pupil https://games.example.com/ --connect-to "::$web4:" --tls-max 1.2
sees "the same for staff" "reached games.example.com over https" loads staff https://games.example.com/ --connect-to "::$web4:"
sees "IPv6, allowed" "reached www.example.com over https" loads pupil https://www.example.com/ --connect-to "::[$web6]:"
sees "IPv6, refused" reset loads pupil https://games.example.com/ --connect-to "::[$web6]:"
sees "resolved and loaded, as usual" "reached www.example.com over https" loads pupil https://www.example.com/
sees "refused at its name already" unresolved loads pupil https://games.example.com/

# ---- a browser's hello: two segments, the name in the second one ----
for web in $web4 $web6; do
	served "browser's size, allowed, $web" -b $web 443 www.example.com
	refused "browser's size, refused, $web" -b $web 443 games.example.com
	for port in 443 4433 25443; do
		served "port $port, allowed" $web $port www.example.com
		refused "port $port, refused" $web $port games.example.com
	done
	# ---- a client that offers Multipath TCP: its SYN is changed on the way, whoever completes the checksum ----
	served "multipath, allowed, $web" -m $web 443 www.example.com
	refused "multipath, refused, $web" -m $web 443 games.example.com
	# ---- cut anywhere ----
	served "cut at every byte, allowed, $web" -e 1 $web 443 www.example.com
	refused "cut at every byte, refused, $web" -e 1 $web 443 games.example.com
	served "browser's, cut at every 7th byte, allowed" -b -e 7 $web 443 www.example.com
	refused "browser's, cut at every 7th byte, refused" -b -e 7 $web 443 games.example.com
done
served "in ten pieces, allowed" -b -c 1 -c 2 -c 5 -c 6 -c 9 -c 50 -c 200 -c 1300 -c 1700 $web4 443 www.example.com
refused "in ten pieces, refused" -b -c 1 -c 2 -c 5 -c 6 -c 9 -c 50 -c 200 -c 1300 -c 1700 $web4 443 games.example.com
for size in 1 5 100 1000; do
	served "TLS records of $size bytes, allowed" -r $size $web4 443 www.example.com
	refused "TLS records of $size bytes, refused" -r $size $web4 443 games.example.com
done

# ---- segments as they are on the wire, not as large buffers that are cut later ----
as pupil ethtool -K eth0 tso off gso off gro off tx off >/dev/null 2>&1
served "offloads off: browser's, allowed" -b -e 100 $web4 443 www.example.com
refused "offloads off: browser's, refused" -b -e 100 $web4 443 games.example.com
served "offloads off: multipath" -m $web4 443 www.example.com
sees "offloads off: a refused name" NXDOMAIN asks pupil games.example.com
as pupil ethtool -K eth0 tso on gso on gro on tx on >/dev/null 2>&1

# ---- how a name may be written ----
refused "upper case" $web4 443 GAMES.Example.COM
refused "a name below" $web4 443 very.deep.below.games.example.com
refused "a dot at the end" $web4 443 games.example.com.
served "a name that ends alike" $web4 443 mygames.example.com

# ---- a locked search engine, at the locked address and at another one ----
served "where the answer leads" 203.0.113.82 443 find.example.net
refused "anywhere else" $web4 443 find.example.net
sees "staff may" "served 1 *" as staff "$tools/hello" $web4 443 find.example.net

# ---- many, and both ends are free at once ----
refused "a hundred, one after the other" -n 100 $web4 443 games.example.com
open_at_server() { as internet ss -Htn state established sport = :443 | wc -l; }
comes "the server has no half-open connection left" 5 matches 0 open_at_server

# ---- a judged connection is left alone ----
transfer() {
	as pupil openssl s_client -quiet -connect $web4:443 -servername www.example.com -alpn http/1.1 2>/dev/null < <(
		for _ in {1..200}; do printf 'GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n'; done
		printf 'GET / HTTP/1.1\r\nHost: www.example.com\r\nConnection: close\r\n\r\n'
	) | grep -c '<p>reached'
}
sees "two hundred requests on one connection" 201 transfer

# ---- what is no TLS keeps working; what says no name is refused to pupils ----
sees "plain HTTP to an allowed site" "reached www.example.com over http" loads pupil http://www.example.com/
