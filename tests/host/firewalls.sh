#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# "host-firewall" against the firewalld of each release, and ufw, with random configurations:
# not on a booted host, but in a namespace of tests/netns/host_firewall.sh.

# shellcheck disable=SC2154 # here and top are of run.sh
ufw_unpack()
{
	mkdir "$RUN/ufw" && (
		cd "$RUN/ufw" && chmod 777 . && apt-get download -qq ufw && dpkg -x ufw_*.deb root
	) >"$RUN/ufw.log" 2>&1 && return
	cat "$RUN/ufw.log" >&2
	return 1
}

firewalls() # RELEASE
{
	local status said=$RUN/firewalls.$1
	export BUILD=$top/build DOCKFW=$top/build/dockfw-check
	export FIREWALLD_ROOT UFW_ROOT=$RUN/ufw/root HOST_KINDS=nft HOST_FIREWALLS=${HOST_FIREWALLS:-4}
	FIREWALLD_ROOT=$(root_path "$1")
	timeout 900 bash "$top/tests/netns/host_firewall.sh" >"$said" 2>&1 </dev/null
	status=$?
	sed -E "s/^(ok|not ok) [0-9]+ - /\1 - $1 firewalls: /" "$said"
	grep -q '^ok .*firewalld' "$said" || echo "not ok - $1 firewalls: firewalld was not tried"
	[ $status = 0 ] || grep -q '^not ok' "$said" || echo "not ok - $1 firewalls: status $status"
}
