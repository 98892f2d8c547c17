#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# One host under test: an overlay over a release's root, a systemd, a network
# namespace of the host's, and another one that is the world outside.
#
# A worker tests one host at a time, with its own copy of these variables:
#   RELEASE BACKEND   bookworm|trixie|testing, nft|legacy|native
#   HOST              name of the host, of its folder in $RUN and of its namespaces
#   PID NSPAWN        PIDs of the host's systemd and of systemd-nspawn, 0 while it is off
#   TITLE             prefix of the results

HOST4=198.51.100.10
HOST6=2001:db8:51::10
ALLOWED="203.0.113.123 2001:db8:113::123"
REFUSED="203.0.113.200 198.51.100.77 2001:db8:113::200 2001:db8:51::77"

RULES4='-A DOCKER-USER -s 203.0.113.123/32 -i ens3 -p tcp -m tcp --dport 80 -m comment --comment dockfw -j RETURN
-A DOCKER-USER -i ens3 -p tcp -m tcp --dport 80 -m comment --comment dockfw -j REJECT --reject-with icmp-port-unreachable'
RULES6='-A DOCKER-USER -s 2001:db8:113::123/128 -i ens3 -p tcp -m tcp --dport 80 -m comment --comment dockfw -j RETURN
-A DOCKER-USER -i ens3 -p tcp -m tcp --dport 80 -m comment --comment dockfw -j REJECT --reject-with icmp6-port-unreachable'

PID=0
NSPAWN=0
KNOCKERS=()

# --- results -----------------------------------------------------------------

ok() { echo "ok - $TITLE: $1"; }

note() { echo "# $TITLE: $1"; }

# Details after a failure.
detail() { sed 's/^/#     /'; }

not_ok() { echo "not ok - $TITLE: $1"; }

# Runs the command. Its output is shown if it fails, its output to descriptor 3 in
# any case.
assert() # NAME COMMAND…
{
	local name=$1 out
	shift
	if out=$("$@" 2>&1); then
		ok "$name"
	else
		not_ok "$name"
		printf '%s\n' "$out" | detail
		return 1
	fi
}

# Runs the command again and again until it succeeds; fails after SECONDS.
wait_for() # SECONDS COMMAND…
{
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -le "$end" ] || return 1
		sleep 0.1
	done
}

# --- network -----------------------------------------------------------------

outside() { ip netns exec "$HOST-out" "$@"; }

# New namespaces at each boot: the tables of a host end with it.
net_up()
{
	local in=$HOST-in out=$HOST-out address
	net_down
	ip netns add "$in" && ip netns add "$out" || return 1
	ip -n "$out" link add wan type veth peer name ens3 netns "$in" || return 1
	for address in 198.51.100.1/24 198.51.100.77/24 203.0.113.123/32 203.0.113.200/32 \
		2001:db8:51::1/64 2001:db8:51::77/64 2001:db8:113::123/128 2001:db8:113::200/128; do
		case $address in
		*:*) ip -n "$out" addr add "$address" dev wan nodad || return 1 ;;
		*) ip -n "$out" addr add "$address" dev wan || return 1 ;;
		esac
	done
	ip -n "$in" addr add $HOST4/24 dev ens3 &&
		ip -n "$in" addr add $HOST6/64 dev ens3 nodad &&
		ip -n "$in" link set lo up && ip -n "$in" link set ens3 up &&
		ip -n "$out" link set lo up && ip -n "$out" link set wan up &&
		ip -n "$in" route add default via 198.51.100.1 &&
		ip -n "$in" -6 route add default via 2001:db8:51::1
}

net_down()
{
	ip netns del "$HOST-in" 2>/dev/null
	ip netns del "$HOST-out" 2>/dev/null
	return 0
}

target() # SOURCE
{
	case $1 in *:*) echo $HOST6 ;; *) echo $HOST4 ;; esac
}

knock() # SOURCE PORT
{
	outside "$RUN/knock" "$1" "$(target "$1")" "$2"
}

# Starts clients that connect without pause until knockers_end; PORT is 80 by default.
knockers_begin() # SOURCE[,PORT]…
{
	local client source port pause
	KNOCKERS=()
	for client; do
		IFS=, read -r source port <<<"$client,80"
		# The server starts a process for each answer. Whether allowed clients get any is all that
		# matters; the others must not find a gap of few milliseconds.
		pause=4
		[[ " $ALLOWED " != *" $source "* ]] || pause=20
		ip netns exec "$HOST-out" "$RUN/knock" -l $pause "$source" "$(target "$source")" "${port%,*}" \
			>"$RUN/$HOST.knock.$client" 2>&1 &
		KNOCKERS+=($!)
	done
}

knockers_end()
{
	[ ${#KNOCKERS[@]} -gt 0 ] || return 0
	# Whoever gets in by now has been answered once.
	sleep 0.1
	kill "${KNOCKERS[@]}"
	wait "${KNOCKERS[@]}"
	KNOCKERS=()
}

# How often that client was answered while the knockers ran.
answers() # SOURCE[,PORT]
{
	local tries=0 count=-1 when
	read -r tries count when <"$RUN/$HOST.knock.$1"
	case $tries in '' | 0 | *[!0-9]*) count=-1 ;; esac
	echo "$count $when"
}

# --- the host ----------------------------------------------------------------

# A command that has not ended by then never will: it is killed, and has failed.
HANGS_AFTER=300

in_host() # COMMAND…
{
	local began=$SECONDS status=0
	timeout -k 10 $HANGS_AFTER nsenter -t "$PID" -m -u -i -n -p -C -r -w -- \
		env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C "$@" </dev/null || status=$?
	[ $((SECONDS - began)) -lt $HANGS_AFTER ] || command_hangs "$@" >&3
	return $status
}

# If Docker, firewalld or systemd never answers, that says nothing about the program;
# if dockfw-check does not end, the program has failed.
command_hangs() # COMMAND…
{
	not_ok "'$*' ends within $HANGS_AFTER s"
	[ "$1" = dockfw-check ] || host_is_ill "'$*' hangs"
	host_at
}

# Shows what the host is doing, to help find out why.
host_at()
{
	local look
	[ "$PID" -ne 0 ] || return 0
	for look in 'ps -eo pid,ppid,stat,wchan:24,etimes,args' 'systemctl list-jobs --no-pager' \
		'journalctl -q --no-pager -n 30 -o short-precise'; do
		# shellcheck disable=SC2086 # words of a command
		timeout 30 nsenter -t "$PID" -m -n -p -r -- $look 2>&1 | detail
	done
}

# Marks the host as ill; the scenario is run once more on a new host.
host_is_ill() # WHY
{
	note "the host is ill: $1"
	: >"$RUN/$HOST.ill"
}

# Creates a host from the program's layer, or from a host that is off.
host_new() # NAME [FROM]
{
	local lower
	lower=$RUN/built-$RELEASE/upper:$(root_path "$RELEASE")
	[ $# -lt 2 ] || lower=$RUN/$2/upper:$lower
	HOST=$1
	mkdir -p "$RUN/$HOST/upper" "$RUN/$HOST/work" "$RUN/$HOST/root"
	# redirect_dir: dockerd renames folders that may be in a lower layer.
	mount -t overlay dockfw-host -o \
		"redirect_dir=on,lowerdir=$lower,upperdir=$RUN/$HOST/upper,workdir=$RUN/$HOST/work" "$RUN/$HOST/root"
}

# Two hosts in one control group would share the groups of their units.
cgroup_path()
{
	awk -v host="$HOST" '
		FILENAME == "/proc/self/mounts" && $3 == "cgroup2" && !root { root = $2 }
		FILENAME == "/proc/self/cgroup" && /^0::/ { own = substr($0, 4) }
		END { if (!root) exit 1; print root (own == "/" ? "" : own) "/" host }' \
		/proc/self/mounts /proc/self/cgroup
}

cgroup_remove()
{
	local path
	# With the legacy hierarchies systemd-nspawn creates another one of that name.
	find /sys/fs/cgroup -maxdepth 4 -type d -name "$HOST" 2>/dev/null | while read -r path; do
		find "$path" -depth -type d -exec rmdir {} + 2>/dev/null
	done
}

# Runs the command in the host's control group.
in_cgroup() # COMMAND…
{
	local path
	path=$(cgroup_path) && mkdir -p "$path" && echo $BASHPID >"$path/cgroup.procs" || return 1
	exec "$@"
}

host_pid()
{
	PID=$(ps -o pid=,comm= --ppid "$NSPAWN" | awk '$2 == "systemd" { print $1 }')
	[ -n "$PID" ]
}

no_jobs() { in_host systemctl list-jobs --no-legend | awk 'END { exit NR > 0 }'; }

started() { in_host systemctl is-system-running | grep -qxE 'running|degraded' && no_jobs; }

# More than the units may take: the longest has TimeoutStartSec=210.
BOOTS_WITHIN=240

# Starts the host and returns when it has booted.
host_boot()
{
	net_up || return 1
	[ $# -eq 0 ] || knockers_begin "$@"
	in_cgroup env SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 SYSTEMD_NSPAWN_API_VFS_WRITABLE=network \
		systemd-nspawn -D "$RUN/$HOST/root" -M "$HOST" --register=no --keep-unit \
		--network-namespace-path="/run/netns/$HOST-in" --boot --console=read-only \
		--capability=all --system-call-filter='@keyring bpf' \
		>>"$RUN/$HOST/console" 2>&1 </dev/null &
	NSPAWN=$!
	if ! wait_for 20 host_pid || ! wait_for $BOOTS_WITHIN started; then
		not_ok "boots within $BOOTS_WITHIN s"
		if [ "$PID" -eq 0 ] || ! in_host systemctl list-jobs >/dev/null 2>&1; then
			host_is_ill "its systemd does not answer"
		elif ! in_host systemctl list-jobs --no-legend | grep -q 'dockfw.*running'; then
			host_is_ill "it waits for others than dockfw-check"
		fi
		host_at
		tail -n 15 "$RUN/$HOST/console" | tr -cd '[:print:]\n' | detail
		return 1
	fi
}

nspawn_ended() { ! kill -0 "$NSPAWN" 2>/dev/null; }

# Shuts the host down in order; after half a minute, pulls the plug.
host_off()
{
	[ "$NSPAWN" -ne 0 ] || return 0
	in_host systemctl poweroff >/dev/null 2>&1
	wait_for 30 nspawn_ended || kill -KILL "$PID" "$NSPAWN" 2>/dev/null
	wait "$NSPAWN" 2>/dev/null
	NSPAWN=0 PID=0
	cgroup_remove
	net_down
}

# Pulls the plug, without a request to shut down.
host_kill()
{
	knockers_end
	if [ "$NSPAWN" -ne 0 ]; then
		[ "$PID" -eq 0 ] || kill -KILL "$PID" 2>/dev/null
		wait_for 5 nspawn_ended || kill -KILL "$NSPAWN" 2>/dev/null
		wait "$NSPAWN" 2>/dev/null
	fi
	NSPAWN=0 PID=0
	cgroup_remove
	net_down
}

host_remove()
{
	host_kill
	umount "$RUN/$HOST/root" 2>/dev/null
	[ -n "${KEEP:-}" ] || rm -rf "${RUN:?}/$HOST"
}

# --- what must hold ----------------------------------------------------------

iptables_of() { case $1 in 4) echo iptables ;; 6) echo ip6tables ;; esac; }

# On each of the ports, the allowed clients get in and the others do not.
clients_right() # PORT…
{
	local port source said bad=0
	for port; do
		for source in $ALLOWED; do
			said=$(knock "$source" "$port")
			[ "$said" = answered ] ||
				{ echo "$source is allowed, port $port: $said"; bad=1; }
		done
		for source in $REFUSED; do
			said=$(knock "$source" "$port")
			[ "$said" = refused ] || [ "$said" = silent ] ||
				{ echo "$source is not allowed, port $port: $said"; bad=1; }
		done
	done
	return $bad
}

# In iptables' own listing: one unconditional jump to DOCKER-USER before any of
# Docker's rules, and the configured rules at the head of the chain. With nftables
# Docker has no rule there.
listing_right() # 4|6
{
	local command forward user rules
	[ "$BACKEND" != native ] || return 0
	command=$(iptables_of "$1")
	[ "$1" = 4 ] && rules=$RULES4 || rules=$RULES6
	forward=$(in_host "$command" -S FORWARD)
	user=$(in_host "$command" -S DOCKER-USER)
	printf '%s\n' "$forward" "$user"
	[ "$(grep -c -- '-j DOCKER-USER' <<<"$forward")" -eq 1 ] || return 1
	[ "$(grep -m1 -E -- '-[ij] .*(ACCEPT|DOCKER)' <<<"$forward")" = '-A FORWARD -j DOCKER-USER' ] ||
		return 1
	[ "$(grep '^-A' <<<"$user" | head -n 2)" = "$rules" ]
}

check_right() { in_host dockfw-check; }

# A container that does not even answer its own host, where no rule of DOCKER-USER
# filters, is not a fault of the program.
containers_answer()
{
	local name address here
	for name in $(in_host docker ps -aq); do
		# shellcheck disable=SC2016 # a template of Docker's
		for address in $(in_host docker inspect -f \
			'{{range .NetworkSettings.Networks}}{{.IPAddress}} {{.GlobalIPv6Address}} {{end}}' "$name"); do
			here=$(ip -n "$HOST-in" -o route get "$address" | sed -n 's/.* src \([^ ]*\).*/\1/p')
			[ "$(ip netns exec "$HOST-in" "$RUN/knock" "$here" "$address" 80)" = answered ] ||
				{ echo "container $name does not answer its host at '$address' from '$here'"; return 1; }
		done
	done
}

# The containers are up, and their IPv6 addresses can be used.
allowed_in() # PORT…
{
	local port source
	for port; do
		for source in $ALLOWED; do
			knock "$source" "$port" || return 1
		done
	done
}

# Checks everything that must hold on a correct host.
host_right() # WHEN PORT…
{
	local when=$1 why
	shift
	wait_for 20 allowed_in "$@"
	assert "$when: the allowed clients get in, the others do not" clients_right "$@" &&
		assert "$when: IPv4 order and rules" listing_right 4 &&
		assert "$when: IPv6 order and rules" listing_right 6 &&
		assert "$when: dockfw-check exits 0" check_right && return
	why=$(containers_answer) || host_is_ill "$why" >&3
	in_host docker ps -a | detail
	in_host sh -c 'iptables-save; ip6tables-save' | grep -v '^#' | detail
	in_host journalctl -q --no-pager -n 12 -o short-precise -t dockfw-check | detail
	in_host journalctl -q --no-pager -n 15 -o short-precise -t systemd -u 'dockfw-*' \
		-u docker -u firewalld | detail
	return 1
}

# Waits until nothing has written to the tables for a second: dockerd and firewalld
# have finished what they began.
settle()
{
	local left=60 same=0 before now
	before=$(tables_now)
	while [ $same -lt 5 ] && [ $left -gt 0 ]; do
		sleep 0.2
		now=$(tables_now)
		if [ "$now" = "$before" ]; then same=$((same + 1)); else same=0; fi
		before=$now
		left=$((left - 1))
	done
}

tables_now()
{
	in_host sh -c 'iptables -S; ip6tables -S; iptables -t nat -S; nft list tables' 2>/dev/null |
		cksum
}

# The timer's service, as it runs each minute.
timer_runs() { in_host systemctl start dockfw-timed.service; }

unit_is() # UNIT STATE
{
	in_host systemctl is-active "$1" | grep -qx "$2"
}
