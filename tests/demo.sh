#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Breaks a host as in the README, then finds and repairs it: demo.sh PROGRAM
# Everything happens in namespaces that are removed at the end; no table of this
# machine is touched. Exits with 0 only if everything went as announced.
set -u
program=$(realpath "${1:-build/dockfw-check}") || exit 1
tests=$(cd "$(dirname "$0")" && pwd)
[ -x "$program" ] || { echo "demo: '$program' is not built; run: make demo" >&2; exit 1; }
[ "$(id -u)" = 0 ] || { echo "demo: run it as root: it creates network namespaces" >&2; exit 1; }
# A host of its own: network, processes, /run, /etc.
if [ -z "${DEMO_INSIDE:-}" ]; then
	DEMO_INSIDE=1 exec unshare --net --mount --pid --fork --mount-proc --kill-child \
		bash "$tests/demo.sh" "$program"
fi
# The configuration and the last good one of this machine are not touched either.
mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /var/lib && mkdir -p /run/etc/new /run/etc/work &&
	mount -t overlay -o lowerdir=/etc,upperdir=/run/etc/new,workdir=/run/etc/work overlay /etc &&
	rm -rf /etc/dockfw && mkdir /etc/dockfw || exit 1
BUILD=${BUILD:-${program%/*}}
# shellcheck source=tests/hosts.sh
. "$tests/hosts.sh"

bold='' green='' red='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
	bold=$'\e[1m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
fi
config=/etc/dockfw/dockfw.conf
failed=0

say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }

# show COMMAND…: prints the command as a user would type it, and runs it.
show() {
	printf '\n%s# %s%s\n' "$bold" "$*" "$plain"
	"$@"
}

dockfw-check() { "$program" "$@"; }

# ends_with STATUS COMMAND…: shows the command, and checks its exit status.
ends_with() {
	local wanted=$1 status
	shift
	show "$@"
	status=$?
	echo "exit status $status"
	[ "$status" = "$wanted" ] || went_wrong "the exit status should be $wanted"
}

# connects CLIENT ADDRESS RIGHT: how the published port treats a client; RIGHT is expected.
connects() {
	local result colour=$green
	ask "$1" 198.51.100.10 >/dev/null
	case $? in
	0) result=served ;;
	1) result=refused ;;
	*) result=unanswered ;;
	esac
	if [ "$1" = outsider ] && [ $result = served ]; then colour=$red; fi
	printf 'client %-13s  %s%s%s\n' "$2" "$colour" "$result" "$plain"
	[ "$result" = "$3" ] || went_wrong "it should be $3"
}

went_wrong() {
	failed=1
	echo "${red}the demo went wrong: $*$plain"
}

# Without IPv6, as Docker 20.10 has it.
if ! hosts_up || ! ip -6 address flush dev docker0; then
	echo "demo: cannot create the namespaces" >&2
	exit 1
fi
umask 022
cat >"$config" <<'END'
chain "DOCKER-USER" {
    rules = {
        "-i ens3 -p tcp --dport 80 -s 203.0.113.123 -j RETURN",
        "-i ens3 -p tcp --dport 80 -j REJECT"
    }
}
END
iptables-nft-restore <"$tests/layouts/reload-debian-12.rules" || exit 1

say "A Docker host publishes port 80 of a container. Only 203.0.113.123 may use it:"
show cat $config
say "The tables are as 'firewall-cmd --reload' leaves them on Debian 12 (Docker 20.10):
the rules are gone, and FORWARD no longer jumps to DOCKER-USER first. So everyone gets in."
show iptables-nft -S FORWARD
show iptables-nft -S DOCKER-USER
echo
connects allowed 203.0.113.123 served
connects outsider 203.0.113.200 served
say "dockfw-check finds it:"
ends_with 2 dockfw-check
say "and repairs it, in one transaction:"
ends_with 0 dockfw-check --repair
say "Now the tables are correct, and the port is closed to everyone else:"
ends_with 0 dockfw-check
show iptables-nft -S FORWARD
show iptables-nft -S DOCKER-USER
echo
connects allowed 203.0.113.123 served
connects outsider 203.0.113.200 refused
say "If another program flushes DOCKER-USER, the guard still holds the rules until the next repair:"
show iptables-nft -F DOCKER-USER
show nft list chain ip dockfw forward
echo
connects allowed 203.0.113.123 served
connects outsider 203.0.113.200 refused
if [ "$failed" = 0 ]; then
	say "Found and repaired."
fi
exit "$failed"
