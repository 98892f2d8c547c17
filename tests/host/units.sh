#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Checks that the installed units are well formed, are ordered without cycles, and
# have an exposure of 1.5 or less in systemd-analyze security. Run it where the
# program is installed; the host tests run it on each release.

set -u
units="dockfw-early.service dockfw-check.service dockfw-timed.service dockfw-watch.service"
units="$units dockfw-restart.service dockfw-check.timer dockfw-restart.path"
folder=$(dirname "$(find /usr/lib/systemd/system /lib/systemd/system -name dockfw-check.timer \
	2>/dev/null | head -n 1)")
failed=0

fail()
{
	echo "$1"
	failed=1
}

for unit in $units; do
	[ -f "$folder/$unit" ] || fail "$unit is not installed"
	# Manual pages need not be readable on a host without man.
	said=$(systemd-analyze verify --man=no "$folder/$unit" 2>&1 | grep -F dockfw-)
	[ -z "$said" ] || fail "systemd-analyze verify $unit: $said"
	case $unit in *.timer | *.path) continue ;; esac
	# The threshold is in tenths.
	said=$(systemd-analyze security --offline=true --no-pager --threshold=15 "$folder/$unit" 2>&1) ||
		fail "$unit: $(echo "$said" | tail -n 1)"
	echo "$unit: $(echo "$said" | tail -n 1)"
done

# Everything that a start of Docker and firewalld pulls in, together.
said=$(systemd-analyze verify --man=no docker.service firewalld.service multi-user.target 2>&1 |
	grep -E 'dockfw-|cycle')
[ -z "$said" ] || fail "$said"
exit $failed
