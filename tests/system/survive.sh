#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A client asks a refused and an allowed name a hundred times a second, without pause, while the daemon is killed and
# comes back, while policies are applied one after the other, and while a million names are loaded again and again.
. "$(dirname "$0")/lib.sh"
open_school school.yaml

# Client and servers come before the rest of the machine, the daemon and the makers of lists among it: what is late then
# was kept by the filter.
renice -n -15 $(ip netns pids "es-$tag-internet") >/dev/null

begin() { # the client, in the background
	as pupil nice -n -15 "$tools/steady" -r 100 $dns4 $web4 games.example.com www.example.com >"$run/steady.out" 2>&1 &
	client=$!
	comes "the client asks" 5 asked_some
}
asked_some() { [ "$(ctl log --device pupil-laptop --limit 5 --json | wc -l)" -gt 0 ]; }
end() { # what happened meanwhile
	kill -TERM "$(pgrep -P $client)"
	wait "$client" || :
	sees "$1: DNS" "*dns: asked [1-9]* right [1-9]* wrong 0 lost 0 late 0 *" cat "$run/steady.out"
	sees "$1: TLS" "*tls: asked [1-9]* right [1-9]* wrong 0 lost 0 late 0 *" cat "$run/steady.out"
	tail -n 2 "$run/steady.out" | sed "s/^/    $1: /"
}
passes() { # seconds go by with the client asking; nothing else is waited for
	local end=$((SECONDS + $1))
	while [ $SECONDS -lt $end ]; do read -rt 0.2 <> <(:) || :; done
}

# ---- killed, gone for ten seconds, back ----
begin
stop_filter KILL
passes 10
start_filter
passes 2
end "killed for ten seconds"

# ---- killed over and over, also in the middle of its start ----
begin
for delay in 0.01 0.05 0.1 0.2 0.4; do
	stop_filter KILL
	nsenter --net="/run/netns/es-$tag-gateway" -- "$top/build/esafed" --config "$run/esafed.yaml" </dev/null >>"$run/esafed.log" 2>&1 &
	half=$!
	read -rt $delay <> <(:) || :
	kill -KILL $half
	wait $half 2>/dev/null
	start_filter
done
end "killed in the middle of its start"

# ---- a policy applied in a loop: two that differ in everything but these names ----
sed '/playtime }/s/social: block/social: allow/; s/^ttl:.*/ttl: 31/' "$tests/school.yaml" >"$run/other.yaml"
begin
applied=0
deadline=$((SECONDS + 10))
while [ $SECONDS -lt $deadline ]; do
	for file in "$run/other.yaml" "$tests/school.yaml"; do
		ctl policy apply "$file" >"$run/applied.out" 2>&1 || break 2
		applied=$((applied + 1))
	done
done
end "policies applied: $applied"
if [ $applied -ge 10 ]; then good; else bad "only $applied policies were applied: $(cat "$run/applied.out")"; fi

# ---- a list of a million names, loaded in a loop; every second one is another list ----
million() { seq -f "name-%.0f-$1.example.info" 1 1000000; }
million a >"$run/million.a"
million b >"$run/million.b"
cp "$run/million.a" "$run/share/lists/million.txt"
sed "/^lists:/a \  - { name: million, category: adult, file: lists/million.txt }" "$tests/school.yaml" >"$run/million.yaml"
holds "a policy with a million names" ctl policy apply "$run/million.yaml"
comes "the last of the million is refused" 30 matches NXDOMAIN asks pupil name-1000000-a.example.info
begin
reloaded=0
deadline=$((SECONDS + 15))
while [ $SECONDS -lt $deadline ]; do
	for half in b a; do
		cp "$run/million.$half" "$run/share/lists/million.txt"
		ctl list reload >"$run/reloaded.out" 2>&1 || break 2
		reloaded=$((reloaded + 1))
	done
done
end "million names, reloaded: $reloaded"
if [ $reloaded -ge 4 ]; then good; else bad "only $reloaded reloads: $(cat "$run/reloaded.out")"; fi
sees "the last list counts" NXDOMAIN asks pupil name-999999-a.example.info
sees "and not the one before" "$web4" asks pupil name-999999-b.example.info
