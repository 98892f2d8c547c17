#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A kernel without IPv6 (ipv6.disable=1): IPv4 is guarded as on any other kernel,
# although both families are configured.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"

# The program sees a /proc/net without IPv6, and cannot open IPv6 sockets.
program=$(realpath "$DOCKFW")
tool=$(realpath "$BUILD/tools/without")
DOCKFW=$WORK/dockfw-check
cat >"$DOCKFW" <<END
#!/bin/bash
net=\$(mktemp -d -p "$WORK") || exit 125
for file in /proc/\$\$/net/*; do
	[[ \${file##*/} = @(if_inet6|ipv6_route) ]] || ln -s "/proc/1/net/\${file##*/}" "\$net"
done
mount --bind "\$net" /proc/\$\$/net || exit 125
exec "$tool" ipv6 "$program" "\$@"
END
chmod +x "$DOCKFW"

two_rules
for KIND in nft legacy; do
	clear_tables
	try "$KIND: DOCKER-USER is installed before Docker starts" dockfw 0 --repair
	try "$KIND: it is as configured" finds 0 ''
	try "$KIND: nothing was created for IPv6" [ -z "$(tables | grep icmp6)" ]
	try "$KIND: IPv4 has its guard, and IPv6 none" [ "$(nft list tables | grep dockfw)" = 'table ip dockfw' ]
	try "$KIND: the report has only IPv4" jq -e '.families == ["ipv4"]' "$WORK/out"
	try "$KIND: a second repair writes nothing" silent dockfw 0 --repair
	alone() { dockfw 3 --check -6 && grep -q 'this kernel does not have' "$WORK/err"; }
	try "$KIND: only IPv6" alone
	try "$KIND: the paths of packets" dockfw 0 --exposure
done
finish
