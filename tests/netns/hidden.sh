#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The program with the rights of the units, on a host whose /proc hides the processes of others
# (hidepid=): it does not take what it cannot see for what does not run.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "$TESTS/hosts.sh"
# shellcheck source=tests/dockerd.sh
. "$TESTS/dockerd.sh"
# shellcheck source=tests/watching.sh
. "$TESTS/watching.sh"
KIND=nft
root=$DOCKFW
chmod 755 "$WORK"
echo 'dockfw:x:4242:' >>/etc/group

DOCKFW=$WORK/as-unit
# as_unit ARGUMENT…: as root runs it for the user of the units; its PID is the program's.
cat >"$DOCKFW" <<-END
	#!/bin/bash
	exec setpriv --reuid 4242 --regid 4242 \$(cat '$WORK/groups') --no-new-privs \\
		--bounding-set -all,+net_admin --inh-caps -all,+net_admin --ambient-caps -all,+net_admin \\
		-- '$root' "\$@"
END
chmod 755 "$DOCKFW"
group() { echo "$1" >"$WORK/groups"; }
shows() { mount -o "remount,$1" /proc; }
said() { grep -q -- "$1" "$WORK/err" || { echo "not reported: $1"; cat "$WORK/err"; return 1; }; }
# For the user.
readable() { chmod 644 "$CONF" && install -d -o 4242 -m 700 /var/lib/dockfw; }
closed() {
	write_conf <<-END && readable
	outside = { "ens3" }
	${1:-}
	publish "80/tcp" { allow = { "203.0.113.123" } }
	unlisted = "refuse"
	END
}
warned='warning processes-hidden' unknown='unknown processes-hidden'
missing='unknown docker-chains-missing'

sh "$TESTS/../systemd/grant-access" "$WORK/none"
hosts_up
group --clear-groups
load docker-28.5 && load docker-28.5.ipv6 ip6tables
dockerd
start "$WORK/bin/docker-proxy" "$PEERS/answer.py" 9090 -proto tcp -host-ip 0.0.0.0 -host-port 9090 \
	-container-ip 172.17.0.2 -container-port 80 && proxies=("$started")
in_unit "$dockerd" && groups "${proxies[0]}" '0::/system.slice/docker.service\n'

for mode in 1 2; do
	closed
	shows hidepid=0
	try "hidepid=$mode: first the processes are seen" dockfw 0 --repair
	try "hidepid=$mode: docker-proxy's port is closed" refused "$outsider" 198.51.100.10 9090
	dockfw 0 --remove
	shows "hidepid=$mode"
	closed
	try "hidepid=$mode: a repair" dockfw 3 --repair
	try "hidepid=$mode: it cannot close the port" reaches "$outsider" 198.51.100.10 9090
	try "hidepid=$mode: and says so" finds 3 "$unknown"
	try "hidepid=$mode: why" jq -e '.findings[] | select(.id == "processes-hidden") |
		.message | contains("hidepid=") and contains("\"refuse\" does not close")' "$WORK/out"
	try "hidepid=$mode: the section holds" refused "$outsider" 198.51.100.10
	try "hidepid=$mode: --exposure does not call it closed" dockfw 1 --exposure --fail-if-open
	try "hidepid=$mode: it says why" said 'hidepid=.*docker-proxy answers on.* is not known'
	try "hidepid=$mode: and in JSON" dockfw 0 --exposure --format=json
	try "hidepid=$mode: by its report" jq -e '.unknown | any(contains("hidepid="))' "$WORK/out"
	try "hidepid=$mode: --trace says so" dockfw 0 --trace from 203.0.113.200 in ens3 tcp 9090
	try "hidepid=$mode: why" said 'hidepid='
	closed 'ignore = { "processes-hidden" }'
	try "hidepid=$mode: ignored" finds 0 ''
	try "hidepid=$mode: by --exposure as well" dockfw 0 --exposure --fail-if-open
	two_rules && readable
	try "hidepid=$mode: without unlisted it is a warning" dockfw 1 --repair
	try "hidepid=$mode: and no other" finds 1 "$warned"
	shows "hidepid=$mode,gid=4343"
	group '--groups 4343'
	try "hidepid=$mode: a group sees them" finds 1 'warning proxy-bypass'
	closed
	try "hidepid=$mode: so the port is closed" dockfw 0 --repair
	try "hidepid=$mode: really" refused "$outsider" 198.51.100.10 9090
	group --clear-groups
	# What is closed once stays so while Docker is not seen to run.
	try "hidepid=$mode: hidden again" dockfw 3 --repair
	try "hidepid=$mode: it stays closed" refused "$outsider" 198.51.100.10 9090
	dockfw 0 --remove
done

# ---- Docker's chains ----

two_rules && readable
shows hidepid=2
dockfw 1 --repair
ipt -F DOCKER && ipt -F DOCKER-FORWARD && ipt -t nat -F
try "chains lost: not critical, and not right" finds 3 "$missing,$warned"
clear_tables
two_rules && readable
try "all lost: Docker is not said to be stopped" dockfw 2 --format=json
try "… but unknown" jq -e '.findings | all(.id != "docker-absent") and any(.id == "processes-hidden")' "$WORK/out"
clear_tables
load docker-28.5
holds() { [ -s "$WORK/events" ]; }
watch
try "a watch reports it" event '.findings | any(.id == "processes-hidden")'
ipt -F DOCKER && ipt -t nat -F
try "and that it is not known whether chains are lost" event \
	'.findings | any(.id == "docker-chains-missing" and .severity == "unknown")'
stop

# ---- no Docker ----

end "$dockerd" "${proxies[@]}"
rm -f /run/docker/metrics.sock
clear_tables
load docker-28.5
closed
try "without a socket of Docker's" dockfw 1 --repair
try "only one elsewhere may be hidden" finds 1 "$warned"
try "it says so" grep -q 'whether a dockerd runs in another network namespace' "$WORK/out"
clear_tables
closed
try "without chains, Docker is known not to run" finds 3 "unknown docker-absent,$warned,warning guard-missing"
shows hidepid=0

# ---- no /proc at all ----

DOCKFW=$WORK/without
printf '#!/bin/sh\nunshare --mount sh -c '\''mount -t tmpfs none /proc && exec "$@"'\'' - %s "$@"\n' "$root" >"$DOCKFW"
chmod +x "$DOCKFW"
# LeakSanitizer does not run there, and reads from /proc that it need not.
if ! ldd "$root" | grep libasan >/dev/null; then
	try "without /proc" dockfw 3 --check
	try "the error names the file" grep -qF "cannot read '/proc/self/net/dev', the list of this host's interfaces: No such file" "$WORK/err"
fi
finish
