#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Prometheus watches: its own tools accept what esafed says, and a real one scrapes it.
. "$(dirname "$0")/lib.sh"
open_school school.yaml

metrics() { as gateway curl -sS --max-time 5 http://127.0.0.1:9464/metrics; }
metric() { metrics | grep -E "^$1" | awk '{ sum += $NF } END { print sum + 0 }'; }

for _ in 1 2 3 4 5; do asks pupil games.example.com >/dev/null; done
asks pupil www.example.com >/dev/null
comes "verdicts by group and reason" 5 eval '[ "$(metric "esafe_verdicts_total.*group=\"pupils\".*reason=\"category\"")" -ge 5 ]'
check_metrics() { metrics | promtool check metrics; }
sees "promtool has nothing to say about the metrics" "" check_metrics
holds "promtool accepts the alert rules" promtool check rules "$top"/daemon/share/prometheus/*.yaml
for name in verdicts_total events_lost_total program_runs_total list_names list_age_seconds policy_version map_bytes build_info; do
	holds "there is esafe_$name" eval "metrics | grep '^esafe_$name[{ ]'"
done
fails "no label names a device or a site" eval "metrics | grep -E 'pupil-laptop|example\.com|02:00:00'"
sees "few series" "ok" eval '[ "$(metrics | grep -vc "^#")" -lt 3000 ] && echo ok'
sees "another path" 404 as gateway curl -so /dev/null -w '%{http_code}' http://127.0.0.1:9464/other
sees "nothing on the LAN" "000" as pupil curl -so /dev/null --max-time 1 -w '%{http_code}' http://192.0.2.1:9464/metrics

# ---- a real one ----
cat >"$run/prometheus.yaml" <<END
global: { scrape_interval: 1s, scrape_timeout: 1s }
rule_files: [ "$top/daemon/share/prometheus/*.yaml" ]
scrape_configs: [ { job_name: esafe, static_configs: [ { targets: [ "127.0.0.1:9464" ] } ] } ]
END
as gateway prometheus --config.file="$run/prometheus.yaml" --storage.tsdb.path="$run/tsdb" \
	--web.listen-address=127.0.0.1:9090 >"$run/prometheus.log" 2>&1 &
query() {
	as gateway curl -sS --max-time 2 --data-urlencode "query=$1" http://127.0.0.1:9090/api/v1/query |
		jq -r '.data.result[0].value[1] // "nothing"'
}
comes "the target is up" 30 matches 1 query 'up{job="esafe"}'
comes "it has the pupils' refusals" 10 eval '[ "$(query "sum(esafe_verdicts_total{group=\"pupils\",reason=\"category\"})")" -ge 5 ]'
alerts() { as gateway curl -sS --max-time 2 http://127.0.0.1:9090/api/v1/rules | jq '[.data.groups[].rules[]] | length'; }
comes "it has the alert rules" 10 eval '[ "$(alerts)" -ge 3 ]'
unhealthy() { as gateway curl -sS http://127.0.0.1:9090/api/v1/rules | jq -r '.data.groups[].rules[] | select(.health == "err") | .lastError'; }
sees "none of which fails" "" unhealthy
