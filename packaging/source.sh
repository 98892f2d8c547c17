#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# source.sh FILE: packs the source as FILE (.tar.gz), in a folder dockfw-check-VERSION that
# builds without git. The same commit gives the same bytes.
set -eu
cd "$(dirname "$0")/.."
version=$(cat VERSION)
out=$1

# The time of the commit; without git, that of the unpacked file VERSION. A repository around an
# unpacked tarball is another project's.
if git ls-files --error-unmatch VERSION >/dev/null 2>&1; then
	epoch=$(git log -1 --format=%ct)
	list() { git ls-files -z; }
else
	epoch=$(stat -c %Y VERSION)
	list() { find . -path ./build -prune -o -path './build-*' -prune -o \
		-path './dockfw-check-*.tar.gz*' -prune -o -type f -printf '%P\0'; }
fi
list | LC_ALL=C sort -z | tar --null --no-recursion -T - --transform "s|^|dockfw-check-$version/|S" \
	--owner=0 --group=0 --numeric-owner --mode=u+rw,go+r,go-w --mtime="@${SOURCE_DATE_EPOCH:-$epoch}" \
	--format=gnu -cf "$out.tar"
# Not in the pipe: only the status of its last command counts.
gzip -9n <"$out.tar" >"$out.new"
rm "$out.tar"
mv "$out.new" "$out"
