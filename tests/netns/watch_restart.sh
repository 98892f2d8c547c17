#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# --watch with docker-recovery = "restart", while systemctl does not end: it can be ended, and what it
# runs inherits nothing that would keep a signal from it.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/dockerd.sh
. "$TESTS/dockerd.sh"
# shellcheck source=tests/watching.sh
. "$TESTS/watching.sh"

mkdir -p /run/systemd/system && cat >/usr/bin/systemctl <<END && chmod 755 /usr/bin/systemctl
#!/bin/bash
[ "\$1" = restart ] || exit 1
grep -E '^Sig(Blk|Ign)' /proc/self/status >"$WORK/signals"
echo \$\$ >"$WORK/restarting"
exec sleep 1000
END
restarting() { [ -s "$WORK/restarting" ]; }
# free MASK BITS: none of those is in the mask.
free() {
	local mask
	mask=$(sed -n "s/^$1:[[:space:]]*/0x/p" "$WORK/signals")
	echo "$1: $mask"
	[ $((mask & $2)) = 0 ]
}
lose() { ipt -F && ipt -X && ipt -t nat -F && ipt -t nat -X; }
# In less time than the rest of a look may take, which is 15 s here.
ends_soon() {
	local begun=$SECONDS
	stop && [ $((SECONDS - begun)) -le 5 ]
}
ended() { ! kill -0 "$(cat "$WORK/restarting")"; }

# shellcheck disable=SC2034 # for lib.sh
KIND=nft
load docker-28.5 && two_rules
sed -i '1i docker-recovery = "restart"' "$CONF"
try "dockerd runs" dockerd
try "a watch that may restart Docker" watch --timeout=15
lose
try "restarts it once its chains are lost" until_true restarting
# HUP, INT, USR1, USR2, ALRM, TERM. An ignored INT is this shell's.
try "none of its signals is blocked" free SigBlk 0x6a03
try "nor ignored" free SigIgn 0x6a00
try "the watch ends at once" ends_soon
try "and so does systemctl" ended
try "it may still restart Docker: the stamp stays" test -e /run/dockfw/docker-restarted
end "$dockerd"
finish
