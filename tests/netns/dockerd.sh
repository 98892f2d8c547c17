#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What matters while dockerd runs: that its chains are complete, the restart that
# brings them back, and other writers. dockerd is a process of that name.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/dockerd.sh
. "${0%/*}/../dockerd.sh"
GUARD=off # the guard has a suite of its own

no_nat() { ipt -t nat -F && ipt -t nat -X; }
said() { grep -q -- "$1" "$WORK/err" || { echo "not reported: $1"; cat "$WORK/err"; return 1; }; }
missing='critical docker-chains-missing' unknown='unknown docker-chains-missing'

# ---- whether dockerd runs ----

# Without Docker's chains in nat the host is correct only if dockerd does not run.
seen() { finds 2 "$missing"; }
not_seen() { finds 0 ''; }
# Its rules, if it makes any, are not in the tables of this namespace.
elsewhere() { finds 3 'unknown docker-elsewhere'; }
# No rule of such a file is parsed, in whose time processes are looked at.
elsewhere_of_broken() {
	local status
	cp "$CONF" "$WORK/whole" && dockfw 3 --repair && echo '{' >>"$CONF" || return
	finds 2 'critical configuration-broken,unknown docker-elsewhere'
	status=$?
	cp "$WORK/whole" "$CONF"
	return "$status"
}

# Process 2 of such a namespace is not kthreadd.
second_process() {
	local program=$DOCKFW DOCKFW=$WORK/second-process
	cat >"$DOCKFW" <<END
#!/bin/sh
exec unshare --pid --fork --kill-child --mount-proc sh -c '
	unshare --net "\$0" -c "import signal; signal.pause()" &
	until grep -q dockerd /proc/2/comm; do sleep 0.05; done
	"\$@"' "$WORK/bin/dockerd" "$program" "\$@"
END
	chmod +x "$DOCKFW"
	elsewhere
}

looks() {
	right
	no_nat
	try "$KIND: no dockerd" not_seen
	dockerd
	try "$KIND: dockerd without a pid file" seen
	echo 1 >/run/docker.pid
	try "$KIND: a pid file of another process" seen
	rm /run/docker.pid
	end "$dockerd"
	try "$KIND: after it ended" not_seen
	start "$WORK/bin/dockerd" -c 'import signal; print(flush=True); signal.pause()'
	try "$KIND: a process of that name without a socket" not_seen
	echo "$started" >/run/docker.pid
	try "$KIND: the same with a pid file" seen
	echo "$started and more" >/run/docker.pid
	try "$KIND: a pid file with more than a number in it" not_seen
	end "$started"
	echo "$started" >/run/docker.pid
	try "$KIND: a stale pid file" not_seen
	rm /run/docker.pid
	start "$python" -c 'import signal, socket
server = socket.socket(socket.AF_UNIX)
server.bind("\0docker")
print(flush=True)
signal.pause()'
	try "$KIND: a socket of that name without the process" not_seen
	end "$started"
	start "$python" -c 'import signal, socket, subprocess, sys
server = socket.socket(socket.AF_UNIX)
server.bind("\0docker")
ended = subprocess.Popen([sys.argv[1], "-c", "print(flush=True)"], stdout=subprocess.PIPE)
ended.stdout.read()
print(flush=True)
signal.pause()' "$WORK/bin/dockerd"
	try "$KIND: a zombie" not_seen
	end "$started"
	in_namespace=(unshare --net)
	dockerd
	echo "$dockerd" >/run/docker.pid
	try "$KIND: a dockerd in another network namespace" elsewhere
	try "$KIND: the same with a broken configuration" elsewhere_of_broken
	end "$dockerd"
	try "$KIND: as the second process of a PID namespace" second_process
	rm /run/docker.pid
	in_namespace=(unshare --user --map-root-user)
	dockerd
	try "$KIND: a rootless dockerd, whose network is elsewhere" elsewhere
	end "$dockerd"
	in_namespace=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	chmod 755 "$WORK" && chmod 777 /run/docker
	dockerd
	try "$KIND: a process of that name that does not run as root" not_seen
	restricted try "$KIND: the same from within the units" not_seen
	end "$dockerd"
	in_namespace=(unshare --net --pid --fork --kill-child)
	dockerd
	restricted try "$KIND: a dockerd in a container" not_seen
	end "$dockerd"
	in_namespace=()
	dockerd
	restricted try "$KIND: nor is one that no unit has started" not_seen
	in_unit "$dockerd"
	restricted try "$KIND: and the host's own, though it has no pid file" seen
	out_of_unit "$dockerd"
	end "$dockerd"
}

# ---- its chains ----

# one NAME FINDINGS DOCKERD'S ARGUMENT…
one() {
	local name=$1 status=0
	case $2 in
	'') ;;
	unknown*) status=3 ;;
	*) status=2 ;;
	esac
	dockerd "${@:3}"
	try "$KIND: $name" finds "$status" "$2"
	end "$dockerd"
}

chains() {
	right
	dockerd
	try "$KIND: its chains are complete" not_seen
	ipt -t nat -D PREROUTING 1
	try "$KIND: PREROUTING does not jump to them" seen
	try "$KIND: the finding says so" grep -q 'nat PREROUTING' "$WORK/out"
	right
	ipt -D FORWARD -j DOCKER-FORWARD
	try "$KIND: FORWARD does not jump to them" seen
	right
	ipt -F && ipt -X DOCKER && ipt -X DOCKER-ISOLATION-STAGE-1 && ipt -X DOCKER-ISOLATION-STAGE-2 &&
		ipt -X DOCKER-CT && ipt -X DOCKER-BRIDGE && ipt -X DOCKER-FORWARD
	ipt -X DOCKER-USER
	try "$KIND: filter has none" finds 2 \
		"$missing,critical user-chain-missing,critical user-jump-missing,critical rule-missing"
	try "$KIND: the finding says so" grep -q "Docker's chains in filter:" "$WORK/out"
	ipt -N DOCKER-BLOCK && ipt -I FORWARD -j DOCKER-BLOCK
	try "$KIND: another program's chain with such a name does not count" finds 2 \
		"$missing,critical user-chain-missing,critical user-jump-missing,critical rule-missing"
	clear_tables
	try "$KIND: nothing is left" finds 2 \
		"$missing,critical user-chain-missing,critical user-jump-missing,critical rule-missing"
	end "$dockerd"

	right
	no_nat
	one "dockerd with iptables switched off" '' --iptables=false
	one "or switched on" "$missing" --iptables
	one "with one of Go's values" "$missing" --iptables=T
	echo '{ "iptables": false }' >/etc/docker/daemon.json
	one "switched off in its file" '' --debug
	one "the option overrides the file" "$missing" --iptables=true
	mv /etc/docker/daemon.json "$WORK/elsewhere.json"
	one "switched off in a file of another name" '' --config-file "$WORK/elsewhere.json"
	one "which is given in Go's other form" '' "--config-file=$WORK/elsewhere.json"
	one "but not if dockerd was not started with it" "$missing" --config-file
	one "a file that is gone leaves it unknown" "$unknown" "--config-file=$WORK/nowhere.json"
	try "$KIND: and is named" grep -q "$WORK/nowhere.json' cannot be read: No such file" "$WORK/out"
	echo '{ "iptables": "no" }' >/etc/docker/daemon.json
	one "a file with an invalid value leaves it unknown" "$unknown"
	echo '{ "iptables": false' >/etc/docker/daemon.json
	one "so does a file that is not JSON" "$unknown"
	one "unless the option is given" "$missing" --iptables
	one "also if it switches iptables off" '' --iptables=false
	# Longer than any buffer: the setting comes last.
	{
		echo '{ "labels": ['
		yes '"a label like many others",' | head -n 2000
		echo '"the last one"], "iptables": false }'
	} >/etc/docker/daemon.json
	one "a long file is read whole" ''
	rm /etc/docker/daemon.json
	mapfile -t long < <(yes -- --label=like-many-others | head -n 2000)
	one "so is a long command line" '' "${long[@]}" --iptables=false
	right
	one "IPv6 is not expected" ''
	one "unless dockerd has the option" "$missing" --ip6tables
	echo '{ "ip6tables": true }' >/etc/docker/daemon.json
	one "or the setting in its file" "$missing"
	one "but not if the option switches it off" '' --ip6tables=false
	rm /etc/docker/daemon.json
	load docker-28.5.ipv6 ip6tables
	ip6tables-"$KIND" -t nat -F && ip6tables-"$KIND" -t nat -X
	dockerd
	try "$KIND: what is left of Docker in IPv6 also shows it" dockfw 2 -6
	try "$KIND: the finding is reported" grep -q docker-chains-missing "$WORK/out"
	end "$dockerd"
}

# Docker up to 27 creates its IPv6 chains, and jumps to them only if there is an IPv6 network.
no_network() {
	local command=ip6tables-$KIND

	clear_tables
	write_conf </dev/null
	load docker-26 && load docker-27.ipv6 ip6tables
	dockerd
	try "$KIND: Docker 27 without an IPv6 network" not_seen
	"$command" -I FORWARD 2 -j DOCKER-ISOLATION-STAGE-1
	try "$KIND: with an internal one" not_seen
	"$command" -D FORWARD -j DOCKER-ISOLATION-STAGE-1
	"$command" -A DOCKER -d fd00:17::2 -j ACCEPT
	try "$KIND: with a port, its jumps are gone" seen
	"$command" -F DOCKER
	"$command" -t nat -A DOCKER -i docker0 -j RETURN
	try "$KIND: the same with a rule in nat" seen
	"$command" -t nat -F DOCKER
	"$command" -A FORWARD -o docker0 -j DOCKER
	try "$KIND: and with one of two jumps" seen
	"$command" -F DOCKER-ISOLATION-STAGE-1
	"$command" -D FORWARD -o docker0 -j DOCKER
	try "$KIND: after filter was flushed" seen
	end "$dockerd"
}

# ---- the restart ----

called() { # NUMBER
	[ "$(grep -cx 'restart docker.service' "$WORK/systemctl")" = "$1" ] && return
	echo "not $1 calls of systemctl:"
	cat "$WORK/systemctl"
	return 1
}
laid() { ipt -S DOCKER-USER | grep -q REJECT && ipt -t nat -S DOCKER | grep -q DNAT; }

not() { ! "$@"; }
restarts() {
	local lay="iptables-$KIND-restore <'$LAYOUTS/docker-28.5.rules'"

	right
	no_nat
	dockerd
	systemctl_is <<<"$lay"
	try "$KIND: no restart unless requested" dockfw 2 --repair
	sed -i '1i docker-recovery = "restart"' "$CONF"
	try "$KIND: no restart in a dry run" dockfw 2 --repair --dry-run
	try "$KIND: … which says that there would be one" grep -q '^CRITICAL: .*a repair would restart docker.service' "$WORK/out"
	try "$KIND: … also in JSON" dockfw 2 --repair --dry-run --format=json
	try "$KIND: … as a field" jq -e '.docker_restarted' "$WORK/out"
	try "$KIND: no restart by a check" dockfw 2
	try "$KIND: … nor a word of one" not grep -q 'restart docker.service[^;]*$' <(head -n 1 "$WORK/out")
	sed -i 1d "$CONF"
	try "$KIND: so systemctl was not called" [ ! -e "$WORK/systemctl" ]
	try "$KIND: a restart" dockfw 0 --repair --restart-docker
	try "$KIND: is reported" grep -q 'restarted' "$WORK/out"
	try "$KIND: is requested from systemctl" called 1
	try "$KIND: Docker's chains are back, and the configured rules are in force" laid

	sed -i '1i docker-recovery = "restart"' "$CONF"
	no_nat
	try "$KIND: not again within the hour" dockfw 2 --repair
	try "$KIND: that is reported" said 'within the last hour'
	try "$KIND: systemctl was not called again" called 1
	try "$KIND: nor would it be" dockfw 2 --repair --dry-run
	try "$KIND: … as a dry run says" not grep -q 'would restart' "$WORK/out"
	touch -d '61 minutes ago' /run/dockfw/docker-restarted
	try "$KIND: by the configuration, an hour later" dockfw 0 --repair
	try "$KIND: systemctl was called again" called 2
	no_nat
	touch -d 'tomorrow' /run/dockfw/docker-restarted
	try "$KIND: after the clock was set back" dockfw 0 --repair
	no_nat
	try "$KIND: within the hour with --restart-docker" dockfw 0 --repair --restart-docker
	try "$KIND: systemctl was called both times" called 4

	no_nat
	systemctl_is <<<"(sleep 0.5; $lay) >/dev/null 2>&1 &"
	try "$KIND: the repair waits for chains that come later" dockfw 0 --repair --restart-docker
	no_nat
	systemctl_is <<<'exit 0'
	try "$KIND: but not for ever" dockfw 2 --repair --restart-docker --wait=1
	systemctl_is <<<'exit 5'
	try "$KIND: a restart that fails" dockfw 3 --repair --restart-docker
	try "$KIND: is reported" said 'failed with status 5'
	try "$KIND: with all that was found" grep -q '^critical  docker-chains-missing ' "$WORK/out"
	try "$KIND: and does not count" [ ! -e /run/dockfw/docker-restarted ]
	try "$KIND: so it is tried again" dockfw 3 --repair
	ipt -F DOCKER-USER
	try "$KIND: with edits that were written" dockfw 3 --repair
	try "$KIND: they are reported" grep -qE "^UNKNOWN: .*failed with status 5.*; repaired with [2-9] edits; [1-9] finding" "$WORK/out"
	try "$KIND: each of them" grep -qE '^  \+ .* -j REJECT' "$WORK/out"
	ipt -F DOCKER-USER
	try "$KIND: json" dockfw 3 --repair --format=json
	try "$KIND: has them, too" jq -e '.written and (.edits | length >= 2) and any(.findings[]; .id == "docker-chains-missing") and .exit == 3' "$WORK/out"
	# shellcheck disable=SC2016 # the script's
	systemctl_is <<<'kill -KILL $$'
	try "$KIND: a systemctl that is killed" dockfw 3 --repair --restart-docker
	systemctl_is <<<'exec sleep 1000'
	try "$KIND: one that does not end" dockfw 3 --repair --restart-docker --timeout=5
	try "$KIND: is reported" said 'restarting docker.service'
	try "$KIND: and is killed" no_sleeper
	ipt -F DOCKER-USER
	try "$KIND: after a write" dockfw 3 --repair --restart-docker --timeout=5
	try "$KIND: the write is reported" grep -qE '^UNKNOWN: timed out .*; apart from that, repaired with' "$WORK/out"
	names_nothing() { ! grep -E '^(repaired|critical|warning) ' "$WORK/out"; }
	try "$KIND: what is left is not known" names_nothing
	systemctl_is <<<"$lay"
	try "$KIND: so Docker is restarted by the next run" dockfw 0 --repair
	try "$KIND: by systemctl" called 1
	no_nat
	try "$KIND: and not again" dockfw 2 --repair
	# On a host with systemd, it may still be restarting Docker.
	mkdir -p /run/systemd/system && : >/run/dockfw/docker-restarted
	# shellcheck disable=SC2016 # the script's
	systemctl_is <<<'[ "$1" != is-failed ]'
	try "$KIND: nor while systemd may still restart it" dockfw 2 --repair
	try "$KIND: that is reported" said 'its end was not seen'
	systemctl_is <<<"$lay"
	try "$KIND: but if that has failed" dockfw 0 --repair
	no_nat
	rm -r /run/systemd /run/dockfw/docker-restarted
	systemctl_is <<<'trap "" TERM; while :; do read -t 1 <> <(:); done'
	try "$KIND: nor one that ignores SIGTERM" gives 3 timeout -k 1 10 \
		"$DOCKFW" -f "$CONF" -b "$KIND" --repair --restart-docker --timeout=3
	rm -f /run/dockfw/docker-restarted "$WORK/systemctl"
	systemctl_is <<<"$lay"
	echo '{ "iptables": false' >/etc/docker/daemon.json
	no_nat
	try "$KIND: no restart if the settings cannot be read" dockfw 3 --repair
	try "$KIND: systemctl was not called" [ ! -e "$WORK/systemctl" ]
	rm /etc/docker/daemon.json
	rm /usr/bin/systemctl
	try "$KIND: no systemctl" dockfw 3 --repair --restart-docker
	try "$KIND: is reported" said '/usr/bin/systemctl'
	systemctl_is <<<"$lay"
	echo precious >"$WORK/precious"
	ln -sf "$WORK/precious" /run/dockfw/docker-restarted
	touch -d '2 hours ago' "$WORK/precious"
	try "$KIND: a link in place of the file that records the restart" dockfw 3 --repair --restart-docker
	try "$KIND: is reported" said '/run/dockfw/docker-restarted'
	rm -r /run/dockfw
	touch /run/dockfw
	try "$KIND: a file in place of its folder" dockfw 3 --repair --restart-docker
	try "$KIND: is reported" said '/run/dockfw'
	rm /run/dockfw
	try "$KIND: nothing was restarted" [ ! -e "$WORK/systemctl" ]
	end "$dockerd"
}
no_sleeper() { ! pgrep -f '^sleep 1000$'; }

# ---- other writers ----

# A writer without pause; its priority is higher, so that no repair lasts long.
undo() {
	while :; do
		"iptables-$KIND" -w -D FORWARD -j DOCKER-USER && echo undone
	done 2>/dev/null >"$WORK/undone" &
	writer=$!
	renice -n -10 "$writer" >/dev/null
	until [ -s "$WORK/undone" ]; do sleep 0.01; done
}
undone() { [ "$(wc -l <"$WORK/undone")" -ge 3 ] || { wc -l "$WORK/undone"; return 1; }; }

# On a reload with many networks dockerd writes for seconds; strace shows how long each sleep is.
patient() {
	local slept
	LSAN_OPTIONS=detect_leaks=0 strace -qq -e trace=clock_nanosleep -o "$WORK/trace" \
		"$DOCKFW" -f "$CONF" -b "$KIND" --repair >"$WORK/out"
	# Between two attempts of one round it sleeps at most 50 ms.
	slept=$(sed -nE 's/.*\{tv_sec=([0-9]+), tv_nsec=([0-9]+)\}, .*/\1.\2/p' "$WORK/trace" |
		grep -E '^[1-9]|[0-9]{9}$' | tail -n 3 | xargs)
	[ "$slept" = '0.500000000 1.0 2.0' ] || { cat "$WORK/trace"; return 1; }
}

contests() {
	right
	dockerd
	undo
	try "$KIND: a writer that undoes repairs is not fought for ever" dockfw 2 --repair --format=json
	cp "$WORK/out" "$WORK/told"
	try "$KIND: they were undone" undone
	if [ "$KIND" = nft ]; then
		try "$KIND: each round gives it more time" patient
		sed -i '1i ignore = { "contested", "user-jump-missing" }' "$CONF"
		try "$KIND: an ignored finding is not reported" dockfw 0 --repair
		sed -i 1d "$CONF"
	fi
	end "$writer"
	cp "$WORK/told" "$WORK/out"
	try "$KIND: it is reported" jq -e 'any(.findings[]; .id == "contested" and .severity == "critical")' "$WORK/out"
	try "$KIND: with what was undone" jq -e 'any(.findings[]; .message | contains("FORWARD never jumps to"))' "$WORK/out"
	try "$KIND: once the writer has ended, a repair lasts" dockfw 0 --repair
	end "$dockerd"
}

# takes_out TIMES: removes the jump in the background while a repair stays and listens for changes.
takes_out() {
	local time
	for ((time = 0; time < $1; time++)); do
		# A socket of nfnetlink (12) that is a member of a group.
		until awk '$2 == 12 && $4 != "00000000" { found = 1 } END { exit !found }' /proc/net/netlink &&
			ipt -S FORWARD | grep -q -- '-j DOCKER-USER'; do
			sleep 0.01
		done
		ipt -D FORWARD -j DOCKER-USER
	done &
	writer=$!
}
stays() {
	right
	ipt -D FORWARD -j DOCKER-USER
	dockerd
	takes_out 1
	try "undone while the repair stays: it repairs again" dockfw 0 --repair --wait=60 --format=json
	try "and says so" said 'another writer undid the repair: .*FORWARD never jumps to'
	try "the report has what was found" jq -e 'any(.found[]; .id == "user-jump-missing")' "$WORK/out"
	try "it was undone" wait "$writer"
	try "the host is correct" finds 0 ''
	takes_out 1000
	try "undone again and again: it gives up" dockfw 2 --repair --wait=60 --format=json
	end "$writer"
	try "it is reported" jq -e 'any(.findings[]; .id == "contested" and .severity == "critical")' "$WORK/out"
	end "$dockerd"
}

for KIND in nft legacy; do
	looks
	chains
	no_network
	restarts
	contests
done
KIND=nft
stays
finish
