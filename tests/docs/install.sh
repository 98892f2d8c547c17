#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make install and uninstall into a folder, as for a package.
# shellcheck source=tests/docs/lib.sh
. "$(dirname "$0")/lib.sh"

root=$WORK/root
# The path under which it was built: nothing may be rebuilt while other suites use it.
BUILD=${BUILD#"$PWD"/}
made() { make -s "$1" BUILD="$BUILD" DESTDIR="$root" UNITDIR=/usr/lib/systemd/system \
	SYSUSERSDIR=/usr/lib/sysusers.d ZSHDIR=/usr/share/zsh/site-functions "${@:2}"; }
files() { (cd "$root" && find . -type f | sed 's/^\.//' | sort); }

sort >"$WORK/wanted" <<END
/etc/dockfw/dockfw.conf
/usr/lib/systemd/system/dockfw-check.service
/usr/lib/systemd/system/dockfw-check.timer
/usr/lib/systemd/system/dockfw-early.service
/usr/lib/systemd/system/dockfw-exposure.service
/usr/lib/systemd/system/dockfw-exposure.timer
/usr/lib/systemd/system/dockfw-restart.path
/usr/lib/systemd/system/dockfw-restart.service
/usr/lib/systemd/system/dockfw-timed.service
/usr/lib/systemd/system/dockfw-watch.service
/usr/lib/sysusers.d/dockfw.conf
/usr/libexec/dockfw/grant-access
/usr/libexec/dockfw/load-legacy
/usr/libexec/dockfw/restart-docker
/usr/libexec/dockfw/wait-firewalld
/usr/sbin/dockfw-check
/usr/share/bash-completion/completions/dockfw-check
/usr/share/doc/dockfw/CHANGELOG.md
/usr/share/doc/dockfw/HACKING.md
/usr/share/doc/dockfw/README.ja.md
/usr/share/doc/dockfw/README.md
/usr/share/doc/dockfw/SECURITY.md
/usr/share/doc/dockfw/conf/ansible/README.md
/usr/share/doc/dockfw/conf/ansible/defaults/main.yml
/usr/share/doc/dockfw/conf/ansible/handlers/main.yml
/usr/share/doc/dockfw/conf/ansible/meta/main.yml
/usr/share/doc/dockfw/conf/ansible/tasks/main.yml
/usr/share/doc/dockfw/conf/ansible/templates/dockfw.conf.j2
$(printf '/usr/share/doc/dockfw/%s\n' doc/*)
/usr/share/doc/dockfw/conf/docker-requires-dockfw.conf
/usr/share/doc/dockfw/conf/dockfw-early-close-first.conf
/usr/share/doc/dockfw/conf/dockfw-watch-firewalld.conf
/usr/share/doc/dockfw/conf/dockfw.conf
/usr/share/doc/dockfw/conf/icinga-dockfw.conf
/usr/share/doc/dockfw/conf/prometheus-dockfw.yml
/usr/share/fish/vendor_completions.d/dockfw-check.fish
/usr/share/man/man5/dockfw.conf.5
/usr/share/man/man8/dockfw-check.8
/usr/share/zsh/site-functions/_dockfw-check
END
umask 077
holds "make install" made install
files >"$WORK/found"
holds "it installs all files" diff "$WORK/wanted" "$WORK/found"
holds "everyone can read them" [ -z "$(find "$root"/* ! -perm -a+r)" ]
holds "only their owner can write them" [ -z "$(find "$root"/* -perm /go+w)" ]
# A link of an installed page, and an example that it names, is a file there.
dead() {
	local page target
	while IFS=: read -r page target; do
		[ -e "$(dirname "$page")/$target" ] || echo "$page: $target"
	done < <(grep -roE --include='*.md' '\]\([^):#]+' "$1" | sed 's/:\](/:/')
	grep -rohE --include='*.md' '\bconf/[a-z.-]+\.(conf|yml)' "$1" | sort -u | while read -r target; do
		[ -e "$1/$target" ] || echo "$target"
	done
}
dead "$root/usr/share/doc/dockfw" >"$WORK/dead"
holds "no installed page has a dead link" diff /dev/null "$WORK/dead"
holds "the program runs" "$root/usr/sbin/dockfw-check" --version
holds "the sample is a configuration" "$root/usr/sbin/dockfw-check" --check-config \
	-f "$root/etc/dockfw/dockfw.conf"
refuses "a placeholder is left in the units" grep -rn '@[A-Z]*@' "$root/usr/lib/systemd"
grep -rhoE '(/usr)?/[a-z]+/(dockfw-check|dockfw/(wait-firewalld|load-legacy|grant-access|restart-docker))' "$root/usr/lib/systemd" | sort -u >"$WORK/run"
[ -s "$WORK/run" ] || not_ok "the units run something"
holds "the user that the units run as is created" grep -qx "u $(sed -n 's/^User=//p' systemd/*.service |
	sort -u) .*" "$root/usr/lib/sysusers.d/dockfw.conf"
while read -r program; do
	holds "the units run $program, which exists" test -x "$root$program"
done <"$WORK/run"

echo '# mine' >"$root/etc/dockfw/dockfw.conf"
echo 'families = { "ipv4" }' >"$root/etc/dockfw/conf.d/mine.conf"
holds "make install again" made install
holds "the configuration is not overwritten" grep -qx '# mine' "$root/etc/dockfw/dockfw.conf"
holds "make uninstall" made uninstall
cp "$WORK/out" "$WORK/printed"
holds "it says how to remove the rules" grep -q "dockfw-check --remove'" "$WORK/printed"
refuses "a package calls systemctl" grep -q systemctl "$WORK/printed"
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
grep -rhoE '(/usr)?(/local)?/[a-z]+/(dockfw-check|dockfw/(wait-firewalld|load-legacy|grant-access|restart-docker))' "$root/usr/lib/systemd" | sort -u >"$WORK/run"
refuses "a unit runs something elsewhere" grep -v '^/usr/local/' "$WORK/run"
refuses "a document names the default place" grep -rn '/usr/sbin/dockfw-check' "$root/usr/local/share"
holds "make uninstall there" made uninstall PREFIX=/usr/local
files >"$WORK/found"
holds "it leaves the configuration there" diff - "$WORK/found" <<<'/etc/dockfw/dockfw.conf'
holds "nothing else is gone" test -e "$WORK/else/mine"

# Where systemd runs, and not for a package, the units end before their files are removed.
if [ "$(id -u)" = 0 ]; then
	here=$WORK/here
	mkdir -p "$WORK/bin" "$here"
	# shellcheck disable=SC2016 # the variables are those of the fake
	printf '%s\n' '#!/bin/sh' "echo \"\$*\" >>'$WORK/systemctl'" >"$WORK/bin/systemctl"
	chmod +x "$WORK/bin/systemctl"
	# shellcheck disable=SC2016 # it is for the inner shell
	holds "make uninstall where systemd runs" unshare --mount sh -c '
		mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system && export PATH="$1/bin:$PATH" &&
		make -s uninstall BUILD="$2" PREFIX="$3/usr" SYSCONFDIR="$3/etc" UNITDIR="$3/units" \
			SYSUSERSDIR="$3/sysusers" ZSHDIR="$3/zsh"' sh "$WORK" "$BUILD" "$here"
	for unit in dockfw-watch.service dockfw-check.timer dockfw-early.service; do
		holds "$unit is stopped and disabled" grep -qx -- "disable --quiet --now $unit" "$WORK/systemctl"
	done
	holds "systemd reads its units again, last" [ "$(tail -n 1 "$WORK/systemctl")" = daemon-reload ]
fi

# The tarball, also where it is unpacked inside another project's repository.
dist=$WORK/dist
mkdir -p "$dist/theirs" && git init -q "$dist/theirs"
holds "the source is packed" packaging/source.sh "$dist/first.tar.gz"
tar -xzf "$dist/first.tar.gz" -C "$dist/theirs"
unpacked=$(echo "$dist"/theirs/dockfw-check-*)
holds "make dist from an unpacked tarball" make -s -C "$unpacked" dist
holds "and once more" make -s -C "$unpacked" dist
holds "they hold the same" diff <(tar -tzf "$dist/first.tar.gz") <(tar -tzf "$(echo "$unpacked"/dockfw-check-*.tar.gz)")

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
finds no libnftnl libmnl xtables libconfuse libseccomp jansson libip4tc libip6tc;
END
finish
