#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs what building and testing need, on Debian and on Enterprise Linux 9.
# Usage: setup.sh [build] [test] [ci] [host]      (none: build test)
# shellcheck disable=SC2034 # the lists are chosen by name
set -eu

[ $# -gt 0 ] || set -- build test
if [ "$(id -u)" != 0 ]; then
	echo "setup.sh: run it as root: it installs packages" >&2
	exit 1
fi

debian_build="gcc make pkg-config libc6-dev libnftnl-dev libmnl-dev libip4tc-dev libip6tc-dev libiptc-dev
	libxtables-dev libconfuse-dev libjansson-dev"
debian_test="libcmocka-dev iptables nftables ipset iproute2 procps jq python3 python3-minimal strace util-linux
	libcap2-bin netbase man-db mandoc bash-completion kmod"
debian_ci="clang clang-tidy cppcheck valgrind shellcheck git libclang-rt-dev prometheus"
debian_host="systemd-container mmdebstrap busybox-static"

el_build="gcc make pkgconf-pkg-config glibc-devel libnftnl-devel libmnl-devel iptables-devel
	iptables-legacy-devel libconfuse-devel jansson-devel"
el_test="libcmocka-devel iptables-nft iptables-legacy nftables ipset iproute procps-ng jq python3 strace util-linux
	libcap libasan libubsan man-db mandoc diffutils kmod"
el_ci="clang clang-tools-extra cppcheck valgrind ShellCheck git compiler-rt"
el_host="systemd-container mmdebstrap busybox"

wanted=
for part; do
	case $part in
	build | test | ci | host) ;;
	*) echo "setup.sh: unknown part '$part'" >&2; exit 1 ;;
	esac
done

if command -v apt-get >/dev/null; then
	for part; do eval "wanted=\"\$wanted \$debian_$part\""; done
	missing=
	for package in $wanted; do
		# shellcheck disable=SC2016 # the variable is dpkg-query's
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
			missing="$missing $package"
	done
	[ -n "$missing" ] || exit 0
	echo "installing:$missing"
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	found=
	for package in $missing; do
		# The runtime of clang's sanitizers has the version in its name.
		case $package in
		libclang-rt-dev)
			apt-cache show "$package" >/dev/null 2>&1 ||
				package=libclang-rt-$(clang_version=$(apt-cache policy clang |
					sed -n 's/.*Candidate: 1:\([0-9]*\).*/\1/p'); echo "$clang_version")-dev ;;
		esac
		found="$found $package"
	done
	# shellcheck disable=SC2086 # a list of words
	apt-get install -y -qq --no-install-recommends $found >/dev/null
elif command -v dnf >/dev/null; then
	for part; do eval "wanted=\"\$wanted \$el_$part\""; done
	# shellcheck disable=SC2086
	rpm -q $wanted >/dev/null 2>&1 && exit 0
	dnf install -y -q dnf-plugins-core epel-release
	dnf config-manager --set-enabled crb
	# shellcheck disable=SC2086
	dnf install -y -q $wanted
else
	echo "setup.sh: neither apt-get nor dnf is here; install by hand: $debian_build $debian_test" >&2
	exit 1
fi
