#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Suites of the namespaces with each run of the program under valgrind, the child
# that libxtables runs in too: valgrind.sh BUILD-FOLDER [SUITE…]
set -u
cd "$(dirname "$0")/.." || exit 1
build=$(realpath "$1") || exit 1
shift
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
[ $# -gt 0 ] || set -- tests/netns/reports.sh tests/netns/wait.sh

# Tests ask for a status from 0 to 3: 99 is none of them. What a fault said stays in a file.
cat >"$work/dockfw-check" <<END
#!/bin/sh
exec valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,possible \
	--trace-children=no --child-silent-after-fork=no --log-file="$work/log.%p" "$build/dockfw-check" "\$@"
END
chmod 755 "$work" "$work/dockfw-check"
DOCKFW=$work/dockfw-check tests/run.sh "$build" "$@"
status=$?
find "$work" -name 'log.*' -size +0 -exec head -n 40 {} +
exit "$status"
