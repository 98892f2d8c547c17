#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A kernel that has only ip_tables: requests to nf_tables still have an answer.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/dockerd.sh
. "${0%/*}/../dockerd.sh"

program=$DOCKFW
DOCKFW=$WORK/dockfw-check
printf '#!/bin/sh\nexec %q nft %q "$@"\n' "$(realpath "$BUILD/tools/without")" "$(realpath "$program")" >"$DOCKFW"
chmod +x "$DOCKFW"

two_rules
KIND=legacy
load docker-28.5
KIND=auto
try "the backend is found" finds 2 'critical rule-missing'
try "a repair" dockfw 0 --repair
try "it holds" finds 0 ''
try "without a guard" [ -z "$(nft list tables)" ]
try "a check with -v" dockfw 0 -v
try "explains that" grep -q 'this kernel has no nf_tables: there is no guard, only DOCKER-USER' "$WORK/err"
try "nothing to repair" silent dockfw 0 --repair
# shellcheck disable=SC2119 # no option for it
dockerd
try "with dockerd" finds 0 ''
try "a wait" dockfw 0 --wait=5
try "a repair that stays" dockfw 0 --repair --wait=5
ip link set ens3 up && ip addr add 198.51.100.10/24 dev ens3
# shellcheck disable=SC2034 # for proxy
listen=0.0.0.0 port=8080
proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2 -container-port 8000
try "a proxy" finds 1 'warning proxy-bypass'
iptables-legacy -A INPUT -i ens3 -j DROP
try "a proxy that rules of INPUT guard" dockfw 0
try "the paths of packets" dockfw 0 --exposure
try "a configuration from the current rules" dockfw 0 --capture
KIND=nft
try "nothing can be written there" dockfw 3 --repair
finish
