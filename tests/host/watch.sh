#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The scenario of the watch: whatever breaks is repaired without a timer, and the journal
# names who broke it.

WATCH=dockfw-watch.service

# The journal's lines of the watch since the moment of watch_begins, as JSON.
watch_lines() { in_host journalctl -q -o json -u $WATCH --since "@$WATCH_SINCE"; }
# Nothing else repairs in this scenario.
watch_begins()
{
	in_host systemctl disable --now --quiet dockfw-check.timer
	in_host systemctl enable --now --quiet $WATCH
}

# Everything is right again without anybody's help; if not, what the watch did about it.
watch_mends()
{
	local why
	wait_for 120 check_right && return
	# A long output is cut in the middle: what matters most comes first.
	in_host systemctl show -p NRestarts,Result,MainPID,ExecMainStartTimestamp $WATCH
	in_host journalctl -q --no-pager -n 8 -o short-precise _PID=1 UNIT=$WATCH
	in_host ls -l --time-style=full-iso /run/dockfw/watch
	in_host dockfw-check
	in_host journalctl -q --no-pager -n 30 -o short-precise -u $WATCH -u docker -u firewalld
	why=$(containers_answer) || host_is_ill "$why" >&3
	host_at
	return 1
}

# The watch has a copy of all that dockerd has written: what is lost before that is only
# reported.
watch_has_copy()
{
	settle
	sleep 2
}

# Nobody who is not allowed gets in while the command runs and until it is mended.
watch_holds() # WHEN COMMAND…
{
	local when=$1
	shift
	watch_has_copy
	fresh_start
	WATCH_SINCE=$(date +%s)
	# shellcheck disable=SC2086 # lists of addresses
	knockers_begin $ALLOWED $PROMISE_REFUSED
	"$@" >/dev/null 2>&1
	sleep 1
	assert "$when: the watch mends it" watch_mends
	wait_for 60 no_jobs
	wait_for 60 allowed_in 80
	knockers_end
	promise_kept "$when"
	assert "$when: allowed clients get in again" allowed_in 80
}

# That process is named in a field of the journal.
culprit_is() # NAME
{
	watch_lines | grep -q "\"DOCKFW_CULPRIT\":\"$1" && return
	watch_lines | grep -o '"\(DOCKFW_[A-Z_]*\|MESSAGE\)":"[^"]*"'
	return 1
}

watch_same() { [ "$(in_host systemctl show -P NRestarts $WATCH)" = 0 ] && in_host systemctl is-active --quiet $WATCH; }
watch_goes_on()
{
	in_host systemctl kill -s KILL $WATCH
	sleep 2
	in_host iptables -F DOCKER-USER
}
# As in an upgrade of the package.
watch_restarted()
{
	in_host systemctl stop $WATCH
	flush_nat
	in_host systemctl start $WATCH
}
dockerd_is_old() { [ "$(dockerd_pid)" = "$OLD_DOCKERD" ]; }
# Does firewalld's signal reach dockerd? Not if dockerd is deaf: then the watch restores.
flush_all() { in_host nft flush ruleset; }

# Its rules come and go with it.
container_comes_and_goes()
{
	container extra bridge 8099 && wait_for 30 allowed_in 8099 || return 1
	in_host docker rm -f extra >/dev/null && ! in_host iptables-save | grep 8099
}

# A rule of Docker's; others may write one twice on purpose.
no_rule_twice()
{
	local command twice
	for command in iptables-save ip6tables-save; do
		twice=$(in_host "$command" | grep -E '^-A .*(DOCKER|docker0|br-)' | sort | uniq -d)
		[ -z "$twice" ] || { echo "$twice"; return 1; }
	done
}

scenario_watch()
{
	ready "$1" || return 1
	promise_config
	sed -i /docker-recovery/d "$RUN/$HOST/root/etc/dockfw/dockfw.conf"
	host_boot || return 1
	assert "a container on one address" addressed
	wait_for 60 allowed_in 80 8088
	assert "the watch starts" watch_begins
	host_off
	# shellcheck disable=SC2086 # lists of addresses
	host_boot $ALLOWED $PROMISE_REFUSED || return 1
	WATCH_SINCE=0
	wait_for 60 allowed_in 80
	settle
	knockers_end
	promise_kept "boot with the watch"
	watch_holds "firewall-cmd --reload" in_host firewall-cmd --reload
	watch_holds "iptables -F" flush_both
	[ "$BACKEND" != nft ] || assert "iptables -F: the culprit is in the journal" culprit_is "ip6*tables"
	watch_holds "systemctl restart docker" in_host systemctl restart docker
	watch_holds "systemctl stop firewalld" in_host systemctl stop firewalld
	sleep 3
	OLD_DOCKERD=$(dockerd_pid)
	if [ "$BACKEND" = nft ]; then
		watch_holds "nft flush ruleset without firewalld" flush_all
		assert "dockerd was not restarted" dockerd_is_old
	fi
	watch_holds "iptables -t nat -F without firewalld" flush_nat
	watch_holds "iptables -t nat -F while no watch runs" watch_restarted
	assert "dockerd was not restarted for that" dockerd_is_old
	assert "dockerd starts and stops a container as ever" container_comes_and_goes
	watch_holds "systemctl start firewalld" in_host systemctl start firewalld
	assert "no rule is there twice" no_rule_twice
	assert "the watch is still the same" watch_same
	watch_holds "the watch killed, and a flush" watch_goes_on
}
