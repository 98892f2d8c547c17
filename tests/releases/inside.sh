#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs a command in a root file system, in the network namespace of the caller, with a folder
# as /src. What it changes in the root goes to a layer in AT.
# inside.sh AT ROOT FOLDER COMMAND…
set -eu
if [ -z "${DOCKFW_INSIDE:-}" ]; then
	DOCKFW_INSIDE=1 exec unshare --mount --pid --fork --kill-child "$0" "$@"
fi
at=$1 root=$2 src=$3
shift 3
mkdir -p "$at/u" "$at/w" "$at/m"
mount -t overlay dockfw -o "lowerdir=$root,upperdir=$at/u,workdir=$at/w" "$at/m"
mkdir -p "$at/m/src" "$at/m/old"
mount --bind "$src" "$at/m/src"
mount --rbind /dev "$at/m/dev"
mount -t proc proc "$at/m/proc"
mount --rbind /sys "$at/m/sys"
cd "$at/m"
pivot_root . old
umount -l old
cd /src
exec env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin SUITE_SECONDS="${SUITE_SECONDS:-900}" "$@"
