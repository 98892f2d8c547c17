#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The xtables lock: the program waits for it within the deadline, takes it without
# following a link, keeps it from the read to the write, and releases it.
. "$(dirname "$0")/lib.sh"
need_legacy
iptables-legacy -N OTHER

rm -f "$XTABLES_LOCKFILE"
umask 0
expect 0 '^ok$' "$TOOL" idle
[ "$(stat -c %a "$XTABLES_LOCKFILE")" = 600 ] || fail "the lock file can be opened by others"

# Another process holds it for ever.
exec 8<"$XTABLES_LOCKFILE"
flock 8
expect 3 "holds the xtables lock '$XTABLES_LOCKFILE'" env SECONDS_LEFT=1 "$TOOL" idle
[ "$(wc -l <"$WORK/out")" = 1 ] || fail "more than one line"
expect 0 '^ipv4 filter' "$TOOL" dump filter

# Released while the program waits.
"$TOOL" idle >"$WORK/waited" 8<&- &
sleep 0.2
[ ! -s "$WORK/waited" ] || fail "did not wait"
exec 8<&-
wait $! || fail "did not get the released lock"

# Other processes always wait for it, so it is never free: each gets its turn.
cat >"$WORK/hog.py" <<'END'
import fcntl, os, sys, time
while not os.path.exists(sys.argv[2]):
    lock = os.open(sys.argv[1], os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)
    time.sleep(0.01)
    os.close(lock)
END
for _ in 1 2 3 4 5; do python3 "$WORK/hog.py" "$XTABLES_LOCKFILE" "$WORK/enough" & done
for _ in 1 2 3 4 5; do expect 0 '^ok$' env SECONDS_LEFT=3 "$TOOL" idle; done
touch "$WORK/enough"
wait

# If it is killed while it waits, it does not take the lock afterwards.
exec 8<"$XTABLES_LOCKFILE"
flock 8
"$TOOL" idle >"$WORK/waited" 8<&- & waiting=$!
until_true() # WHAT FAILED, COMMAND…
{
	local tries=0 what=$1
	shift
	until "$@"; do
		[ $((tries += 1)) -lt 500 ] || fail "$what"
		sleep 0.01
	done
}
# shellcheck disable=SC2009 # pgrep also needs a pattern of names
stands_in_line() { ps -o ppid= -e | grep -qx " *$waiting"; }
until_true "no process waits" stands_in_line
kill -9 $waiting
wait $waiting || true
exec 8<&-
until_true "the lock stays taken" flock -n "$XTABLES_LOCKFILE" true

# Also if it is killed before that process has taken care of it.
exec 8<"$XTABLES_LOCKFILE"
flock 8
SECONDS_LEFT=30 LSAN_OPTIONS=detect_leaks=0 strace -f -qq -o "$WORK/trace" -e trace=prctl -e inject=prctl:delay_enter=1000000 \
	"$TOOL" idle >"$WORK/waited" 8<&- & tracer=$!
# Not one that strace starts only to learn what it can do.
child_of() { waiting=$(ps -o pid=,comm= --ppid "$1" | sed -n "s/^ *\([0-9]*\) ${TOOL##*/}\$/\1/p") && [ -n "$waiting" ]; }
until_true "it is not traced" child_of $tracer
killed=$waiting
until_true "no process waits" child_of "$killed"
kill -9 "$killed"
# The delay is over then.
until_true "the process goes on waiting" eval "! kill -0 $waiting 2>/dev/null"
exec 8<&-
wait $tracer || true

# While it holds the lock, no other process takes it; its children do not keep holding it.
expect 0 '^ok$' "$TOOL" between ipv4 filter "! flock -n '$XTABLES_LOCKFILE' true"
flock -n "$XTABLES_LOCKFILE" true || fail "the lock was not released"

mv "$XTABLES_LOCKFILE" "$WORK/target"
ln -s "$WORK/target" "$XTABLES_LOCKFILE"
expect 3 "'$XTABLES_LOCKFILE'.*symbolic link" "$TOOL" idle
rm "$XTABLES_LOCKFILE"
ln -s "$WORK/elsewhere" "$XTABLES_LOCKFILE"
expect 3 "'$XTABLES_LOCKFILE'" "$TOOL" idle
[ ! -e "$WORK/elsewhere" ] || fail "created a file through a link"
rm "$XTABLES_LOCKFILE"

# Another file is no lock, and it is not opened: a writer of the FIFO would go on.
mkfifo "$XTABLES_LOCKFILE"
echo opened >"$XTABLES_LOCKFILE" &
writer=$!
expect 3 "XTABLES_LOCKFILE='$XTABLES_LOCKFILE': it is not a regular file" "$TOOL" idle
kill "$writer" || fail "the FIFO was opened"
rm "$XTABLES_LOCKFILE"
mknod "$XTABLES_LOCKFILE" c 1 3
expect 3 "not a regular file" "$TOOL" idle
rm "$XTABLES_LOCKFILE"
install -o 65534 -m 666 /dev/null "$XTABLES_LOCKFILE"
expect 3 "belongs to another user" "$TOOL" idle
mkdir -m 777 "$WORK/open"
expect 3 "XTABLES_LOCKFILE='$WORK/open/lock': the folder '$WORK/open' is writable by .*; it must be in a folder that only root may change" \
	env XTABLES_LOCKFILE="$WORK/open/lock" "$TOOL" idle
[ ! -e "$WORK/open/lock" ] || fail "created a file in a folder of everyone's"
ln -s "$WORK" "$WORK/link" && chown -h 65534 "$WORK/link"
expect 3 "the link '$WORK/link' belongs to user 65534" env XTABLES_LOCKFILE="$WORK/link/lock" "$TOOL" idle
expect 3 "'$WORK/none/lock': No such file" env XTABLES_LOCKFILE="$WORK/none/lock" "$TOOL" idle
