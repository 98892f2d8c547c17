#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The keys of JSON and the names of metrics and perfdata are in the man page.
# shellcheck source=tests/docs/lib.sh
. "$(dirname "$0")/lib.sh"

section man/dockfw-check.8 OUTPUT | awk '/^\.Ss / { which = $2 } { print which, $0 }' >"$WORK/output"
in_output() # FORMAT: the names in its lists
{
	sed -nE "s/^$1 \.It Ic (.*)/\1/p" "$WORK/output" | tr -d ' ' | tr ',' '\n'
}

grep -hoE '\<(set|json_set_checked)\([a-z._]+, "[a-z_]+"' src/report/report_json.c src/report/report_walk_json.c src/report/report_removal.c src/report/open_texts.c src/cmd_*.c | sed 's/.*"\(.*\)"/\1/' >"$WORK/keys"
same_set "keys of the json reports" 40 "$WORK/keys" <(in_output json)

grep -hoE 'describe\(out, "[a-z_]+"' src/report/report_prometheus.c | sed 's/.*"\(.*\)"/dockfw_\1/' >"$WORK/metrics"
grep -hoE 'describe\(out, "[a-z_]+"' src/report/report_exposure_monitor.c | sed 's/.*"\(.*\)"/dockfw_exposure_\1/' >>"$WORK/metrics"
grep -hoE 'describe\(out, "[a-z_]+"' src/report/report_watch.c | sed 's/.*"\(.*\)"/dockfw_watch_\1/' >>"$WORK/metrics"
same_set "metrics" 10 "$WORK/metrics" <(in_output prometheus)
grep -ohE '\<dockfw_[a-z_]+' conf/prometheus-dockfw.yml >"$WORK/used"
subset "metrics of the alert rules" 2 "$WORK/used" "$WORK/metrics"
# What each host reports, and the alerts an hour later: a file that is written, one that is
# not, one that a failed run wrote, one that is gone; and no file at all.
cat >"$WORK/alerts.yml" <<END
rule_files: [ "$PWD/conf/prometheus-dockfw.yml" ]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
      - { series: 'dockfw_last_run_timestamp_seconds{instance="right"}', values: "0+60x120" }
      - { series: 'dockfw_last_run_timestamp_seconds{instance="stale"}', values: "0x120" }
      - { series: 'dockfw_last_run_timestamp_seconds{instance="failed"}', values: "0+60x120" }
      - { series: 'dockfw_last_run_timestamp_seconds{instance="gone"}', values: "0+60x20 stale" }
      - { series: 'dockfw_status{instance="right"}', values: "0x120" }
      - { series: 'dockfw_status{instance="stale"}', values: "0x120" }
      - { series: 'dockfw_status{instance="failed"}', values: "3x120" }
      - { series: 'dockfw_configured_ports_open{instance="broken",family="ipv4"}', values: "2x120" }
      - { series: 'dockfw_exposure_port_not_allowed{instance="open",port="5432",protocol="tcp"}', values: "0x50 2x70" }
      - { series: 'dockfw_exposure_port_not_allowed{instance="open",port="80",protocol="tcp"}', values: "1x120" }
      - { series: 'dockfw_exposure_port_not_allowed{instance="closed",port="5432",protocol="tcp"}', values: "0x120" }
      - { series: 'dockfw_exposure_status{instance="unknown"}', values: "3x120" }
      - { series: 'dockfw_exposure_status{instance="open"}', values: "2x120" }
      - { series: 'dockfw_exposure_status{instance="part"}', values: "1x120" }
      - { series: 'dockfw_exposure_last_run_timestamp_seconds{instance="stale"}', values: "0x120" }
      - { series: 'dockfw_exposure_last_run_timestamp_seconds{instance="gone"}', values: "0+60x20 stale" }
    promql_expr_test:
      - expr: count by (alertname, instance, severity) (ALERTS{alertstate="firing"})
        eval_time: 1h
        exp_samples:
          - { labels: '{alertname="DockerFirewallStale", instance="stale", severity="warning"}', value: 1 }
          - { labels: '{alertname="DockerFirewallUnknown", instance="failed", severity="critical"}', value: 1 }
          - { labels: '{alertname="DockerFirewallMissing", instance="gone", severity="warning"}', value: 1 }
          - { labels: '{alertname="DockerConfiguredPortOpen", instance="broken", severity="critical"}', value: 1 }
          - { labels: '{alertname="DockerPortOpen", instance="open", severity="critical"}', value: 1 }
          - { labels: '{alertname="DockerPortMaybeOpen", instance="open", severity="warning"}', value: 1 }
          - { labels: '{alertname="DockerExposureUnknown", instance="unknown", severity="warning"}', value: 1 }
          - { labels: '{alertname="DockerExposureWarning", instance="part", severity="warning"}', value: 1 }
          - { labels: '{alertname="DockerExposureStale", instance="stale", severity="warning"}', value: 1 }
          - { labels: '{alertname="DockerExposureMissing", instance="gone", severity="warning"}', value: 1 }
  - interval: 1m
    input_series: [ { series: 'up{instance="some"}', values: "1x120" } ]
    promql_expr_test:
      - expr: count by (alertname, severity) (ALERTS{alertstate="firing"})
        eval_time: 1h
        exp_samples: [ { labels: '{alertname="DockerFirewallAbsent", severity="warning"}', value: 1 } ]
END
if command -v promtool >/dev/null; then
	holds "promtool accepts the alert rules" promtool check rules conf/prometheus-dockfw.yml
	holds "each alert fires where it should" promtool test rules "$WORK/alerts.yml"
else
	echo "ok - promtool accepts the alert rules # SKIP no promtool"
fi

grep -ohE "'[a-z_]*(%s)?[a-z_]*'=" src/report/report_nagios.c src/report/report_exposure_monitor.c | sed -e "s/'//g" -e 's/=//' -e 's/%s/ipv4/' >"$WORK/perfdata"
subset "labels of the perfdata" 4 "$WORK/perfdata" <(sed -nE 's/^nagios \.Ql ([a-z0-9_]+)( ,)?$/\1/p' "$WORK/output")

# The keys that the program itself prints, in a case that does not need root.
"$DOCKFW" --format=json -f "$WORK/none" 2>/dev/null | sed -nE 's/^  "([a-z]+)":.*/\1/p' >"$WORK/printed"
subset "keys that are printed" 8 "$WORK/printed" "$WORK/keys"
"$DOCKFW" --format=prometheus -f "$WORK/none" 2>/dev/null | sed -nE 's/^(dockfw_[a-z_]+).*/\1/p' >"$WORK/printed"
subset "metrics that are printed" 3 "$WORK/printed" "$WORK/metrics"
finish
