#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the suites of tests/netns with the program under valgrind, including the child
# that libxtables runs in: valgrind.sh BUILD-FOLDER [SUITE…]
# Suites that trace the program themselves or test its speed are left out, and those that
# run the same code many times on other tables (under ASan, make test-asan runs all).
set -u
cd "$(dirname "$0")/.." || exit 1
build=$(realpath "$1") || exit 1
shift
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
if [ $# = 0 ]; then
	for suite in tests/netns/*.sh; do
		case ${suite##*/} in closing.sh | faults.sh | findings.sh | layouts.sh | look.sh | races.sh | traces.sh | without-*.sh) ;; *) set -- "$@" "$suite" ;; esac
	done
fi

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
find "$work" -name 'log.*' -size +0 -exec head -n 40 {} +
exit "$status"
