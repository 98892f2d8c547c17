#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs suites with the program under valgrind, including the child that libxtables runs
# in: valgrind.sh BUILD-FOLDER [SUITE…]
# Valgrind sees values that were never set, which ASan does not, but takes twenty times
# as long: without a name, two suites that come through most of the code.
set -u
cd "$(dirname "$0")/.." || exit 1
build=$(realpath "$1") || exit 1
shift
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
[ $# -gt 0 ] || set -- tests/netns/{odd,sections}.sh

# Tests expect a status from 0 to 3, so 99 fails them. Valgrind's errors stay in a file.
cat >"$work/dockfw-check" <<END
#!/bin/sh
# Suites have their own PID namespaces, so a PID is not a unique name.
log=\$(mktemp "$work/log.XXXXXXXXXX") || exit 99
exec valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,possible \
	--trace-children=no --child-silent-after-fork=no --log-file="\$log" "$build/dockfw-check" "\$@"
END
# Some runs are as the user nobody.
chmod 1777 "$work" && chmod 755 "$work/dockfw-check" || exit 1
SUITE_SECONDS=2400 DOCKFW=$work/dockfw-check tests/run.sh "$build" "$@"
status=$?
# Not the calls that valgrind does not know, which the program can do without.
find "$work" -name "log.*" -exec grep -lZE "^==[0-9]+==" {} + | xargs -0 -r head -n 40
exit "$status"
