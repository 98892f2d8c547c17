#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make install and uninstall into a folder, as for a package.
# shellcheck source=tests/docs/lib.sh
. "$(dirname "$0")/lib.sh"

root=$WORK/root
# The path under which it was built: nothing may be rebuilt while other suites use it.
BUILD=${BUILD#"$PWD"/}
made() { make -s "$1" BUILD="$BUILD" DESTDIR="$root" UNITDIR=/usr/lib/systemd/system "${@:2}"; }
files() { (cd "$root" && find . -type f | sed 's/^\.//' | sort); }

cat >"$WORK/wanted" <<'END'
/etc/dockfw/dockfw.conf
/usr/lib/systemd/system/dockfw-check.service
/usr/lib/systemd/system/dockfw-check.timer
/usr/lib/systemd/system/dockfw-early.service
/usr/lib/systemd/system/dockfw-watch.service
/usr/libexec/dockfw/load-legacy
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
holds "it installs all files" diff "$WORK/wanted" "$WORK/found"
holds "everyone can read them" [ -z "$(find "$root"/* ! -perm -a+r)" ]
holds "only their owner can write them" [ -z "$(find "$root"/* -perm /go+w)" ]
holds "the program runs" "$root/usr/sbin/dockfw-check" --version
holds "the sample is a configuration" "$root/usr/sbin/dockfw-check" --check-config \
	-f "$root/etc/dockfw/dockfw.conf"
refuses "a placeholder is left in the units" grep -rn '@[A-Z]*@' "$root/usr/lib/systemd"
grep -rhoE '(/usr)?/[a-z]+/(dockfw-check|dockfw/(wait-firewalld|load-legacy))' "$root/usr/lib/systemd" | sort -u >"$WORK/run"
[ -s "$WORK/run" ] || not_ok "the units run something"
while read -r program; do
	holds "the units run $program, which exists" test -x "$root$program"
done <"$WORK/run"

echo '# mine' >"$root/etc/dockfw/dockfw.conf"
echo 'families = { "ipv4" }' >"$root/etc/dockfw/conf.d/mine.conf"
holds "make install again" made install
holds "the configuration is not overwritten" grep -qx '# mine' "$root/etc/dockfw/dockfw.conf"
holds "make uninstall" made uninstall
cp "$WORK/out" "$WORK/printed"
holds "it says how to remove the rules" grep -q "'dockfw-check --remove'" "$WORK/printed"
files >"$WORK/found"
holds "it leaves the configuration alone" diff - "$WORK/found" <<'END'
/etc/dockfw/conf.d/mine.conf
/etc/dockfw/dockfw.conf
END

# With another prefix, the units and the documents follow. A blank in the path is a
# character like any other, and the path before it must not be removed.
root="$WORK/else where"
mkdir "$WORK/else"
touch "$WORK/else/mine"
holds "make install below another prefix" made install PREFIX=/usr/local
holds "the program exists" test -x "$root/usr/local/sbin/dockfw-check"
grep -rhoE '(/usr)?(/local)?/[a-z]+/(dockfw-check|dockfw/(wait-firewalld|load-legacy))' "$root/usr/lib/systemd" | sort -u >"$WORK/run"
refuses "a unit runs something elsewhere" grep -v '^/usr/local/' "$WORK/run"
refuses "a document names the default place" grep -rn '/usr/sbin/dockfw-check' "$root/usr/local/share"
holds "make uninstall there" made uninstall PREFIX=/usr/local
files >"$WORK/found"
holds "it leaves the configuration there" diff - "$WORK/found" <<<'/etc/dockfw/dockfw.conf'
holds "nothing else is gone" test -e "$WORK/else/mine"

# The program knows another place of the configuration.
holds "make with another SYSCONFDIR" make -s BUILD="$WORK/b" SYSCONFDIR=/opt/etc "$WORK/b/options.o"
holds "the program looks there" grep -q '/opt/etc/dockfw/dockfw\.conf' "$WORK/b/options.o"
holds "everything is rebuilt for it" [ "$(make -n BUILD="$BUILD" SYSCONFDIR=/opt/etc | grep -c -- '-c -o')" -ge 50 ]
root=$WORK/opt
cp -a "$BUILD" "$WORK/built" && # as if built for that place
	echo /opt/etc >"$WORK/built/sysconfdir" && touch -r Makefile "$WORK/built/sysconfdir"
holds "make install with another SYSCONFDIR" made install BUILD="$WORK/built" SYSCONFDIR=/opt/etc
holds "the sample is installed there" test -e "$root/opt/etc/dockfw/dockfw.conf"
holds "the manual says so" grep -q '^\.Pa /opt/etc/dockfw/dockfw.conf' "$root/usr/share/man/man5/dockfw.conf.5"

# Nothing is built twice; without the libraries nothing is compiled.
holds "nothing is built twice" make -q BUILD="$BUILD"
refuses "a build without the libraries" env PKG_CONFIG_LIBDIR="$WORK/none" make -k BUILD="$WORK/none"
holds "it names them, and says how to install them" diff - <(
	grep -vE '^make(\[[0-9]+\])?: ' "$WORK/out" | sed -E 's/install( [a-z0-9-]+)+$/install …/'
	grep -oE 'finds no .*;' "$WORK/out"
) <<END
$(tests/setup.sh --show build | sed -E 's/install( [a-z0-9-]+)+$/install …/')
finds no libnftnl libmnl libiptc xtables libconfuse jansson;
END
finish
