#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# deb.sh FOLDER: builds the Debian packages of this source into FOLDER, with debug symbols in
# a package of their own. The same source gives the same bytes.
set -eu
cd "$(dirname "$0")/.."
version=$(cat VERSION)
mkdir -p "$1"
to=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

packaging/source.sh "$work/source.tar.gz"
tar -C "$work" -xzf "$work/source.tar.gz"
cd "$work/dockfw-check-$version"
cp -a packaging/debian debian
case $(head -n 1 debian/changelog) in
"dockfw-check ($version-"*) ;;
*) echo "deb.sh: the first entry of packaging/debian/changelog is not about version '$version'" >&2; exit 1 ;;
esac
dpkg-buildpackage -b -us -uc -tc >"$work/log" 2>&1 || { tail -n 30 "$work/log" >&2; exit 1; }
mv "$work"/*.deb "$work"/*.buildinfo "$work"/*.changes "$to"
ls "$to"/*.deb
