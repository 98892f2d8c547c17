#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A guard that the watch cannot restore: it reports that once, goes on, and tries again.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/watching.sh
. "$TESTS/watching.sh"

for library in unowned refuse unlocked; do
	cc -shared -fPIC -D_GNU_SOURCE -O1 -o "$WORK/$library.so" "$TESTS/host/$library.c" || exit 1
done
program=$DOCKFW
# Its watch sees a kernel without tables that have an owner, so that others can take the guard away,
# and a systemd that wants a sign of life twice a second.
cat >"$WORK/before" <<-END
	#!/bin/sh
	# A build with sanitizers has to accept that these libraries come before its own.
	export ASAN_OPTIONS=\$ASAN_OPTIONS:verify_asan_link_order=0 UNOWNED="\${UNOWNED:-never}" REFUSE=/run/refuse
	export NOTIFY_SOCKET='$WORK/notify' WATCHDOG_USEC=1000000 LD_PRELOAD="\$LIBRARIES"
	exec '$program' "\$@"
END
chmod +x "$WORK/before"
# What systemd is told, a line each.
python3 -c '
import socket, sys
life = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
life.bind(sys.argv[1])
while True:
    print(life.recv(4096).decode(), flush=True)' "$WORK/notify" >>"$WORK/life" &
until_true [ -S "$WORK/notify" ] || exit 1

# signs WORD N: there were so many of them since the last call of count.
count() { : >"$WORK/life"; }
signs() { [ "$(grep -c "^$1" "$WORK/life")" -ge "$2" ]; }
# Until it has looked once, it has nothing to restore from.
begin() { count && LIBRARIES=$1 DOCKFW=$WORK/before watch && until_true signs READY=1 1; }
reported() { grep -qF -- "$1" "$WORK/reported"; }
# Nothing is there twice.
each_once() { [ -s "$WORK/reported" ] && ! sort "$WORK/reported" | uniq -d | grep .; }
flushed() { ipt -F DOCKER-USER; }
# DOCKER-USER, while the guard is missing.
repaired() { ipt -S DOCKER-USER | grep -- '--dport 80 .*-j REJECT'; }
has_guard() { nft list chain ip dockfw forward | grep 'dport 80 .*reject'; }
paused() { kill -STOP "$watch" && "$@" && kill -CONT "$watch"; }
twice() { [ "$(grep -c 'cannot write nf_tables' "$WORK/reported")" = 2 ]; }

# ---- the kernel refuses a chain of it ----
# In the place of the guard.
taken() { nft delete table ip dockfw && nft 'add chain ip others taken { type filter hook forward priority 300; }'; }

# shellcheck disable=SC2034 # for lib.sh
KIND=nft
load docker-28.5 && two_rules
try "the watch starts" begin "$WORK/unowned.so"
try "others take all places at its hook" fill_forward
try "and that of the guard" paused taken
try "the guard is reported as missing" event '.event == "wrong" and (.findings | any(.id == "guard-missing"))'
try "what failed, why, and what to do" reported \
	"cannot create the chain 'forward' in the ipv4 table 'dockfw': Argument list too long; the hook has as many base chains as the kernel allows (1024): nft list chains shows whose they are; nothing was written"
try "and what it does" reported "going on without the guard"
count
flushed
try "DOCKER-USER is repaired all the same" until_true repaired
try "the signs of life go on" until_true signs WATCHDOG=1 4
flushed
try "again" until_true repaired
try "with no second report of the same" each_once
nft delete chain ip others taken
try "once there is room, the guard is back, without any other change" until_true has_guard
try "that is reported" event '.event == "right"'
try "the watch ends" stop
nft delete table ip others

# ---- it is refused as a whole, for each of many changes ----
try "another watch" begin "$WORK/refuse.so $WORK/unowned.so"
many() {
	local _
	for _ in {1..50}; do nft 'add chain ip dockfw theirs; delete chain ip dockfw theirs' || return; done
	nft delete table ip dockfw && touch /run/refuse && count
}
try "fifty changes of the guard are announced at once" paused many
try "its restoration is tried again and again" until_true signs REFUSED=1 3
try "the signs of life go on" until_true signs WATCHDOG=1 4
# Before the first sign of life after the changes; without a pause there would be fifty.
first_tries() { sed '/^WATCHDOG=1/q' "$WORK/life" | grep -c '^REFUSED=1'; }
try "between two there are few tries" [ "$(first_tries)" -lt 10 ]
try "what failed, why, and what to do" reported \
	"cannot write nf_tables: Operation not permitted; run as root (CAP_NET_ADMIN); nothing was written"
try "that is reported once" each_once
rm /run/refuse
try "once it may, the guard is back" until_true has_guard
touch /run/refuse
nft delete table ip dockfw
try "the same, later, is reported again" until_true twice
try "the watch ends as well" stop

# ---- whether the guard can have an owner is not known ----
taken_name() { UNOWNED=taken begin "$WORK/unowned.so"; }
nft add table ip dockfw-probe-0000000000000000
try "without a watch, a repair" dockfw 0 --repair
try "a watch that cannot try it" taken_name
try "it reports why" reported 'cannot try whether this kernel has tables with an owner: File exists'
try "and what that means" reported 'the guard has no owner as long as this watch runs: others can flush it'
try "it ends" stop

# ---- a state folder whose file system has no locks ----
unlocked() { LIBRARIES=$WORK/unlocked.so DOCKFW=$WORK/before dockfw "$@"; }
said() { grep -q "$1" "$WORK/err"; }
try "without locks a watch does not begin" unlocked 3 --watch
try "it says why" said "cannot lock '/var/lib/dockfw/watch.lock', the lock of the watch: No locks available"
try "and not that another one runs" gives 1 said 'another watch'
try "whether one runs is not known then" unlocked 0 --remove
try "which is reported" said "whether a watch runs is not known: '/var/lib/dockfw/watch.lock' cannot be locked: No locks available"

# ---- a lock that is another file ----
no_watch() { gives 3 timeout 5 "$DOCKFW" -f "$CONF" -b nft --watch; }
rm /var/lib/dockfw/watch.lock
mkfifo /var/lib/dockfw/watch.lock
try "a FIFO is not a lock" no_watch
try "it says so" said "cannot open '/var/lib/dockfw/watch.lock', the lock of the watch: it is not a regular file"
rm /var/lib/dockfw/watch.lock
echo theirs >/var/lib/dockfw/file
chown 1:1 /var/lib/dockfw/file
ln /var/lib/dockfw/file /var/lib/dockfw/watch.lock
try "nor is a second name of a file" no_watch
try "it says so as well" said "cannot open '/var/lib/dockfw/watch.lock', the lock of the watch: it is another file as well"
kept() { [ "$(cat /var/lib/dockfw/file) $(stat -c %u:%g /var/lib/dockfw/file)" = 'theirs 1:1' ]; }
try "that file is kept" kept
finish
