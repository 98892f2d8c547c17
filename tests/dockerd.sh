# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034 # what the caller uses
#
# Sourced behind lib.sh: processes that the program takes for dockerd and for
# docker-proxy, and a systemctl of the test's own. /etc and /usr/bin can be
# written in, and nobody else sees it.

mkdir -p "$WORK/bin" /run/docker /run/over/{etc,bin}-{upper,work} &&
	mount -t overlay -o lowerdir=/etc,upperdir=/run/over/etc-upper,workdir=/run/over/etc-work overlay /etc &&
	mount -t overlay -o lowerdir=/usr/bin,upperdir=/run/over/bin-upper,workdir=/run/over/bin-work overlay /usr/bin &&
	mkdir -p /etc/docker && rm -f /etc/docker/daemon.json /usr/bin/systemctl || exit 1
python=$(python3 -c "import os, sys; print(os.path.realpath(sys.executable))") && ln -s "$python" "$WORK/bin/dockerd" &&
	ln -s dockerd "$WORK/bin/docker-proxy" || exit 1

# A right host as Docker 28 makes it.
right() {
	clear_tables
	two_rules
	load docker-28.5 &&
		ipt -I DOCKER-USER -i ens3 -p tcp --dport 80 -j REJECT &&
		ipt -I DOCKER-USER -i ens3 -p tcp --dport 80 -s 203.0.113.123 -j RETURN
}

# start COMMAND…: in the background, until it has written a line. Its number is $started.
start() {
	local said
	exec {said}< <(exec "$@" </dev/null 2>/dev/null)
	started=$!
	read -r -u "$said" || { echo "'$*' has not started"; return 1; }
	exec {said}<&-
}
end() { # NUMBER…
	[ $# -gt 0 ] || return
	kill -KILL "$@" 2>/dev/null
	wait "$@" 2>/dev/null
	true
}

# dockerd [ARGUMENT…]: with a socket of its own, but no pid file. Its number is $dockerd.
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

# proxy ARGUMENT…: a docker-proxy that listens on $listen ("::" or "0.0.0.0") and $port.
proxy() {
	start "$WORK/bin/docker-proxy" -c '
import signal, socket, sys
name, port = sys.argv[1:3]
server = socket.socket(socket.AF_INET6 if ":" in name else socket.AF_INET)
server.bind((name, int(port)))
server.listen()
print(flush=True)
signal.pause()' "$listen" "$port" "$@" && proxies+=("$started")
}
listen=:: port=80 proxies=()

# systemctl_is: a script from stdin; what it was called with is in $WORK/systemctl.
systemctl_is() {
	rm -f "$WORK/systemctl"
	{
		echo '#!/bin/bash'
		echo "echo \"\$*\" >>'$WORK/systemctl'"
		cat
	} >/usr/bin/systemctl && chmod 755 /usr/bin/systemctl
}
