#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The scenarios: each starts a host of its own and stops it.

# --- a prepared host, powered off ---------------------------------------------

host_config()
{
	local root=$RUN/$HOST/root native=
	mkdir -p "$root/etc/docker" "$root/etc/dockfw" "$root/www"
	if [ "$BACKEND" = native ]; then
		native=', "firewall-backend": "nftables"'
		# Then dockerd does not switch it on.
		printf 'net.ipv4.ip_forward = 1\nnet.ipv6.conf.all.forwarding = 1\n' >"$root/etc/sysctl.d/90-forward.conf"
	fi
	# Up to Docker 26, ip6tables is experimental and must be enabled as such.
	cat >"$root/etc/docker/daemon.json" <<-END
	{ "ipv6": true, "fixed-cidr-v6": "fd17::/64", "ip6tables": true,
	  "experimental": true, "storage-driver": "vfs"$native }
	END
	cat >"$root/etc/dockfw/dockfw.conf" <<-'END'
	docker-recovery = "restart"
	chain "DOCKER-USER" {
	    rules = {
	        "-i ens3 -p tcp --dport 80 -s 203.0.113.123 -j RETURN",
	        "-i ens3 -p tcp --dport 80 -s 2001:db8:113::123 -j RETURN",
	        "-i ens3 -p tcp --dport 80 -j REJECT"
	    }
	}
	END
	chmod 644 "$root/etc/dockfw/dockfw.conf"
	if [ "$BACKEND" = legacy ]; then
		chroot "$root" update-alternatives --set iptables /usr/sbin/iptables-legacy
		chroot "$root" update-alternatives --set ip6tables /usr/sbin/ip6tables-legacy
	fi >/dev/null
}

# NAME NETWORK PORT: starts a container that answers on that port of the host.
container()
{
	in_host docker run -d --name "$1" --network "$2" --restart=always --stop-signal=KILL \
		-p "$3:80" busybox busybox httpd -f -p 80 >/dev/null
}

network() # NAME NUMBER
{
	in_host docker network create --ipv6 --subnet "172.30.$2.0/24" \
		--subnet "fd30:$2::/64" "$1" >/dev/null
}

image()
{
	in_host sh -ec 'mkdir -p /tmp/image/bin && cp /bin/busybox /tmp/image/bin/ &&
		tar -C /tmp/image -c . | docker import - busybox' >/dev/null
}

# The first boot of a host on which everything has just been installed. It leaves
# the host off, with a container on the default bridge and one on a network that
# exists before dockerd's next start. The other scenarios begin with this host.
scenario_prepare() # NAME
{
	host_new "$1"
	host_config
	host_boot || return 1
	assert "first boot: the image" image || return 1
	assert "first boot: a container" container web bridge 80
	assert "first boot: a network" network before 1
	assert "first boot: a container on it" container before before 8081
	network_made "first boot"
	host_right "first boot" 80 8081
	assert "first boot: the units pass" units_right
	assert "the units are well formed and sandboxed" in_host /src/tests/host/units.sh
	host_off
	umount "$RUN/$HOST/root" && : >"$RUN/$PREPARED.ready"
}

ready() # NAME
{
	host_new "$1" "$PREPARED"
}

later_network()
{
	network later 2 && container later later 8082
}

# Docker 20.10 inserts the IPv6 rules of a new network at the head of FORWARD and
# does not move the jump to DOCKER-USER back there: the timer has to do that.
network_made() # WHEN
{
	[ "$RELEASE" = bookworm ] || return 0
	assert "$1: a new network breaks IPv6 on Docker 20.10" broken "new network"
	assert "$1: the timer's service passes" timer_runs
}

# Each unit has run and none has failed.
units_right()
{
	local unit result began bad=0
	for unit in dockfw-early.service dockfw-check.service; do
		result=$(in_host systemctl show -P Result "$unit")
		began=$(in_host systemctl show -P ExecMainStartTimestampMonotonic "$unit")
		echo "$unit: result $result, began at $began"
		[ "$result" = success ] && [ "$began" -gt 0 ] || bad=1
	done
	return $bad
}

# The unit has run after MOMENT, in µs of the monotonic clock, and after Docker and
# firewalld were up.
ran_behind_all() # MOMENT
{
	local began unit up bad=0
	began=$(in_host systemctl show -P ExecMainStartTimestampMonotonic dockfw-check.service)
	echo "dockfw-check.service began at $began; the event was at $1"
	[ "$began" -gt "$1" ] || bad=1
	for unit in docker.service firewalld.service; do
		up=$(in_host systemctl show -P ActiveEnterTimestampMonotonic "$unit")
		echo "$unit has been up since $up"
		[ "$began" -ge "$up" ] || bad=1
	done
	return $bad
}

monotonic_now() { awk '{ printf "%d\n", $1 * 1000000 }' /proc/uptime; }

# --- boot --------------------------------------------------------------------

served()
{
	local count when
	read -r count when <<<"$(answers "$1")"
	echo "$count answers $when"
	[ "$count" -gt 0 ]
}

never_served() # [SOURCE[,PORT]…]
{
	local source count when bad=0
	# shellcheck disable=SC2086 # a list of addresses
	[ $# -gt 0 ] || set -- $REFUSED
	for source; do
		read -r count when <<<"$(answers "$source")"
		[ "$count" -ne 0 ] || continue
		echo "$source: $count answers, $when"
		bad=1
	done
	return $bad
}

early_was_first()
{
	local early docker
	early=$(in_host systemctl show -P ExecMainExitTimestampMonotonic dockfw-early.service)
	docker=$(in_host systemctl show -P ExecMainStartTimestampMonotonic docker.service)
	echo "dockfw-early ended at $early, dockerd started at $docker"
	[ "$early" -gt 0 ] && [ "$docker" -gt 0 ] && [ "$early" -le "$docker" ]
}

# Boots while every client tries to connect without pause.
watched_boot() # WHEN
{
	# shellcheck disable=SC2086 # lists of addresses
	host_boot $ALLOWED $REFUSED || return 1
	wait_for 60 allowed_in 80
	settle
	knockers_end
	assert "$1: clients that are not allowed got no answer" never_served
	assert "$1: allowed clients were served over IPv4" served 203.0.113.123 || nobody_served
	assert "$1: allowed clients were served over IPv6" served 2001:db8:113::123 || nobody_served
	assert "$1: the early unit ended before dockerd started" early_was_first
	assert "$1: the units pass" units_right
	host_right "$1" 80 8081
}

# In order: no line in the journal, but the state is that of "systemctl status".
no_line()
{
	local since out _
	# On a busy machine journald once kept a line below the unit's LogLevelMax: each run has one,
	# so three show it if the program is to blame.
	for _ in 1 2 3; do
		since=$(in_host date '+%Y-%m-%d %H:%M:%S.%6N')
		timer_runs || return 1
		in_host journalctl --sync
		out=$(in_host journalctl -q -o cat --since "$since" _SYSTEMD_UNIT=dockfw-timed.service)
		printf '%s\n' "$out"
		[ -n "$out" ] || break
	done
	[ -z "$out" ] && in_host systemctl show -P StatusText dockfw-timed.service | grep '^OK: '
}

# Shows what the early unit is for: without it the same clients see an open port. For
# how long is a race, so one boot out of several must show it.
unguarded_boot()
{
	local boot
	rm "$RUN/$HOST/root/etc/systemd/system/docker.service.wants/dockfw-early.service"
	for boot in 1 2 3 4 5; do
		# shellcheck disable=SC2086 # a list of addresses
		host_boot $REFUSED || return 1
		wait_for 60 allowed_in 80
		knockers_end
		! served 203.0.113.200 >/dev/null || break
		note "boot $boot without the early unit: the port was never open"
		host_kill
	done
	assert "boot without the early unit: the port is open for a while" served 203.0.113.200
}

scenario_boot()
{
	ready "$1" || return 1
	watched_boot "boot" || return 1
	assert "boot: a good run leaves no line in the journal" no_line
	assert "boot: a network made afterwards" later_network
	network_made "boot"
	host_right "network made after boot" 80 8081 8082
	host_off
	watched_boot "boot again" || return 1
	host_kill
	watched_boot "boot after the plug was pulled" || return 1
	host_kill
	unguarded_boot
}

# --- events on a running host ------------------------------------------------

# The timer's service repairs what an event broke.
mended_by_timer() # WHEN
{
	settle
	fresh_start
	assert "$1: the timer's service passes" timer_runs
	wait_for 60 allowed_in 80
	settle
	host_right "$1" 80 8081 8082
}

# The command is an event; the units that it pulls in repair what it broke.
mended_by_units() # WHEN COMMAND…
{
	local when=$1 before
	shift
	fresh_start
	before=$(monotonic_now)
	"$@"
	wait_for 60 no_jobs
	wait_for 60 allowed_in 80
	settle
	assert "$when: dockfw-check.service has run after the others" ran_behind_all "$before"
	assert "$when: the units pass" units_right
	host_right "$when" 80 8081 8082
}

# As if an hour had passed: systemd counts the starts within a minute, and
# dockfw-check the restarts of Docker within an hour.
fresh_start()
{
	in_host systemctl reset-failed
	in_host rm -f /run/dockfw/docker-restarted
}

# Makes sure that a scenario proves something: without the timer's service this
# event leaves the host broken.
broken() # WHEN
{
	settle
	if in_host dockfw-check >/dev/null; then
		note "$1: did not break the host"
	else
		note "$1: broke the host (dockfw-check exits $?)"
		return 0
	fi
	return 1
}

# Scenarios begin with the timer stopped, so that only what they start repairs the host.
ready_running() # NAME
{
	ready "$1" && host_boot || return 1
	in_host systemctl stop dockfw-check.timer dockfw-timed.service
	wait_for 60 allowed_in 80
	assert "a network made afterwards" later_network
	network_made "a network made afterwards"
}

scenario_reload()
{
	ready_running "$1" || return 1
	in_host firewall-cmd --reload >/dev/null
	[ "$RELEASE" != bookworm ] || assert "firewall-cmd --reload breaks the host" broken reload
	mended_by_timer "firewall-cmd --reload"
	in_host firewall-cmd --complete-reload >/dev/null
	mended_by_timer "firewall-cmd --complete-reload"
	# The service runs while dockerd is still writing.
	in_host firewall-cmd --reload >/dev/null
	timer_runs
	mended_by_timer "firewall-cmd --reload, repaired at once"
}

# With a direct rule, firewalld 2 also flushes the iptables tables on reload.
scenario_direct()
{
	ready_running "$1" || return 1
	in_host firewall-cmd --permanent --direct --add-rule ipv4 filter INPUT 0 \
		-p tcp --dport 9999 -j ACCEPT >/dev/null
	in_host firewall-cmd --reload >/dev/null
	assert "firewall-cmd --reload with a direct rule breaks the host" broken reload
	mended_by_timer "firewall-cmd --reload with a direct rule"
	in_host firewall-cmd --complete-reload >/dev/null
	mended_by_timer "firewall-cmd --complete-reload with a direct rule"
	mended_by_units "systemctl restart firewalld with a direct rule" \
		in_host systemctl restart firewalld
	in_host systemctl stop firewalld
	mended_by_timer "systemctl stop firewalld with a direct rule"
	mended_by_units "systemctl start firewalld with a direct rule" \
		in_host systemctl start firewalld
}

scenario_restart()
{
	ready_running "$1" || return 1
	mended_by_units "systemctl restart firewalld" \
		in_host systemctl restart firewalld
	mended_by_units "systemctl restart docker" in_host systemctl restart docker
	assert "systemctl restart docker: the early unit ended before dockerd started" early_was_first
	in_host systemctl stop firewalld
	mended_by_timer "systemctl stop firewalld"
	mended_by_units "systemctl start firewalld" \
		in_host systemctl start firewalld
	mended_by_units "dockerd killed" dockerd_crash
	assert "dockerd killed: the early unit ended before dockerd started" early_was_first
	mended_by_units "Docker started by its socket" docker_by_socket
	assert "Docker started by its socket: the early unit ended before dockerd started" \
		early_was_first
	mended_by_units "both restarted, one after the other" both_restarted
}

both_restarted()
{
	in_host systemctl restart firewalld
	in_host systemctl restart docker
}

docker_by_socket()
{
	in_host systemctl stop docker.service docker.socket
	in_host systemctl start docker.socket
	in_host timeout 60 docker version >/dev/null 2>&1
}

dockerd_pid() { in_host systemctl show -P MainPID docker.service; }

dockerd_is_new()
{
	local now
	now=$(dockerd_pid)
	[ "$now" -ne 0 ] && [ "$now" -ne "$1" ] && unit_is docker.service active
}

dockerd_crash()
{
	local before
	before=$(dockerd_pid)
	in_host kill -KILL "$before"
	wait_for 60 dockerd_is_new "$before"
}

# A rule after the end of the chain is only a warning.
warned()
{
	local status=0
	in_host iptables -A DOCKER-USER -j RETURN
	in_host iptables -A DOCKER-USER -s 192.0.2.1 -j DROP
	in_host dockfw-check || status=$?
	echo "dockfw-check exits $status"
	[ $status -eq 1 ] && timer_runs
	status=$?
	in_host iptables -D DOCKER-USER -s 192.0.2.1 -j DROP
	in_host iptables -D DOCKER-USER -j RETURN
	return $status
}

# Set to --check, the timer's service writes nothing and fails.
only_told()
{
	local dir=/run/systemd/system/dockfw-timed.service.d before after status=0
	in_host mkdir -p $dir
	in_host sh -c "printf '[Service]\nEnvironment=DOCKFW_MODE=--check\n' >$dir/check.conf"
	in_host systemctl daemon-reload
	before=$(tables_now)
	timer_runs && status=1
	after=$(tables_now)
	in_host rm -r $dir
	in_host systemctl daemon-reload
	[ $status -eq 0 ] && [ "$before" = "$after" ]
}

# dockerd loses its chains again within the hour: it is not restarted again.
not_restarted_again() # COMMAND…
{
	local before
	before=$(dockerd_pid)
	in_host "$@"
	if timer_runs; then return 1; fi
	[ "$(dockerd_pid)" = "$before" ]
}

# The restart of Docker that this repair requests stops the unit itself, and
# starts it again after Docker.
flushed_for_check()
{
	in_host iptables -F
	in_host systemctl start dockfw-check.service >/dev/null 2>&1
}

# What is lost if Docker uses nftables itself: its tables, and with the second command the
# guard as well.
flush_native()
{
	in_host sh -c 'nft delete table ip docker-bridges; nft delete table ip6 docker-bridges'
	assert "without Docker's tables the host is broken" broken "delete table"
	mended_by_timer "nft delete table docker-bridges"
	assert "Docker is not restarted twice in an hour" not_restarted_again nft delete table ip docker-bridges
	in_host nft flush ruleset
	assert "nft flush ruleset breaks the host" broken flush
	mended_by_timer "nft flush ruleset"
}

scenario_flush()
{
	ready_running "$1" || return 1
	[ "$BACKEND" != native ] || { flush_native; return; }
	assert "a warning does not fail the timer's service" warned
	in_host iptables -F
	assert "the timer's service set to --check fails and writes nothing" only_told
	assert "iptables -F breaks the host" broken flush
	mended_by_timer "iptables -F"
	assert "Docker is not restarted twice in an hour" not_restarted_again iptables -F
	in_host sh -c 'ip6tables -F; iptables -F; iptables -t nat -F'
	mended_by_timer "iptables -F, ip6tables -F, iptables -t nat -F"
	mended_by_units "iptables -F, repaired by dockfw-check.service" flushed_for_check
	in_host iptables -F DOCKER-USER
	assert "iptables -F DOCKER-USER breaks the host" broken flush
	in_host systemctl start dockfw-check.timer
	assert "the timer itself repairs it within two minutes" wait_for 120 check_right
	mended_by_timer "iptables -F DOCKER-USER"
}

# --- the promise -------------------------------------------------------------

# Publish sections, which hold on every path to the port.
promise_config()
{
	cat >"$RUN/$HOST/root/etc/dockfw/dockfw.conf" <<-'END'
	docker-recovery = "restart"
	outside = { "ens3" }
	publish "80/tcp" { allow = { "203.0.113.123", "2001:db8:113::123" } }
	publish "8088/tcp" { allow = { "203.0.113.123", "2001:db8:113::123" } }
	END
}

PROMISE_REFUSED="203.0.113.200,80 2001:db8:113::200,80 203.0.113.200,8088 2001:db8:113::200,8088"

# Nobody who is not allowed gets in while the command runs, before the timer's service
# repairs what it broke, nor after that. Whoever is allowed is served.
promise_holds() # WHEN COMMAND…
{
	local when=$1
	shift
	fresh_start
	# shellcheck disable=SC2086 # lists of addresses
	knockers_begin $ALLOWED $PROMISE_REFUSED
	"$@" >/dev/null 2>&1
	sleep 2
	timer_runs
	wait_for 60 no_jobs
	wait_for 60 allowed_in 80
	knockers_end
	promise_kept "$when"
}

promise_kept() # WHEN
{
	# shellcheck disable=SC2086 # a list of addresses
	assert "$1: clients that are not allowed got no answer" never_served $PROMISE_REFUSED
	assert "$1: allowed clients were served over IPv4" served 203.0.113.123 || nobody_served
	assert "$1: allowed clients were served over IPv6" served 2001:db8:113::123 || nobody_served
	assert "$1: the guard is right" guard_right
}

# Whether Docker is why, and what the host does.
nobody_served()
{
	local why
	why=$(containers_answer) || host_is_ill "$why" >&3
	[ "$(in_host docker inspect -f '{{.State.Running}}' web)" = true ] ||
		host_is_ill "dockerd did not start the container again" >&3
	in_host docker ps -a | detail
	host_at
}

# Right as far as the guard goes; Docker itself may be stopped.
guard_right()
{
	in_host dockfw-check --format=json >"$RUN/$HOST.json"
	! grep -E '"id": "guard-' "$RUN/$HOST.json" || return 1
	note "refused by the guard: $(tr -d ' \n' <"$RUN/$HOST.json" | grep -o '"guard":{[^}]*}[^}]*}}')" >&3
}

flush_both() { in_host sh -c 'iptables -F; ip6tables -F'; }
flush_nat() { in_host sh -c 'iptables -t nat -F; ip6tables -t nat -F'; }
docker_stopped_and_started()
{
	in_host systemctl stop docker.service docker.socket
	sleep 1
	in_host systemctl start docker.service
}

# The port on one address only, besides that on all of them.
addressed()
{
	in_host docker run -d --name addressed --restart=always --stop-signal=KILL \
		-p "$HOST4:8088:80" -p "[$HOST6]:8088:80" busybox busybox httpd -f -p 80 >/dev/null
}

# Shows that the scenario can fail: the same clients without the guard.
unguarded_reload()
{
	in_host sed -i '1i guard = "off"' /etc/dockfw/dockfw.conf
	timer_runs
	# shellcheck disable=SC2086 # a list of addresses
	knockers_begin $PROMISE_REFUSED
	in_host firewall-cmd --reload >/dev/null
	settle
	knockers_end
	in_host sed -i 1d /etc/dockfw/dockfw.conf
	timer_runs
	served 203.0.113.200,80
}

scenario_promise()
{
	ready "$1" || return 1
	promise_config
	host_boot || return 1
	assert "a container on one address" addressed
	wait_for 60 allowed_in 80 8088
	host_off
	# shellcheck disable=SC2086 # lists of addresses
	host_boot $ALLOWED $PROMISE_REFUSED || return 1
	in_host systemctl stop dockfw-check.timer dockfw-timed.service
	wait_for 60 allowed_in 80
	settle
	knockers_end
	promise_kept boot
	promise_holds "firewall-cmd --reload" in_host firewall-cmd --reload
	promise_holds "firewall-cmd --complete-reload" in_host firewall-cmd --complete-reload
	promise_holds "iptables -F" flush_both
	promise_holds "iptables -t nat -F" flush_nat
	promise_holds "systemctl restart docker" in_host systemctl restart docker
	promise_holds "dockerd killed" dockerd_crash
	promise_holds "systemctl stop and start docker" docker_stopped_and_started
	promise_holds "systemctl stop firewalld" in_host systemctl stop firewalld
	promise_holds "iptables -t nat -F without firewalld" flush_nat
	promise_holds "systemctl start firewalld" in_host systemctl start firewalld
	[ "$RELEASE" != bookworm ] ||
		assert "without the guard, firewall-cmd --reload lets them in" unguarded_reload
}

# A host without firewalld: units that are ordered after it must not hold anything up.
scenario_plain()
{
	ready "$1" || return 1
	rm -f "$RUN/$HOST/root"/etc/systemd/system/multi-user.target.wants/firewalld.service \
		"$RUN/$HOST/root"/etc/systemd/system/dbus-org.fedoraproject.FirewallD1.service
	watched_boot "boot without firewalld" || return 1
	in_host systemctl restart docker
	wait_for 60 no_jobs
	wait_for 60 allowed_in 80
	host_right "systemctl restart docker without firewalld" 80 8081
	# The sandboxed service needs no polkit to restart Docker either.
	in_host systemctl mask --now --quiet polkit.service
	in_host iptables -F
	fresh_start
	assert "iptables -F without polkit: the timer's service passes" timer_runs
	wait_for 60 allowed_in 80
	host_right "iptables -F without polkit" 80 8081
}

# The long ones first, so that none of them runs by itself at the end.
# shellcheck disable=SC2034 # used by run.sh
SCENARIOS="promise watch faults sandbox restart direct flush boot reload plain"
