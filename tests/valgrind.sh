#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The suites of the namespaces with each run of the program under valgrind, the
# child that libxtables runs in too: valgrind.sh BUILD-FOLDER [SUITE…]
# Left out are those that trace the program themselves, or are about its speed.
set -u
cd "$(dirname "$0")/.." || exit 1
build=$(realpath "$1") || exit 1
shift
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
if [ $# = 0 ]; then
	for suite in tests/netns/*.sh; do
		case ${suite##*/} in faults.sh | races.sh | traces.sh | without-*.sh) ;; *) set -- "$@" "$suite" ;; esac
	done
fi

# Tests ask for a status from 0 to 3: 99 is none of them. What a fault said stays in a file.
cat >"$work/dockfw-check" <<END
#!/bin/sh
# Suites have process numbers of their own, so those name no file.
log=\$(mktemp "$work/log.XXXXXXXXXX") || exit 99
exec valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,possible \
	--trace-children=no --child-silent-after-fork=no --log-file="\$log" "$build/dockfw-check" "\$@"
END
# Some runs are as nobody.
chmod 1777 "$work" && chmod 755 "$work/dockfw-check" || exit 1
SUITE_SECONDS=2400 DOCKFW=$work/dockfw-check tests/run.sh "$build" "$@"
status=$?
find "$work" -name 'log.*' -size +0 -exec head -n 40 {} +
exit "$status"
