#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The program as a user that is not root, as in the units, and the two steps that root does
# for it: read access (grant-access), and the restart of Docker (restart-docker), which
# here a loop starts and not dockfw-restart.path.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/dockerd.sh
. "${0%/*}/../dockerd.sh"
GUARD=off
top=$TESTS/..
echo 'dockfw:x:4242:' >>/etc/group
unset XTABLES_LOCKFILE

said() { grep -q -- "$1" "$WORK/err" || { echo "not reported: $1"; cat "$WORK/err"; return 1; }; }

# user CAPABILITY… -- COMMAND…: without any right of root's but these.
user() {
	local caps=-all
	while [ "$1" != -- ]; do
		caps+=,+$1
		shift
	done
	shift
	setpriv --reuid 4242 --regid 4242 --clear-groups --no-new-privs --bounding-set "$caps" \
		--inh-caps "$caps" --ambient-caps "$caps" -- "$@"
}

# as_user COMMAND…: the program runs so. Like root's in the other suites, and unlike in
# the units, it may read about each process.
as_user() {
	local DOCKFW=$WORK/as-user
	"$@"
}
{
	echo '#!/bin/bash'
	declare -f user
	echo "user net_admin sys_ptrace dac_read_search -- '$DOCKFW' \"\$@\""
} >"$WORK/as-user"
chmod +x "$WORK/as-user"
chmod 755 "$WORK"

# ---- grant-access ----

granted() { sh "$top/systemd/grant-access" "$WORK/etc"; }
modes() { (cd "$WORK/etc" && find . -exec stat -c '%n %a %g' {} + | sort); }
# The program with the rights that it has in the units, and no others.
repairs() { user net_admin -- "$DOCKFW" -f "$WORK/etc/dockfw.conf" -b "$1" --repair; }

# A private configuration, and what must be left alone.
mkdir -p "$WORK/etc/conf.d" "$WORK/etc/others" "$WORK/etc/open" "$WORK/etc/shared" "$WORK/beyond"
cat >"$WORK/etc/dockfw.conf" <<-'END'
	include("conf.d/*.conf")
END
two_rules && cp "$CONF" "$WORK/etc/conf.d/rules.conf"
touch "$WORK"/etc/{others,open,shared}/file "$WORK/beyond/file"
ln -s "$WORK/beyond/file" "$WORK/etc/link" && ln -s "$WORK/beyond" "$WORK/etc/folder"
chown 1 "$WORK/etc/others" && chgrp 7 "$WORK/etc/shared/file"
find "$WORK/etc" "$WORK/beyond" -type f -exec chmod 600 {} + -o -type d -exec chmod 700 {} +
chmod 777 "$WORK/etc/open" && chmod 640 "$WORK/etc/shared/file"

# The lists of legacy tables exist once there is one, here or in another namespace.
iptables-legacy -S >"$WORK/said" && ip6tables-legacy -S >"$WORK/said"
rm -f /run/xtables.lock
read_list() { user net_admin -- cat /proc/net/ip_tables_names; }
try "the user may not read the list of legacy tables" gives 1 read_list
try "nor a private configuration" gives 3 repairs nft
try "access is granted" granted
try "it says what it has changed" [ "$(grep -c "the group dockfw may now read '$WORK/etc" "$WORK/said")" = 5 ]
try "to the configuration, and to nothing that others may write or read" diff - <(modes) <<-'END'
	. 750 4242
	./conf.d 750 4242
	./conf.d/rules.conf 640 4242
	./dockfw.conf 640 4242
	./folder 777 0
	./link 777 0
	./open 777 0
	./open/file 600 0
	./others 700 0
	./others/file 600 0
	./shared 750 4242
	./shared/file 640 7
END
try "nor behind a link" [ "$(stat -c %a%g "$WORK/beyond/file")" = 6000 ]
try "granted again" granted
try "nothing is left to change" [ ! -s "$WORK/said" ]
try "the list can be read" gives 0 read_list
try "nft: the user repairs" gives 0 repairs nft
nft flush ruleset

try "legacy: the lock is there, for the group to read" [ "$(stat -c %a%g /run/xtables.lock)" = 6404242 ]
try "legacy: the user repairs" gives 0 repairs legacy
chmod 600 /run/xtables.lock
iptables-legacy -F
try "legacy: not with a lock of mode 0600" gives 3 repairs legacy
try "legacy: granted to that one" granted
try "legacy: the user repairs again" gives 0 repairs legacy
try "a folder that does not exist" sh "$top/systemd/grant-access" "$WORK/nowhere"

# ---- restart-docker ----

request=/run/dockfw/request/restart-docker stamp=/run/dockfw/docker-restarted
KIND=nft
mkdir -p /run/dockfw/request && chown 4242 /run/dockfw/request

requested() { [ -e $request ] || [ -L $request ]; }
# Serves one request after another, as dockfw-restart.path does.
serve() {
	while :; do
		if requested; then PATH=/usr/bin:$PATH sh "$top/systemd/restart-docker" 0; fi
		sleep 0.05
	done >"$WORK/served" 2>&1 &
	server=$!
}
served() { for _ in {1..100}; do requested || return 0; sleep 0.05; done; return 1; }
called() { [ "$(grep -cx 'try-restart docker.service' "$WORK/systemctl" 2>/dev/null)" = "$1" ]; }
no_nat() { ipt -t nat -F && ipt -t nat -X; }
lay="iptables-nft-restore <'$LAYOUTS/docker-28.5.rules'"

right
no_nat
sed -i '1i docker-recovery = "restart"' "$CONF"
chmod 644 "$CONF"
dockerd
systemctl_is <<<"$lay"
try "nobody serves the request" as_user dockfw 3 --repair
try "that is reported" said 'dockfw-restart.service does not restart Docker'
try "the request is taken back" [ ! -e $request ]
try "and systemctl was not called by the program" [ ! -e "$WORK/systemctl" ]
serve
try "the request is served" as_user dockfw 0 --repair
try "it is reported" said 'requested a restart of Docker from dockfw-restart.service'
try "Docker was restarted once" called 1
try "the time of it is root's" [ "$(stat -c %u $stamp)" = 0 ]
try "the request is gone" [ ! -e $request ]
no_nat
try "not again within the hour" as_user dockfw 2 --repair
try "that is reported" said 'within the last hour'
try "nor by an option" as_user dockfw 3 --repair --restart-docker
try "that is reported" said 'dockfw-restart.service has not restarted Docker'
try "Docker was not restarted" called 1
touch -d '61 minutes ago' $stamp
try "an hour later" as_user dockfw 0 --repair
try "Docker was restarted" called 2
no_nat
touch -d tomorrow $stamp
try "after the clock was set back" as_user dockfw 0 --repair
try "Docker was restarted once more" called 3
no_nat
rm $stamp
systemctl_is <<<'exit 5'
try "a restart that fails" as_user dockfw 3 --repair
try "that is reported" said 'has not restarted Docker'
try "it does not count" [ ! -e $stamp ]
try "the service says so" grep -q '^<3>Docker could not be restarted' "$WORK/served"
systemctl_is <<<"$lay"
try "so it is tried again" as_user dockfw 0 --repair

# Whatever stands in the place of the request is removed, and nothing else.
mkdir -p "$WORK/precious" && touch "$WORK/precious/file"
user -- ln -s "$WORK/precious" $request
try "a link in place of the request" served
user -- mkdir -p $request/folder/below
try "a folder in place of it" served
try "what the link led to is there" [ -e "$WORK/precious/file" ]
try "Docker was restarted once in all of that" called 1
end "$server"

rm -r /run/dockfw/request
no_nat
rm $stamp
try "without the folder of the units" as_user dockfw 3 --repair
try "that is reported" said "only root and the units of this program can"
end "$dockerd"
finish
