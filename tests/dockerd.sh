# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034 # used by the caller
#
# Sourced after lib.sh: processes that the program takes for dockerd and docker-proxy,
# and a fake systemctl. /etc and /usr/bin are overlays: nothing outside of the test
# sees what is written there.

mkdir -p "$WORK/bin" /run/docker /run/over/{etc,bin}-{upper,work} &&
	mount -t overlay -o lowerdir=/etc,upperdir=/run/over/etc-upper,workdir=/run/over/etc-work overlay /etc &&
	mount -t overlay -o lowerdir=/usr/bin,upperdir=/run/over/bin-upper,workdir=/run/over/bin-work overlay /usr/bin &&
	mkdir -p /etc/docker && rm -f /etc/docker/daemon.json /usr/bin/systemctl || exit 1
python=$(python3 -c "import os, sys; print(os.path.realpath(sys.executable))") && ln -s "$python" "$WORK/bin/dockerd" &&
	ln -s dockerd "$WORK/bin/docker-proxy" || exit 1

# A correct host as Docker 28 sets it up.
right() {
	clear_tables
	two_rules
	load docker-28.5 &&
		ipt -I DOCKER-USER -i ens3 -p tcp --dport 80 -j REJECT &&
		ipt -I DOCKER-USER -i ens3 -p tcp --dport 80 -s 203.0.113.123 -j RETURN
}

# start COMMAND…: in the background; returns when it has printed a line. Its PID is $started.
start() {
	local said
	exec {said}< <(exec "$@" </dev/null 2>/dev/null)
	started=$!
	read -r -u "$said" || { echo "'$*' did not start"; return 1; }
	exec {said}<&-
}
end() { # PID…
	[ $# -gt 0 ] || return
	kill -KILL "$@" 2>/dev/null
	wait "$@" 2>/dev/null
	true
}

# dockerd [ARGUMENT…]: with its own socket, but without a pid file. Its PID is $dockerd.
dockerd() {
	rm -f /run/docker/metrics.sock
	start "${in_namespace[@]}" "$WORK/bin/dockerd" -c '
import signal, socket
server = socket.socket(socket.AF_UNIX)
server.bind("/run/docker/metrics.sock")
server.listen()
print(flush=True)
signal.pause()' "$@" && dockerd=$started
}
in_namespace=()

# proxy ARGUMENT…: a docker-proxy that listens on $listen ("::" or "0.0.0.0") and $port. One with
# "-host-ip ::" is for IPv6 only, unless "-dual" follows.
proxy() {
	start "$WORK/bin/docker-proxy" -c '
import signal, socket, sys
name, port = sys.argv[1:3]
server = socket.socket(socket.AF_INET6 if ":" in name else socket.AF_INET)
if ":" in name:
    only = "::" in sys.argv[3:] and "-dual" not in sys.argv
    server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only)
server.bind((name, int(port)))
server.listen()
print(flush=True)
signal.pause()' "$listen" "$port" "$@" && proxies+=("$started")
}
listen=:: port=80 proxies=()

# restricted COMMAND…: as in the units, without access to processes with more privileges.
restricted() {
	local DOCKFW=$WORK/restricted
	"$@"
}
cat >"$WORK/restricted" <<-END
	#!/bin/sh
	exec setpriv --bounding-set -sys_ptrace --inh-caps -sys_ptrace '$DOCKFW' "\$@"
END
chmod +x "$WORK/restricted"

# groups PID TEXT: the control groups of that process, as /proc shows them from now on.
groups() {
	umount -q "/proc/$1/cgroup"
	printf '%b' "$2" >"$WORK/groups-$1"
	mount --bind "$WORK/groups-$1" "/proc/$1/cgroup"
}
# in_unit PID: the process is the one of docker.service, on a host with systemd.
in_unit() { groups 1 '0::/init.scope\n' && groups "$1" '0::/system.slice/docker.service\n'; }
out_of_unit() { umount /proc/1/cgroup "/proc/$1/cgroup"; }

# systemctl_is: a script from stdin; the arguments of its calls are in $WORK/systemctl.
systemctl_is() {
	rm -f "$WORK/systemctl"
	{
		echo '#!/bin/bash'
		echo "echo \"\$*\" >>'$WORK/systemctl'"
		cat
	} >/usr/bin/systemctl && chmod 755 /usr/bin/systemctl
}
