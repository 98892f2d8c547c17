#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Root file systems of Debian releases with the packages of a Docker host, and those
# that a user needs to build the program there. Each is built once, in the cache
# folder; a changed list of packages makes a new one.

ROOT_PACKAGES=systemd,systemd-sysv,dbus,docker.io,firewalld,iptables,nftables,iproute2,procps
ROOT_PACKAGES+=,busybox-static,gcc,libc6-dev,make,pkg-config
ROOT_PACKAGES+=,libmnl-dev,libnftnl-dev,libiptc-dev,libip4tc-dev,libip6tc-dev,libxtables-dev
ROOT_PACKAGES+=,libconfuse-dev,libjansson-dev,libseccomp-dev

root_packages() # RELEASE
{
	case $1 in
	bookworm) echo "$ROOT_PACKAGES" ;;
	*) echo "$ROOT_PACKAGES,docker-cli,systemd-dev" ;;
	esac
}

root_path() # RELEASE
{
	echo "$CACHE/root-$1-$(root_packages "$1" | sha256sum | cut -c1-12)"
}

root_build() # RELEASE
{
	local path new
	path=$(root_path "$1")
	[ ! -d "$path" ] || return 0
	new=$path.new.$$
	rm -rf "$new"
	if ! timeout 1500 mmdebstrap --quiet --variant=minbase --include="$(root_packages "$1")" \
		--aptopt='Acquire::Check-Valid-Until "false"' \
		--aptopt='Acquire::Languages "none"' --aptopt='Acquire::Retries "3"' \
		--dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		"$1" "$new" >"$new.log" 2>&1; then
		echo "the root file system of Debian $1 could not be built:" >&2
		tail -n 5 "$new.log" >&2
		rm -rf "$new" "$new.log"
		return 1
	fi
	rm -f "$new.log"
	# Another run may have been faster.
	mv -T "$new" "$path" 2>/dev/null || rm -rf "$new"
}

# Builds the program in the root, from a copy of the tree, and installs it
# there as a user would; the result is a layer over the root in $RUN.
program_build() # RELEASE
{
	local dir=$RUN/built-$1
	mkdir -p "$dir/upper" "$dir/work" "$dir/root"
	mount -t overlay dockfw-host -o \
		"redirect_dir=on,lowerdir=$(root_path "$1"),upperdir=$dir/upper,workdir=$dir/work" "$dir/root" || return 1
	mkdir "$dir/root/src"
	tar -C "$RUN/tree" -c . | tar -C "$dir/root/src" -x --no-same-owner || return 1
	[ -z "${DOCKERD:-}" ] || cp "$DOCKERD/dockerd" "$DOCKERD/docker-proxy" "$dir/root/usr/sbin/" || return 1
	local status=0
	timeout -k 10 600 systemd-nspawn --quiet --register=no --keep-unit --pipe -D "$dir/root" \
		/bin/sh -ec 'cd /src && make && make install && make clean &&
			systemctl enable dockfw-early.service dockfw-check.service dockfw-check.timer' \
		</dev/null >"$dir/log" 2>&1 || status=1
	if [ $status -ne 0 ]; then
		echo "the program does not build and install on Debian $1:" >&2
		tail -n 20 "$dir/log" >&2
	fi
	umount "$dir/root"
	return $status
}
