#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The scenario of the sandbox: from inside each unit every escape fails, and the
# program's own work is done there.

UNITS="dockfw-early.service dockfw-check.service dockfw-timed.service dockfw-exposure.service dockfw-watch.service"

ESCAPE=/usr/local/bin/dockfw-escape
LOOK=/usr/local/bin/dockfw-look

# The unit runs LINE instead of the program, once, and what that prints goes to a file. Its
# other settings stay.
instead() # UNIT LINE
{
	local folder=/run/systemd/system/$1.d
	in_host mkdir -p "$folder"
	in_host sh -c "printf '[Service]\nType=oneshot\nWatchdogSec=0\nRestart=no\nStandardOutput=truncate:/run/printed\nExecStart=\nExecStart=%s\n' \
		'$2' >$folder/test.conf" &&
		in_host systemctl daemon-reload
}

itself_again() # UNIT
{
	in_host rm -r "/run/systemd/system/$1.d"
	in_host systemctl daemon-reload
}

# The attempts are real: outside of the units root may do all that this kernel, in a
# container, has at all.
can_be_granted()
{
	local out
	out=$(in_host $ESCAPE "$VICTIM")
	printf '%s\n' "$out"
	! grep '^refused' <<<"$out" | grep -qvE ': (No such file or directory|Function not implemented)$' &&
		[ "$(grep -c '^granted' <<<"$out")" -ge 40 ]
}

escapes_fail() # UNIT
{
	local out status=0
	instead "$1" "$ESCAPE $VICTIM"
	in_host systemctl start "$1" || status=1
	out=$(in_host cat /run/printed)
	itself_again "$1"
	printf '%s\n' "$out"
	[ $status -eq 0 ] && ! grep -q '^granted' <<<"$out" && [ "$(grep -c '^refused' <<<"$out")" -ge 40 ]
}

# What the unit is: its user, no groups but that of the user, the folders that it may write
# to, and the environment that it does not get.
look_script()
{
	cat >"$RUN/$HOST/root$LOOK" <<-'END'
	#!/bin/sh
	id -un
	id -Gn
	for folder in /var/lib/dockfw /run/dockfw/request /run/dockfw/watch; do
		touch "$folder/test" 2>/dev/null && rm "$folder/test" && stat -c '%n %a %U' "$folder"
	done
	stat -c '%n %a %U' /run/dockfw
	echo "lock file: ${XTABLES_LOCKFILE-none}"
	END
	chmod 755 "$RUN/$HOST/root$LOOK"
}

runs_as_user() # UNIT
{
	instead "$1" $LOOK
	in_host systemctl set-environment XTABLES_LOCKFILE=/tmp/lock
	in_host systemctl start "$1"
	in_host cat /run/printed >"$RUN/$HOST.user"
	in_host systemctl unset-environment XTABLES_LOCKFILE
	itself_again "$1"
	# The folder for the next watch is there for the others too, but only to read.
	sed "$([ "$1" = dockfw-watch.service ] || echo '\#/watch#d')" <<-'END' | diff - "$RUN/$HOST.user"
	dockfw
	dockfw
	/var/lib/dockfw 700 dockfw
	/run/dockfw/request 700 dockfw
	/run/dockfw/watch 700 dockfw
	/run/dockfw 755 root
	lock file: none
	END
}

# A configuration that only root may read is read all the same, and no other file is touched.
private_config()
{
	in_host sh -c 'chmod 600 /etc/dockfw/dockfw.conf; chmod 700 /etc/dockfw
		echo secret >/etc/private; chmod 600 /etc/private; ln -s /etc/private /etc/dockfw/link
		mkdir /etc/dockfw/others; echo "x = 1" >/etc/dockfw/others/file
		chmod 600 /etc/dockfw/others/file; chown 1 /etc/dockfw/others'
	in_host iptables -F DOCKER-USER
	timer_runs || return 1
	in_host stat -c '%n %a %U:%G' /etc/dockfw /etc/dockfw/dockfw.conf /etc/private \
		/etc/dockfw/others/file >"$RUN/$HOST.modes"
	in_host rm -r /etc/private /etc/dockfw/link /etc/dockfw/others
	diff - "$RUN/$HOST.modes" <<-'END'
	/etc/dockfw 750 root:dockfw
	/etc/dockfw/dockfw.conf 640 root:dockfw
	/etc/private 600 root:root
	/etc/dockfw/others/file 600 root:root
	END
}

# The drop-in of conf/prometheus-dockfw.yml: both files are written.
prometheus_written()
{
	local folder=/var/lib/prometheus/node-exporter drop=/run/systemd/system/dockfw-exposure.service.d
	in_host sh -c "mkdir -p $folder $drop; chgrp dockfw $folder; chmod g+w $folder
		sed -n '/^#   .Service/,/ExecStopPost/s/^#   //p' /usr/share/doc/dockfw/conf/prometheus-dockfw.yml >$drop/test.conf"
	in_host cat $drop/test.conf
	in_host systemctl daemon-reload
	in_host systemctl start dockfw-exposure.service || return 1
	itself_again dockfw-exposure.service
	in_host cat $folder/dockfw-exposure.prom | grep -x 'dockfw_exposure_status [01]' &&
		in_host cat $folder/dockfw.prom | grep -x 'dockfw_status 0'
}

own_work() # WHEN
{
	fresh_start
	assert "$1: the timer's service passes" timer_runs
	wait_for 60 allowed_in 80
	host_right "$1" 80 8081
}

stopped_is_no_failure() # UNIT
{
	local result
	instead "$1" '/bin/sleep 100'
	in_host systemctl start --no-block "$1"
	wait_for 10 unit_sleeps "$1"
	in_host systemctl stop "$1"
	result=$(in_host systemctl show -P Result "$1")
	itself_again "$1"
	echo "result: $result"
	[ "$result" = success ]
}

unit_sleeps() { [ "$(in_host cat "/proc/$(in_host systemctl show -P MainPID "$1")/comm")" = sleep ]; }

early_passes() { [ "$(in_host systemctl show -P Result dockfw-early.service)" = success ] && no_jobs; }

# Neither the configuration nor what was in force before can be read.
config_away()
{
	in_host mv /etc/dockfw/dockfw.conf /etc/dockfw/dockfw.away
	in_host mv /var/lib/dockfw /var/lib/dockfw.away
}

config_back()
{
	in_host mv /etc/dockfw/dockfw.away /etc/dockfw/dockfw.conf
	in_host rm -rf /var/lib/dockfw
	in_host mv /var/lib/dockfw.away /var/lib/dockfw
}

# A fault that is over by then does not last until someone starts the unit again.
early_tried_again()
{
	local status=0
	config_away
	in_host systemctl start dockfw-early.service && status=1
	config_back
	[ $status -eq 0 ] && wait_for 30 early_passes
}

docker_requires()
{
	local folder=/etc/systemd/system/docker.service.d status=0
	in_host install -D -m 0644 /usr/share/doc/dockfw/conf/docker-requires-dockfw.conf $folder/dockfw.conf
	in_host systemctl daemon-reload
	config_away
	in_host systemctl restart docker.service && status=1
	unit_is docker.service active && status=2
	config_back
	# It is tried again, and Docker is not.
	wait_for 60 early_passes || status=3
	unit_is docker.service active && status=4
	in_host systemctl start docker.service || status=5
	unit_is docker.service active || status=6
	in_host rm -r $folder
	in_host systemctl daemon-reload
	echo "status $status"
	return $status
}

request_gone() { in_host test ! -e /run/dockfw/request/restart-docker; }

request()
{
	in_host setpriv --reuid dockfw --regid dockfw --clear-groups "$@" /run/dockfw/request/restart-docker
	wait_for 60 request_gone
}

# Whoever has taken over a unit can restart Docker once an hour, and nothing else with it.
one_restart()
{
	local first second third
	fresh_start
	first=$(dockerd_pid)
	request touch || return 1
	second=$(dockerd_pid)
	request touch && request mkdir && request ln -s /etc || return 1
	third=$(dockerd_pid)
	echo "dockerd: $first, $second, $third"
	in_host test -e /etc/passwd && [ "$first" != "$second" ] && [ "$second" = "$third" ]
}

# The reported restart is the other service's.
flushed_for_restart()
{
	local since
	since=$(in_host date '+%Y-%m-%d %H:%M:%S.%6N')
	in_host sh -c 'iptables -F; ip6tables -F'
	timer_runs || return 1
	in_host journalctl --sync
	in_host journalctl -q -o cat --since "$since" -t dockfw-check | grep -q 'requested a restart of Docker from dockfw-restart.service'
}

scenario_sandbox()
{
	local unit
	ready "$1" || return 1
	cp "$RUN/escape" "$RUN/$HOST/root$ESCAPE"
	look_script
	host_boot || return 1
	in_host systemctl stop dockfw-check.timer dockfw-timed.service
	wait_for 60 allowed_in 80
	in_host sh -c 'sleep 100000 & echo $! >/run/victim'
	VICTIM=$(in_host cat /run/victim)
	assert "outside of the units, the attempts are granted" can_be_granted
	for unit in $UNITS; do
		assert "$unit: every escape fails" escapes_fail "$unit"
		assert "$unit: runs as a user without other groups, with folders of its own" runs_as_user "$unit"
		[ "$unit" = dockfw-watch.service ] ||
			assert "$unit: a stop during a run is no failure" stopped_is_no_failure "$unit"
	done
	in_host sh -c 'iptables -F DOCKER-USER; nft delete table ip dockfw'
	own_work "flushed"
	assert "a configuration of mode 0600" private_config
	own_work "a configuration of mode 0600"
	assert "a file for Prometheus is written" prometheus_written
	assert "dockfw-early.service is tried again" early_tried_again
	assert "Docker restarts for the timer's service" flushed_for_restart
	own_work "Docker restarted"
	assert "one restart of Docker an hour" one_restart
	assert "Docker does not start without the rules" docker_requires
	wait_for 60 no_jobs
	own_work "after that"
}
