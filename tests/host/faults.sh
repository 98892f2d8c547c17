#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The scenario of the configurations that are wrong: nobody who is not allowed gets in,
# and the fault is reported.

CONF_FILE=/etc/dockfw/dockfw.conf

# Each fault changes the configuration on the host's disk, which may be off.

fault_empty() { : >"$1"; }
fault_syntax() { sed -i '$d' "$1"; }
fault_writable() { chmod 666 "$1"; }
fault_gone() { rm "$1"; }
fault_cut() { truncate -s -40 "$1"; }
fault_folder() { chmod 777 "$(dirname "$1")"; }
# The only file that the pattern matches is gone, as before a late mount.
fault_unmounted() { rm "$(dirname "$1")"/conf.d/rules.conf; }
# The kernel takes the match ah only for the protocol ah.
fault_rule() { sed -i 's/rules = {/&\n        "-m ah -j DROP",/' "$1"; }
fault_set() { sed -i 's/rules = {/&\n        "-m set --match-set dockfw-nosuch src -j DROP",/' "$1"; }

faulty() { echo "$RUN/$HOST/root$CONF_FILE"; }

# As it is when the host is right, with all rules in an included file if WITH is that.
right_config() # [included]
{
	local root=$RUN/$HOST/root folder
	folder=$(dirname "$(faulty)")
	host_config
	chmod 755 "$folder"
	mkdir -p "$folder/conf.d"
	[ "${1:-}" = included ] || return 0
	mv "$root$CONF_FILE" "$folder/conf.d/rules.conf"
	printf 'include("conf.d/*.conf")\n' >"$root$CONF_FILE"
}

# The finding is reported, and the exit status of a check is 2.
reported() # ID
{
	local status=0
	in_host dockfw-check --format=json >"$RUN/$HOST.json" || status=$?
	cat "$RUN/$HOST.json"
	[ $status -eq 2 ] && grep -q "\"id\": \"$1\"" "$RUN/$HOST.json"
}

# After a boot, or what amounts to one, with a fault.
fault_held() # WHEN ID
{
	assert "$1: clients that are not allowed got no answer" never_served
	assert "$1: allowed clients were served over IPv4" served 203.0.113.123
	assert "$1: allowed clients were served over IPv6" served 2001:db8:113::123
	assert "$1: $2 is reported" reported "$2"
}

# Nothing of any firewall is left, and Docker starts: as at a boot, without one.
started_anew()
{
	in_host systemctl stop docker.service docker.socket firewalld.service
	# shellcheck disable=SC2016 # the host's shell expands it
	in_host sh -c 'for c in iptables ip6tables; do for t in filter nat raw mangle; do
		$c -t $t -F; $c -t $t -X; done; done; nft flush ruleset' >/dev/null 2>&1
	fresh_start
	# shellcheck disable=SC2086 # lists of addresses
	knockers_begin $ALLOWED $REFUSED
	in_host systemctl start firewalld.service docker.service
	wait_for 60 no_jobs
	wait_for 60 allowed_in 80
	settle
	timer_runs
	knockers_end
}

# FAULT ID [included]
fault_at_start()
{
	local when="Docker starts with the fault $1"
	right_config "${3:-}"
	assert "$when: it was right before" timer_runs
	"fault_$1" "$(faulty)"
	started_anew 2>/dev/null
	fault_held "$when" "$2"
	right_config "${3:-}"
	assert "$when: right again once it is mended" timer_runs
}

fault_at_boot() # FAULT ID
{
	local when="boot with the fault $1"
	host_off
	right_config
	"fault_$1" "$(faulty)"
	# shellcheck disable=SC2086 # lists of addresses
	host_boot $ALLOWED $REFUSED || return 1
	wait_for 60 allowed_in 80
	settle
	knockers_end
	in_host systemctl stop dockfw-check.timer dockfw-timed.service
	fault_held "$when" "$2"
	right_config
}

# The file is written in place again and again while repairs read it.
written_in_place()
{
	local file=$CONF_FILE end=$((SECONDS + 15)) n=0
	in_host cp $file $file.whole
	in_host sh -c "while [ -e $file.whole ]; do cat $file.whole >$file; sleep 0.05; done" 2>/dev/null &
	while [ $SECONDS -lt $end ]; do
		in_host dockfw-check --repair --timeout 5 >/dev/null 2>&1
		n=$((n + 1))
		[ "$(in_host iptables -S DOCKER-USER | grep -c -- '--comment dockfw')" -eq 2 ] || break
	done
	in_host rm $file.whole
	wait $!
	echo "$n repairs"
	in_host iptables -S DOCKER-USER
	[ $SECONDS -ge $end ] && [ "$(in_host iptables -S DOCKER-USER | grep -c -- '--comment dockfw')" -eq 2 ]
}

reloaded_with() # FAULT
{
	"fault_$1" "$(faulty)"
	# shellcheck disable=SC2086 # lists of addresses
	knockers_begin $ALLOWED $REFUSED
	timer_runs
	in_host firewall-cmd --reload
	settle
	timer_runs
	wait_for 60 allowed_in 80
	knockers_end
}

scenario_faults()
{
	ready "$1" && host_boot || return 1
	in_host systemctl stop dockfw-check.timer dockfw-timed.service
	wait_for 60 allowed_in 80
	assert "the units have stored the configuration" in_host test -s /var/lib/dockfw
	fault_at_start unmounted configuration-broken included
	fault_at_start rule rule-refused
	fault_at_start set rule-refused
	[ "$BACKEND" != nft ] || {
		fault_at_start syntax configuration-broken
		fault_at_start writable configuration-broken
		fault_at_start folder configuration-broken
		fault_at_start cut configuration-broken
		fault_at_start gone configuration-broken
	}
	reloaded_with empty >/dev/null 2>&1
	fault_held "firewall-cmd --reload with an empty file" configuration-broken
	right_config
	assert "right again" timer_runs
	assert "a file that is written in place is never taken for another" written_in_place
	fault_at_boot empty configuration-broken
}
