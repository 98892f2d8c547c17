#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# How fast the watch repairs, as distributions: not a test, and only run by name.
#
#	EVENTS    (50) how often each event happens
#	UNOWNED=1 as with a kernel before Linux 6.9, where others can remove the guard


guard_deleted() { in_host sh -c 'nft delete table ip dockfw; nft delete table ip6 dockfw'; }

# All is right, and whoever wrote is done.
calm() { settle && wait_for 60 check_right && settle; }

# Forbidden answers, and tries, of all clients that must not get in.
answers_of_all()
{
	local client tries count tried=0 answered=0
	for client in $PROMISE_REFUSED; do
		read -r tries count _ <"$RUN/$HOST.knock.$client"
		tried=$((tried + tries)) answered=$((answered + count))
	done
	echo "$answered of $tried forbidden tries were answered"
}

# shellcheck disable=SC2154 # here: of run.sh
measured() # NAME COMMAND…
{
	local name=$1 event moments to=$RUN/$HOST.moments
	shift
	rm -f "$to.in" && mkfifo "$to.in"
	ip netns exec "$HOST-in" "$RUN/moments" <"$to.in" >"$to" &
	moments=$!
	exec {in}>"$to.in"
	# shellcheck disable=SC2086 # lists of addresses
	knockers_begin $ALLOWED $PROMISE_REFUSED
	for ((event = 1; event <= EVENTS; event++)); do
		echo "$event" >&"$in"
		"$@" >/dev/null 2>&1
		calm || { not_ok "$name: event $event is repaired"; break; }
	done
	# The knockers have the other end of its input as well.
	knockers_end
	exec {in}>&-
	wait "$moments"
	while read -r event; do note "$name: $event"; done < <(python3 "$here/distribution.py" "$to" "$BACKEND"; answers_of_all)
}

scenario_distribution()
{
	ready "$1" || return 1
	promise_config
	sed -i /docker-recovery/d "$RUN/$HOST/root/etc/dockfw/dockfw.conf"
	if [ -n "${UNOWNED:-}" ]; then
		cc -shared -fPIC -D_GNU_SOURCE -O2 -o "$RUN/$HOST/root/usr/lib/unowned.so" "$here/unowned.c" || return 1
		mkdir -p "$RUN/$HOST/root/etc/systemd/system/$WATCH.d"
		printf '[Service]\nEnvironment=LD_PRELOAD=/usr/lib/unowned.so\n' \
			>"$RUN/$HOST/root/etc/systemd/system/$WATCH.d/unowned.conf"
	fi
	host_boot || return 1
	assert "a container on one address" addressed
	assert "the watch starts" watch_begins
	wait_for 60 allowed_in 80 8088
	calm
	[ -z "${UNOWNED:-}" ] || measured "nft delete table" guard_deleted
	measured "firewall-cmd --reload" in_host firewall-cmd --reload
	measured "iptables -F" flush_both
	[ "$BACKEND" != nft ] || measured "nft flush ruleset" flush_all
	measured "systemctl restart docker" in_host systemctl restart docker
	assert "the watch is still the same" watch_same
}
