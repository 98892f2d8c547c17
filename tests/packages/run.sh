#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Builds the packages twice, lets the distributions' own tools look at them, and installs them
# into fresh root file systems: checks and repairs a broken host, is upgraded, removed and
# purged there. Needs root; writes only to its cache folder and a folder of its own.
#
#	tests/packages/run.sh [RELEASE…]      (bookworm trixie testing)

# shellcheck disable=SC2317 # functions called by name
set -u
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
CACHE=${DOCKFW_HOST_CACHE:-/var/tmp/dockfw-host}
[ $# -gt 0 ] || set -- bookworm trixie testing
VERSION=$(cat "$top/VERSION")
WORK=$(mktemp -d) || exit 1
tests=0 bad=0
# shellcheck source=tests/host/roots.sh
. "$top/tests/host/roots.sh"

clean_up()
{
	umount -R "$WORK/root" 2>/dev/null
	rm -rf "$WORK"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

ok() { tests=$((tests + 1)); echo "ok $tests - $*"; }
# try NAME COMMAND…: passes if the command succeeds; shows its output if not.
try() {
	local name=$1 out
	shift
	if out=$("$@" 2>&1); then ok "$name"; return; fi
	tests=$((tests + 1)) bad=$((bad + 1))
	echo "not ok $tests - $name"
	printf '%s\n' "$out" | grep -v '^ok ' | tail -n 80 | sed 's/^/#     /'
	return 1
}
status_is() { # STATUS COMMAND…
	local wanted=$1 status=0
	shift
	"$@" || status=$?
	[ "$status" = "$wanted" ] || { echo "'$*' exited with $status, not $wanted"; return 1; }
}
silent() { # COMMAND…: succeeds and prints nothing
	local out
	if out=$("$@" 2>&1) && [ -z "$out" ]; then return; fi
	echo "$out"
	return 1
}

# --- built -------------------------------------------------------------------

same() { # FOLDER FOLDER PATTERN: the same files with the same bytes
	diff <(cd "$1" && find . -name "$3" -exec sha256sum {} + | sort) \
		<(cd "$2" && find . -name "$3" -exec sha256sum {} + | sort)
}
# What lintian finds beside that the project has no domain and is not uploaded to Debian.
lintian_clean() {
	silent lintian --no-cfg --allow-root --fail-on none --suppress-tags \
		bogus-mail-host,bogus-mail-host-in-debian-changelog,initial-upload-closes-no-bugs "$WORK"/deb1/*.changes
}
rpmlint_clean() {
	local out
	out=$(rpmlint -c "$top/packaging/rpm/rpmlint.toml" "$WORK"/rpm1/*/*.rpm)
	grep -q '0 errors, 0 warnings' <<<"$out" || { echo "$out"; return 1; }
}
build_all() {
	local kind
	for kind in deb rpm; do
		try "make $kind builds" make -s -C "$top" $kind PACKAGES_TO="$WORK/${kind}1" || return 1
		try "make $kind builds again" make -s -C "$top" $kind PACKAGES_TO="$WORK/${kind}2" || return 1
		try "$kind: the same bytes" same "$WORK/${kind}1" "$WORK/${kind}2" "*.$kind"
	done
	DEB=$(echo "$WORK"/deb1/dockfw-check_*.deb)
	RPM=$(echo "$WORK"/rpm1/*/dockfw-check-[0-9]*.rpm)
	try "deb: the symbols are in a package of their own" test -s "$WORK"/deb1/dockfw-check-dbgsym_*.deb
	try "rpm: the symbols are in a package of their own" test -s "$WORK"/rpm1/*/dockfw-check-debuginfo-*.rpm
	try "lintian" lintian_clean
	try "rpmlint" rpmlint_clean
	try "both have the same files" same_files
}
# Apart from documents, which each distribution has in forms of its own.
same_files() {
	diff <(dpkg-deb -c "$DEB" | awk '$1 ~ /^-/ { sub(/^\./, "", $6); print $6 }' | sed 's|^/lib/|/usr/lib/|; s/\.gz$//; s|/vendor-completions/|/site-functions/|' |
		grep -v -e /share/doc/ -e /lintian/ | sort) \
		<(rpm -qp --qf '[%{FILEMODES:perms} %{FILENAMES}\n]' "$RPM" | awk '$1 ~ /^-/ { print $2 }' |
			grep -v -e /share/doc/ -e /licenses/ | sort)
}

# --- the rpm -----------------------------------------------------------------

config_is_kept() { rpm -qpc "$RPM" | grep -qx /etc/dockfw/dockfw.conf &&
	rpm -qp --qf '[%{FILEFLAGS:fflags} %{FILENAMES}\n]' "$RPM" | grep -qx 'cn /etc/dockfw/dockfw.conf'; }
scripts_are() {
	rpm -qp --scripts "$RPM" >"$WORK/scripts"
	grep -q 'systemctl --no-reload preset .*dockfw-watch.service' "$WORK/scripts" &&
		grep -q 'try-restart dockfw-watch.service' "$WORK/scripts" &&
		! grep -nE 'systemctl (enable|start|restart)' "$WORK/scripts"
}
requires_are() {
	rpm -qpR "$RPM" | sed 's/[(].*//; s/ .*//' | sort -u >"$WORK/requires"
	for name in iptables-libs libxtables.so.12 libnftnl.so.11 libmnl.so.0 libconfuse.so.2 shadow-utils systemd; do
		grep -qx "$name" "$WORK/requires" || { echo "not required: $name"; return 1; }
	done
}
# An rpm of another distribution, in an empty root with the libraries of this machine.
rpm_root() {
	local root=$WORK/rpmroot
	mkdir -p "$root" && rpm --root "$root" --initdb &&
		rpm --root "$root" -i --nodeps --noscripts --ignoreos "$RPM" &&
		rpm --root "$root" -V --nodeps dockfw-check &&
		status_is 0 "$root/usr/sbin/dockfw-check" --version &&
		status_is 0 "$root/usr/sbin/dockfw-check" --check-config -f "$root/etc/dockfw/dockfw.conf" &&
		echo '# mine' >>"$root/etc/dockfw/dockfw.conf" &&
		rpm --root "$root" -i --replacepkgs --nodeps --noscripts "$RPM" &&
		grep -qx '# mine' "$root/etc/dockfw/dockfw.conf" &&
		rpm --root "$root" -e --nodeps --noscripts dockfw-check &&
		[ ! -e "$root/usr/sbin/dockfw-check" ] && grep -qx '# mine' "$root/etc/dockfw/dockfw.conf.rpmsave"
}

# --- the deb on each release -------------------------------------------------

# In namespaces of its own: the tables there are nobody else's.
in_root() { unshare --net --mount --pid --ipc --fork --kill-child --mount-proc="$WORK/root/proc" chroot "$WORK/root" "$@"; }
files() { # all but the package manager's own
	(cd "$WORK/root" && find . -xdev \( -path ./var/lib/dpkg -o -path ./var/log -o -path ./var/cache -o \
		-path ./var/lib/systemd -o -path ./run -o -path ./proc -o -path ./tmp \) -prune -o -print |
		grep -vE '^\./etc/(passwd|group|shadow|gshadow|subuid|subgid|\.pwd\.lock|ld\.so\.cache)-?$' | sort)
}
root_open() { # RELEASE
	mkdir -p "$WORK/o" "$WORK/root" && mount -t tmpfs tmpfs "$WORK/o" && mkdir "$WORK/o/u" "$WORK/o/w" &&
		mount -t overlay dockfw-packages -o \
			"redirect_dir=on,lowerdir=$(root_path "$1"),upperdir=$WORK/o/u,workdir=$WORK/o/w" "$WORK/root" &&
		mount -t tmpfs tmpfs "$WORK/root/run" && mkdir -p "$WORK/root/proc"
}
root_close() { umount -R "$WORK/root"; umount "$WORK/o"; }
# The version before: this one with another number, and another sample.
older() {
	local dir=$WORK/older
	rm -rf "$dir" && dpkg-deb -R "$DEB" "$dir" && sed -i 's/^Version: .*/Version: 0.1.0-1/' "$dir/DEBIAN/control" &&
		echo '# of the version before' >>"$dir/etc/dockfw/dockfw.conf" &&
		(cd "$dir" && find usr lib etc -type f -exec md5sum {} + 2>/dev/null >DEBIAN/md5sums)
	dpkg-deb --root-owner-group -b "$dir" "$WORK/root/tmp/older.deb"
}
dpkg_in() { in_root env DEBIAN_FRONTEND=noninteractive DPKG_FORCE=confold PATH=/usr/sbin:/usr/bin:/sbin:/bin dpkg "$@"; }
# shellcheck disable=SC2016 # the variables are dpkg-query's
installed_is() { [ "$(in_root dpkg-query -W -f '${Version} ${db:Status-Status}' dockfw-check)" = "$1 installed" ]; }
# Docker's chains as they are after a reload of firewalld: its filter comes too late.
broken_host() {
	cat >"$WORK/root/tmp/broken" <<-'END'
	set -e
	ip link set lo up
	ip link add docker0 type bridge
	ip link add ens3 type bridge
	iptables-nft-restore <<RULES
	*nat
	:DOCKER - [0:0]
	-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
	-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
	-A DOCKER ! -i docker0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.17.0.2:80
	COMMIT
	*filter
	:FORWARD DROP [0:0]
	:DOCKER - [0:0]
	:DOCKER-USER - [0:0]
	-A FORWARD -o docker0 -j DOCKER
	-A FORWARD -j DOCKER-USER
	-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
	COMMIT
	RULES
	cat >/tmp/dockfw.conf <<CONF
	families = { "ipv4" }
	outside = { "ens3" }
	publish "80/tcp" { allow = { "203.0.113.123" } }
	CONF
	is() { wanted=$1; shift; "$@" || got=$?; [ "${got:-0}" = "$wanted" ] || { echo "$*: ${got:-0}, not $wanted"; exit 1; }; got=0; }
	is 2 dockfw-check -f /tmp/dockfw.conf
	is 0 dockfw-check -f /tmp/dockfw.conf --repair
	is 0 dockfw-check -f /tmp/dockfw.conf
	iptables-nft -S FORWARD | sed -n 2p | grep -qx -- '-A FORWARD -j DOCKER-USER'
	is 0 dockfw-check -f /tmp/dockfw.conf --remove
	rm /tmp/dockfw.conf
	END
	in_root /bin/sh -e /tmp/broken
}
nothing_enabled() {
	local found
	found=$(find "$WORK/root/etc/systemd" -name 'dockfw*')
	[ -z "$found" ] || { echo "$found"; return 1; }
}
mine_is_kept() { grep -qx '# mine' "$WORK/root/etc/dockfw/dockfw.conf"; }
# The user stays, as Debian does it: no other may get its number.
gone() { diff "$WORK/before" <(files); }

release_try() { # RELEASE
	local release=$1
	root_build "$release" || { try "$release: a root file system" false; return; }
	root_open "$release" || { try "$release: an overlay over its root" false; root_close; return; }
	files >"$WORK/before"
	cp "$DEB" "$WORK/root/tmp/new.deb"
	try "$release: the version before is installed" older && dpkg_in -i /tmp/older.deb >/dev/null 2>&1
	echo '# mine' >>"$WORK/root/etc/dockfw/dockfw.conf"
	try "$release: it is upgraded" dpkg_in -i /tmp/new.deb
	try "$release: the new version is there" installed_is "$VERSION-1"
	try "$release: the configuration is not replaced" mine_is_kept
	try "$release: nothing is enabled" nothing_enabled
	try "$release: the user of the units is there" in_root getent passwd dockfw
	try "$release: the units are valid" in_root systemd-analyze verify --man=no /usr/lib/systemd/system/dockfw-watch.service
	try "$release: a broken host is checked and repaired" broken_host
	try "$release: it is removed" dpkg_in -r dockfw-check
	try "$release: the configuration stays" mine_is_kept
	try "$release: it is purged" dpkg_in -P dockfw-check
	rm -f "$WORK/root/tmp"/*
	try "$release: nothing is left" gone
	root_close
}

[ "$(id -u)" = 0 ] || { echo "1..0 # SKIP needs root"; echo "0 passed, 0 failed, 1 skipped"; exit 0; }
mkdir -p "$CACHE"
try "the Ansible role" env BUILD="${BUILD:-$top/build}" bash "$here/ansible.sh"
if build_all; then
	try "rpm: the configuration is never replaced" config_is_kept
	try "rpm: its scripts enable and start nothing" scripts_are
	try "rpm: what it requires" requires_are
	try "rpm: installed in an empty root, run, and erased" rpm_root
	for release; do release_try "$release"; done
fi
echo "1..$tests"
echo "$((tests - bad)) passed, $bad failed, 0 skipped"
[ "$bad" = 0 ]
