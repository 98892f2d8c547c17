#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A journal, a pipe or a terminal that takes nothing does not stop the watch.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "$TESTS/hosts.sh"
# shellcheck source=tests/watching.sh
. "$TESTS/watching.sh"

# Runs the command with standard output and standard error as the journal's stream, which nobody
# reads until the file $WORK/read exists: then it goes to $WORK/journal.
journal='
import os, pathlib, socket, subprocess, sys, time
work = pathlib.Path(sys.argv[1])
ours, journal = socket.socketpair()
journal.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
stat = os.fstat(journal.fileno())
os.environ["JOURNAL_STREAM"] = "%d:%d" % (stat.st_dev, stat.st_ino)
watch = subprocess.Popen(sys.argv[2:], stdout=journal, stderr=journal)
(work / "pid").write_text("%d" % watch.pid)
journal.close()
while not (work / "read").exists():
    time.sleep(0.05)
with open(work / "journal", "wb", buffering=0) as out:
    while data := ours.recv(65536):
        out.write(data)
sys.exit(watch.wait())'
said() { grep -q "$1" "$WORK/journal"; }
flushed() { ipt -F DOCKER-USER && until_true holds; }
# More than a second apart, so that none counts as an undone repair.
flushes() { for _ in {1..10}; do flushed && sleep 1.2 || return; done; }

# shellcheck disable=SC2034 # for lib.sh
KIND=nft
touch "$WORK/events" "$WORK/reported"
load docker-28.5 && two_rules
python3 -c "$journal" "$WORK" "$DOCKFW" -f "$CONF" -b nft --watch &
reader=$!
try "the watch starts" until_true holds
try "each of ten flushes is repaired" flushes
watch=$(cat "$WORK/pid")
try "the watch is still the same" kill -0 "$watch"
: >"$WORK/read"
try "what the journal took first is there" until_true said '^<[0-9]>repaired'
flushed
try "what it did not take is reported" until_true said '^<4>dockfw-check: [1-9][0-9]* events were not reported: the journal did not take them$'
kill -TERM "$watch"
try "the watch ends" gives 0 wait "$reader"

# ---- a pipe or a terminal ----

# Runs the command with both streams, or only standard error, as one that is full and that nobody
# reads until the file $WORK/read exists: then what it held goes to $WORK/journal.
full='
import os, pathlib, pty, socket, stat, subprocess, sys, termios, time, tty
work, kind, streams = pathlib.Path(sys.argv[1]), *sys.argv[2:4]
if kind == "tty":
    ours, theirs = pty.openpty()
    tty.setraw(theirs)
    termios.tcflow(theirs, termios.TCOOFF)
elif kind == "socket":
    ours, theirs = (end.detach() for end in socket.socketpair())
else:
    ours, theirs = os.pipe()
os.set_blocking(theirs, False)
try:
    while kind != "tty":
        os.write(theirs, b"x" * 100)
except BlockingIOError:
    pass
os.set_blocking(theirs, True)
out = theirs if streams == "both" else open(work / "events", "wb")
watch = subprocess.Popen(sys.argv[4:], stdin=subprocess.DEVNULL, stdout=out, stderr=theirs)
(work / "pid").write_text("%d" % watch.pid)
while not (work / "read").exists():
    time.sleep(0.05)
(work / "flags").write_text("blocking" if os.get_blocking(theirs) else "not blocking")
if kind == "tty":
    termios.tcflow(theirs, termios.TCOON)
os.close(theirs)
with open(work / "journal", "wb", buffering=0) as log:
    try:
        while data := os.read(ours, 65536):
            log.write(data.replace(b"x", b""))
    except OSError:
        pass
sys.exit(watch.wait())'
ended() { [ ! -e "/proc/$watch" ] || grep -q '^[0-9]* (.*) Z' "/proc/$watch/stat"; }
# blocked NAME KIND STREAMS [OPTION…]: the program is $PROGRAM.
blocked() {
	local name=$1 _
	rm -f "$WORK/read" "$WORK/pid" "$WORK/journal"
	clear_tables
	load docker-28.5 && load docker-28.5.ipv6 ip6tables
	python3 -c "$full" "$WORK" "$2" "$3" "$PROGRAM" -f "$CONF" -b nft --watch "${@:4}" &
	reader=$!
	try "$name: the watch starts" until_true holds
	watch=$(cat "$WORK/pid")
	for _ in 1 2 3; do
		sleep 1.2
		try "$name: a flush is repaired" flushed
	done
	try "$name: nobody else gets in" refused "$outsider" 198.51.100.10
}
# read_again NAME LOST WORDS: somebody reads again, and sees that and how much was lost.
read_again() {
	: >"$WORK/read"
	sleep 1.2
	flushed
	try "$1: what comes after that is there" until_true said "$3"
	try "$1: and how many were lost" until_true said "[1-9][0-9]* $2"
	try "$1: the stream's own flags are as they were" grep -qx blocking "$WORK/flags"
	kill -TERM "$watch"
	try "$1: the watch ends" gives 0 wait "$reader"
}
events='events were not reported: standard output did not take them'
hosts_up
PROGRAM=$DOCKFW
for kind in pipe tty socket; do
	blocked "a $kind" $kind both
	read_again "a $kind" "$events" repaired
done
blocked "only errors" pipe errors -vv
read_again "only errors" 'messages before this one were not printed: standard error did not take them' \
	'^dockfw-check: '

# With the rights of the units, which cannot open what belongs to root.
PROGRAM=$WORK/as-unit
cat >"$PROGRAM" <<-END
	#!/bin/bash
	exec setpriv --reuid 4242 --regid 4242 --clear-groups --no-new-privs \\
		--bounding-set -all,+net_admin --inh-caps -all,+net_admin --ambient-caps -all,+net_admin -- '$DOCKFW' "\$@"
END
chmod 755 "$WORK" "$PROGRAM" && chmod 644 "$CONF"
rm -rf /var/lib/dockfw && install -d -o 4242 /var/lib/dockfw
echo 'dockfw:x:4242:' >/run/group && cat /etc/group >>/run/group && mount --bind /run/group /etc/group
unset XTABLES_LOCKFILE
sh "$TESTS/../systemd/grant-access" "$WORK/none"
blocked "another user's pipe" pipe both
kill -TERM "$watch"
try "another user's pipe: SIGTERM ends the watch, though nobody reads" until_true ended
: >"$WORK/read"
wait "$reader"
finish
