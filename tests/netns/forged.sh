#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Processes that pass themselves off as dockerd or docker-proxy, and settings that root
# must not open: each is left out, whatever it is named and wherever it runs.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/dockerd.sh
. "${0%/*}/../dockerd.sh"
GUARD=off
KIND=nft
chmod 755 "$WORK"

seen() { finds 2 'critical docker-chains-missing'; }
not_seen() { finds 0 ''; }
# It is certainly not this host's, and its ports are not known.
elsewhere() { finds 3 'unknown docker-elsewhere'; }
doubted() { # TEXT
	finds 3 'unknown docker-chains-missing' && grep -q -- "$1" "$WORK/out" && return
	cat "$WORK/out"
	return 1
}

# named FILE [COMMAND…]: a process with that program, and the PID file that names it.
named() {
	local file=$1
	shift
	# shellcheck disable=SC2016 # the script's
	start bash -c 'echo; exec "$@" 1000' - "$@" "$file" || return 1
	until [ "$(pgrep -x "${file##*/}" | wc -l)" = 1 ]; do sleep 0.01; done
	pgrep -x "${file##*/}" >/run/docker.pid
}

right
ipt -t nat -F && ipt -t nat -X
mkdir "$WORK/own" "$WORK/his" "$WORK/open" && for folder in own his open; do cp /bin/sleep "$WORK/$folder/dockerd"; done
chown 65534 "$WORK/his/dockerd" && chmod 777 "$WORK/open/dockerd"

# ---- dockerd by its program ----

named "$WORK/own/dockerd"
try "a program of root's in this host's namespaces" seen
restricted try "is not known without access to it" not_seen
end "$started"
named "$WORK/his/dockerd"
try "a program of another user's" not_seen
end "$started"
named "$WORK/open/dockerd"
try "a program that others may write" not_seen
end "$started"
# Without the server's capabilities unshare has all of them in the new namespace.
for kind in net mount pid user; do
	case $kind in
	pid) words=(unshare --pid --fork --kill-child) ;;
	user) words=(unshare --user --map-root-user) ;;
	*) words=(unshare "--$kind") ;;
	esac
	expected=not_seen
	[[ $kind != net && $kind != user ]] || expected=elsewhere
	named "$WORK/own/dockerd" "${words[@]}"
	try "in another namespace: $kind" "$expected"
	restricted try "in another namespace, without access to it: $kind" "$expected"
	end "$started"
done
for ids in '--reuid 65534' '--ruid 65534'; do
	# shellcheck disable=SC2086 # words
	named "$WORK/own/dockerd" setpriv $ids
	try "as another user: $ids" not_seen
	end "$started"
done

# start_many NAME [ARGUMENT…]: with as many groups as a process can have, so that its status is
# long, in a container on the host's network.
start_many() {
	start python3 -c 'import os, sys
os.setgroups([4000000000 + group for group in range(65536)])
os.execvp(sys.argv[1], sys.argv[1:])' unshare --mount --pid --fork --kill-child "$WORK/bin/$1" -c 'import signal; print(flush=True); signal.pause()' "${@:2}"
	pgrep -x "$1" >/run/docker.pid
}
start_many dockerd
# shellcheck disable=SC2016 # eval expands it
try "many groups" eval '[ "$(wc -c <"/proc/$(cat /run/docker.pid)/status")" -gt 700000 ]'
try "a container with many groups" not_seen
restricted try "the same, without access to it" not_seen
end "$started"

# ---- by its control group ----

named "$WORK/own/dockerd"
pid=$(cat /run/docker.pid)
v1='4:memory:/system.slice\n3:cpu,cpuacct:/\n2:pids:/system.slice/docker.service\n1:name=systemd:%s\n0::%s\n'
unit=/system.slice/docker.service
# group NAME seen|not_seen INIT'S GROUPS DOCKERD'S GROUPS
group() {
	groups 1 "$3"
	groups "$pid" "$4"
	restricted try "group: $1" "$2"
}
init='0::/init.scope\n'
group "docker.service" seen "$init" "0::$unit\n"
group "in slices of its own" seen "$init" "0::/a.slice/a-b.slice/docker.service\n"
group "without a slice" seen "$init" "0::/docker.service\n"
group "below it" not_seen "$init" "0::$unit/c\n"
group "a scope of that slice" not_seen "$init" "0::/system.slice/docker-c.scope\n"
group "that of a systemd in a container" not_seen "$init" "0::/docker/c$unit\n"
group "that of one in a scope" not_seen "$init" "0::/system.slice/docker-c.scope$unit\n"
group "that of a user's systemd" not_seen "$init" "0::/user.slice/user-0.slice/user@0.service/docker.service\n"
group "a slice without a name" not_seen "$init" "0::/.slice/docker.service\n"
group "another unit" not_seen "$init" "0::/system.slice/other-docker.service\n"
group "a group that is gone" not_seen "$init" "0::$unit (deleted)\n"
group "a host without systemd" not_seen '0::/\n' "0::$unit\n"
group "a container's own systemd" seen '0::/lxc/c/init.scope\n' "0::/lxc/c$unit\n"
group "and what is not in it" not_seen '0::/lxc/c/init.scope\n' "0::/lxc/d$unit\n"
# shellcheck disable=SC2059 # the format
first() { printf "$v1" "$@"; }
both=$(first /init.scope /init.scope)
group "version 1" seen "$both" "$(first "$unit" /)\n"
group "both versions" seen "$both" "$(first "$unit" "$unit")\n"
group "version 1, a container of Docker's own containerd" not_seen "$both" "$(first /docker/c "$unit")\n"
group "version 1, moved in one hierarchy" not_seen "$both" "$(first "$unit" / | sed s,memory:/.*,memory:/docker/c,)\n"
group "nothing" not_seen "$init" ''
group "half a line" not_seen "$init" "0::$unit"
out_of_unit "$pid"
end "$started"
in_namespace=(setpriv --reuid 65534 --regid 65534 --clear-groups)
chmod 777 /run/docker
dockerd
in_unit "$dockerd"
try "in the unit, but as another user" not_seen
out_of_unit "$dockerd"
end "$dockerd"
in_namespace=(unshare --net)
dockerd
in_unit "$dockerd"
try "in the unit, but in another network" elsewhere
out_of_unit "$dockerd"
end "$dockerd"
in_namespace=()
rm /run/docker.pid

# ---- settings ----

# settings NAME FILE TEXT
settings() {
	dockerd "--config-file=$2"
	try "settings: $1" doubted "$3"
	end "$dockerd"
}
echo '{ "iptables": false }' >"$WORK/right.json"
mkfifo "$WORK/fifo" && mknod "$WORK/device" c 1 3 && ln -s right.json "$WORK/link.json" && mkdir "$WORK/folder"
for name in his open; do cp "$WORK/right.json" "$WORK/$name.json"; done
chown 65534 "$WORK/his.json" && chmod 666 "$WORK/open.json"
echo opened >"$WORK/fifo" & writer=$!
settings "a FIFO" "$WORK/fifo" 'not a regular file'
try "it was not opened" kill -0 "$writer"
end "$writer"
settings "a device" "$WORK/device" 'not a regular file'
settings "a folder" "$WORK/folder" 'not a regular file'
settings "a link" "$WORK/link.json" 'symbolic link'
settings "another user's" "$WORK/his.json" 'belongs to user 65534'
settings "writable by others" "$WORK/open.json" 'others may write'
settings "relative to a folder that is not known" right.json 'folder that is not known'
mv "$WORK/right.json" "$WORK/folder" && chmod 777 "$WORK/folder"
settings "in a folder of everyone's" "$WORK/folder/right.json" "folder' is writable by"
chmod 755 "$WORK/folder"
dockerd "--config-file=$WORK/folder/right.json"
try "settings: a file of root's" not_seen
end "$dockerd"

# ---- what follows from it ----

# A container on the host's network, which has Docker's name and asks for a device.
in_namespace=(unshare --mount --pid --fork --kill-child)
echo opened >"$WORK/fifo" & writer=$!
dockerd "--config-file=$WORK/fifo"
systemctl_is <<<'exit 0'
sed -i '1i docker-recovery = "restart"' "$CONF"
try "a forged dockerd: no restart" dockfw 0 --repair
restricted try "the same from within the units" dockfw 0 --repair
try "nor with --restart-docker" dockfw 0 --repair --restart-docker
try "systemctl was not called" [ ! -e "$WORK/systemctl" ]
try "what it names was not opened" kill -0 "$writer"
sed -i 1d "$CONF"
end "$writer" "$dockerd"
in_namespace=()
rm /usr/bin/systemctl

# proxy_of COMMAND…: a docker-proxy for a port that nothing translates.
proxy_of() {
	start "$@" "$WORK/bin/docker-proxy" -c 'import signal; print(flush=True); signal.pause()' \
		-proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2 -container-port 8000
}
right
ip link set ens3 up && ip addr add 198.51.100.10/24 dev ens3
dockerd
proxy_of env
try "docker-proxy of the host" finds 1 'warning proxy-bypass'
restricted try "not known without access to it" finds 0 ''
in_unit "$dockerd" && groups "$started" '0::/system.slice/docker.service\n'
restricted try "unless it is in docker.service" finds 1 'warning proxy-bypass'
umount "/proc/$started/cgroup" && out_of_unit "$dockerd"
end "$started"
proxy_of unshare --mount
try "docker-proxy in a container" finds 0 ''
end "$started"
start_many docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2 -container-port 8000
rm /run/docker.pid
try "docker-proxy in a container, with many groups" finds 0 ''
restricted try "the same, without access to it" finds 0 ''
end "$started"
proxy_of setpriv --reuid 65534 --regid 65534 --clear-groups
try "docker-proxy of another user" finds 0 ''
end "$started" "$dockerd"
finish
