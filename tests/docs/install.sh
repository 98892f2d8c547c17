#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make install and uninstall, into a folder, as a package would.
# shellcheck source=tests/docs/lib.sh
. "$(dirname "$0")/lib.sh"

root=$WORK/root
made() { make -s "$1" BUILD="$BUILD" DESTDIR="$root" UNITDIR=/usr/lib/systemd/system "${@:2}"; }
files() { (cd "$root" && find . -type f | sed 's/^\.//' | sort); }

cat >"$WORK/wanted" <<'END'
/etc/dockfw/dockfw.conf
/usr/lib/systemd/system/dockfw-check.service
/usr/lib/systemd/system/dockfw-check.timer
/usr/lib/systemd/system/dockfw-early.service
/usr/lib/systemd/system/dockfw-watch.service
/usr/libexec/dockfw/wait-firewalld
/usr/sbin/dockfw-check
/usr/share/bash-completion/completions/dockfw-check
/usr/share/doc/dockfw/README.md
/usr/share/doc/dockfw/icinga-dockfw.conf
/usr/share/doc/dockfw/prometheus-dockfw.yml
/usr/share/man/man5/dockfw.conf.5
/usr/share/man/man8/dockfw-check.8
END
umask 077
holds "make install" made install
files >"$WORK/found"
holds "it puts all there" diff "$WORK/wanted" "$WORK/found"
holds "everybody can read it" [ -z "$(find "$root"/* ! -perm -a+r)" ]
holds "nobody but its owner can write it" [ -z "$(find "$root"/* -perm /go+w)" ]
holds "the program runs" "$root/usr/sbin/dockfw-check" --version
holds "the sample is a configuration" "$root/usr/sbin/dockfw-check" --check-config \
	-f "$root/etc/dockfw/dockfw.conf"
refuses "a place is left open in the units" grep -rn '@[A-Z]*@' "$root/usr/lib/systemd"
grep -rhoE '(/usr)?/[a-z]+/(dockfw-check|dockfw/wait-firewalld)' "$root/usr/lib/systemd" | sort -u >"$WORK/run"
[ -s "$WORK/run" ] || not_ok "the units run something"
while read -r program; do
	holds "the units run $program, which is there" test -x "$root$program"
done <"$WORK/run"

echo '# mine' >"$root/etc/dockfw/dockfw.conf"
echo 'families = { "ipv4" }' >"$root/etc/dockfw/conf.d/mine.conf"
holds "make install once more" made install
holds "the configuration is not written over" grep -qx '# mine' "$root/etc/dockfw/dockfw.conf"
holds "make uninstall" made uninstall
files >"$WORK/found"
holds "it leaves the configuration alone" diff - "$WORK/found" <<'END'
/etc/dockfw/conf.d/mine.conf
/etc/dockfw/dockfw.conf
END

# Elsewhere, the units follow.
root=$WORK/local
holds "make install below another prefix" made install PREFIX=/usr/local
holds "the program is there" test -x "$root/usr/local/sbin/dockfw-check"
grep -rhoE '(/usr)?(/local)?/[a-z]+/(dockfw-check|dockfw/wait-firewalld)' "$root/usr/lib/systemd" | sort -u >"$WORK/run"
refuses "a unit runs something elsewhere" grep -v '^/usr/local/' "$WORK/run"
finish
