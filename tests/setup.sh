#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs the packages for building and testing, on Debian and on Enterprise Linux 9.
# Usage: setup.sh [--show] [build] [test] [ci] [host] [deb] [rpm] [packages]      (none: build test)
# With --show it only prints the command that would install them.
# shellcheck disable=SC2034 # the lists are chosen by name
set -eu

debian_build="gcc make pkg-config libc6-dev libnftnl-dev libmnl-dev libip4tc-dev libip6tc-dev libiptc-dev
	libxtables-dev libconfuse-dev libjansson-dev libseccomp-dev"
debian_test="libcmocka-dev iptables nftables ipset iproute2 procps jq python3 python3-minimal strace util-linux
	libcap2-bin netbase dbus-daemon man-db mandoc bash-completion zsh fish kmod"
debian_ci="clang clang-tidy cppcheck valgrind shellcheck git libclang-rt-dev prometheus universal-ctags binutils"
debian_host="systemd-container mmdebstrap busybox-static"
debian_deb="debhelper dpkg-dev fakeroot"
# Debian's rpmbuild, for a rehearsal of the rpm.
debian_rpm="gcc make pkg-config rpm elfutils debugedit"
debian_packages="$debian_deb $debian_rpm lintian rpmlint ansible-core"

el_build="gcc make pkgconf-pkg-config glibc-devel libnftnl-devel libmnl-devel iptables-devel
	iptables-legacy-devel libconfuse-devel jansson-devel libseccomp-devel"
el_test="libcmocka-devel iptables-nft iptables-legacy nftables ipset iproute procps-ng jq python3 strace util-linux
	libcap libasan libubsan dbus-daemon dbus-tools man-db mandoc diffutils kmod"
el_ci="clang clang-tools-extra cppcheck valgrind ShellCheck git compiler-rt ctags binutils"
# The hosts are built from Debian packages, with a tool that only Debian has.
el_host=
el_deb=
el_rpm="rpm-build systemd-rpm-macros"
el_packages="$el_rpm rpmlint ansible-core"

show=
if [ "${1:-}" = --show ]; then
	show=1
	shift
fi
[ $# -gt 0 ] || set -- build test
for part; do
	case $part in
	build | test | ci | host | deb | rpm | packages) ;;
	*) echo "setup.sh: unknown part '$part'" >&2; exit 1 ;;
	esac
done

# The package of clang's sanitizer runtime may have the version in its name.
# shellcheck disable=SC2016 # the variable is dpkg-query's
deb_is_here()
{
	dpkg-query -W -f '${db:Status-Status}\n' "$(echo "$1" | sed 's/^libclang-rt-dev$/libclang-rt*-dev/')" \
		2>/dev/null | grep -qx installed
}
deb_name()
{
	if [ "$1" = libclang-rt-dev ] && ! apt-cache show "$1" >/dev/null 2>&1; then
		echo "libclang-rt-$(apt-cache policy clang | sed -n 's/.*Candidate: 1:\([0-9]*\).*/\1/p')-dev"
	else
		echo "$1"
	fi
}

rpm_is_here() { rpm -q "$1" >/dev/null 2>&1; }

if command -v apt-get >/dev/null; then
	system=debian is_here=deb_is_here
elif command -v dnf >/dev/null; then
	system=el is_here=rpm_is_here
else
	echo "setup.sh: found neither apt-get nor dnf; install these packages (Debian names):" \
		"$debian_build" >&2
	exit 1
fi

wanted=
for part; do
	case "$system $part" in
	"el host") echo "setup.sh: the tests of booted hosts need Debian" >&2; exit 1 ;;
	"el deb") echo "setup.sh: Debian packages are built on Debian" >&2; exit 1 ;;
	esac
	eval "wanted=\"\$wanted \$${system}_$part\""
done
missing=
for package in $wanted; do
	$is_here "$package" || missing="$missing $package"
done

if [ -n "$show" ]; then
	how="apt-get -y install"
	[ $system = debian ] || how="dnf -y install epel-release && crb enable && dnf -y install"
	# shellcheck disable=SC2086 # all on one line
	echo "   " $how ${missing:-$wanted}
	exit 0
fi
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ]; then
	echo "setup.sh: run it as root, to install:$missing" >&2
	exit 1
fi
echo "installing:$missing"
# shellcheck disable=SC2086 # lists of words
case $system in
debian)
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	found=
	for package in $missing; do found="$found $(deb_name "$package")"; done
	apt-get install -y -qq --no-install-recommends $found >/dev/null
	;;
el)
	dnf install -y -q epel-release
	crb enable
	dnf install -y -q $missing
	;;
esac
