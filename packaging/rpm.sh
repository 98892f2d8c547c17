#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# rpm.sh FOLDER: builds the rpm packages of this source into FOLDER, with debug symbols in
# packages of their own. The same source gives the same bytes. On another distribution than
# Enterprise Linux, with macros in place of those that it lacks: a rehearsal.
set -eu
cd "$(dirname "$0")/.."
version=$(cat VERSION)
mkdir -p "$1"
to=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

grep -q "^Version: *$version\$" packaging/rpm/dockfw-check.spec ||
	{ echo "rpm.sh: packaging/rpm/dockfw-check.spec is not about version '$version'" >&2; exit 1; }
mkdir "$work/SOURCES"
packaging/source.sh "$work/SOURCES/dockfw-check-$version.tar.gz"
SOURCE_DATE_EPOCH=$(date -u -d "$(sed -n 's/^\* \([A-Z][a-z]* [A-Z][a-z]* [0-9]* [0-9]*\) .*/\1/p' \
	packaging/rpm/dockfw-check.spec | head -n 1)" +%s)
export SOURCE_DATE_EPOCH
# The path of the build is in the symbols: it is the same each time, as in mock.
build=/var/tmp/dockfw-rpmbuild
exec 9>"$build.lock"
flock 9
rm -rf "$build"
set -- --define "_topdir $work" --define "_builddir $build" --define "_rpmdir $to"
if [ "$(rpm --eval '%{?_unitdir}')" = "" ]; then
	set -- --load packaging/rpm/elsewhere.macros --nodeps "$@"
fi
rpmbuild -bb "$@" packaging/rpm/dockfw-check.spec >"$work/log" 2>&1 || { tail -n 30 "$work/log" >&2; exit 1; }
rm -rf "$build"
find "$to" -name '*.rpm'
