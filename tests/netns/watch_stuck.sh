#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A journal that takes nothing does not stop the watch.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
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
finish
