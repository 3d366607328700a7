#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Debian's own resolvers and clients, refused: an answer or an error at once, never a hang.
. "$(dirname "$0")/lib.sh"
open_school school.yaml

quick() { # at most so many milliseconds, a command; prints its output, or how long it took
	local limit=$1 start out took
	shift
	start=$(date +%s%3N)
	out=$("$@" 2>&1 </dev/null)
	took=$(($(date +%s%3N) - start))
	[ $took -le "$limit" ] || out="took $took ms: $out"
	echo "$out"
}
at_web="--connect-to ::$web4:"

# ---- resolvers ----
sees "dig" "*NXDOMAIN*" quick 500 as pupil dig games.example.com
sees "dig, IPv6" "*NXDOMAIN*" quick 500 as pupil dig @$dns6 games.example.com AAAA
sees "drill" "*NXDOMAIN*" quick 500 as pupil drill games.example.com
sees "drill with the DO bit" "*NXDOMAIN*" quick 500 as pupil drill -D games.example.com
sees "drill, allowed" "*$web4*" quick 500 as pupil drill www.example.com
sees "the C library" "" quick 1000 as pupil getent ahosts games.example.com
sees "the C library, allowed" "*$web4*" quick 1000 as pupil getent ahosts www.example.com

# ---- systemd-resolved, which a device asks first ----
resolved=/lib/systemd/systemd-resolved
[ -x $resolved ] || resolved=$(ls "$top"/build/unpacked/systemd-resolved/{usr/,}lib/systemd/systemd-resolved 2>/dev/null | head -n 1)
etc=$run/etc/pupil
{
	grep -v '^systemd-resolve:' /etc/passwd
	echo 'systemd-resolve:x:0:0::/:/usr/sbin/nologin'
} >"$etc/passwd"
mkdir -p "$etc/systemd/resolved.conf.d"
printf '[Resolve]\nDNS=%s\nFallbackDNS=\nDNSSEC=no\nLLMNR=no\nMulticastDNS=no\n' $dns4 \
	>"$etc/systemd/resolved.conf.d/school.conf"
# A /run of its own: it must neither find nor leave anything in the machine's.
as pupil sh -c 'mount -t tmpfs none /run && mkdir /run/systemd && exec "$1"' sh "$resolved" >"$run/resolved.log" 2>&1 &
resolved_on_device() { as pupil dig +tries=1 +time=2 @127.0.0.53 "$@"; }
comes "systemd-resolved is up" 10 matches "*$web4*" resolved_on_device www.example.com
sees "systemd-resolved, refused" "*NXDOMAIN*" quick 1000 resolved_on_device games.example.com
sees "systemd-resolved, refused, AAAA" "*NXDOMAIN*" quick 1000 resolved_on_device games.example.com AAAA
sees "systemd-resolved, type 65" "*NXDOMAIN*" quick 1000 resolved_on_device games.example.com HTTPS
sees "systemd-resolved, safe search" "*203.0.113.82*" quick 1000 resolved_on_device find.example.net
sees "systemd-resolved goes on with allowed ones" "*$web4*" quick 1000 resolved_on_device "$(below example.com)"

# ---- TLS clients ----
# shellcheck disable=SC2086 # words of at_web
{
	sees "curl by name" "*Could not resolve*" quick 1000 as pupil curl -sSk https://games.example.com/
	sees "curl to the address" "*reset*" quick 1000 as pupil curl -sSk https://games.example.com/ $at_web
	sees "curl, HTTP/1.1" "*reset*" quick 1000 as pupil curl -sSk --http1.1 https://games.example.com/ $at_web
}
sees "openssl s_client" "*errno=104*" quick 1000 as pupil openssl s_client -connect $web4:443 -servername games.example.com
sees "openssl s_client, allowed" "*CONNECTED*virtual Internet*" quick 2000 \
	as pupil openssl s_client -connect $web4:443 -servername www.example.com
many=$(seq -s, -f 'protocol-%03.0f' 150)
sees "openssl s_client, hello of two segments" "*errno=104*" quick 1000 \
	as pupil openssl s_client -connect $web4:443 -servername games.example.com -alpn "$many"
sees "gnutls-cli" "*[Ee]rror*" quick 1000 as pupil gnutls-cli --insecure --sni-hostname games.example.com $web4
sees "gnutls-cli, allowed" "*Handshake was completed*" quick 2000 \
	as pupil gnutls-cli --insecure --sni-hostname www.example.com $web4

# ---- a browser ----
browse() { # a URL, further options
	local url=$1 profile
	shift
	profile=$(mktemp -d "$run/chromium.XXXXXX")
	as pupil timeout 60 chromium --headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking \
		--disable-component-update --disable-sync --disable-dev-shm-usage --ignore-certificate-errors \
		--user-data-dir="$profile" "$@" --dump-dom "$url" 2>&1
	rm -rf "$profile"
}
sees "Chromium, allowed" "*reached www.example.com over https*" quick 20000 browse https://www.example.com/
sees "Chromium, refused at the name" "*ERR_NAME_NOT_RESOLVED*" quick 20000 browse https://games.example.com/
sees "Chromium, refused at the handshake" "*ERR_CONNECTION_RESET*" quick 20000 \
	browse https://games.example.com/ --host-resolver-rules="MAP * $web4"
sees "Chromium, safe search" "*reached find.example.net over https*" quick 20000 browse https://find.example.net/
browser_hello() { ctl log --json --name games.example.com --limit 100 | jq -r 'select(.protocol == "tls") | .verdict' | sort -u; }
comes "its handshake is in the log" 5 matches block browser_hello
