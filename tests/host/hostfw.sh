#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The scenario of "host-firewall": whatever firewalld is told, the container on port 80 is
# open to the same clients as a listener of the host on port 8000. The watch runs.

# shellcheck disable=SC2154 # top is of run.sh
FW_CLIENTS="198.51.100.77 203.0.113.123 203.0.113.200 2001:db8:51::77 2001:db8:113::123 2001:db8:113::200"
FW_LISTENER=0 FW_PAIRS=0 FW_OPEN=0

# Services, an ipset and a policy to be used by the commands.
fw_config()
{
	local root=$RUN/$HOST/root/etc
	printf 'outside = { "ens3" }\nunlisted = "host-firewall"\n' >"$root/dockfw/dockfw.conf"
	fw_file services/other '<service><port port="8000" protocol="tcp"/></service>'
	fw_file services/both '<service><port port="80" protocol="tcp"/><port port="8000" protocol="tcp"/></service>'
	fw_file ipsets/some '<ipset type="hash:net"></ipset>'
	fw_file policies/in '<policy target="CONTINUE" priority="-5"><ingress-zone name="public"/>
		<egress-zone name="HOST"/></policy>'
}

fw_file() # NAME TEXT
{
	local file=$RUN/$HOST/root/etc/firewalld/$1.xml
	mkdir -p "${file%/*}" && echo "$2" >"$file"
}

fw_listen()
{
	ip netns exec "$HOST-in" python3 "$top/tests/listen.py" 8000 >/dev/null 2>&1 &
	FW_LISTENER=$!
}

fw_measure() # PORT: "SOURCE open" or "SOURCE closed" of each client
{
	local source
	for source in $FW_CLIENTS; do echo "$source $(target "$source") $1"; done |
		outside python3 "$top/tests/pairs.py" 1.5 | awk '{ print $1, $4 }'
}

fw_agrees()
{
	fw_measure 8000 >"$RUN/$HOST.listener"
	fw_measure 80 >"$RUN/$HOST.container"
	diff "$RUN/$HOST.listener" "$RUN/$HOST.container"
}

# The watch may need a moment; whoever gets in for longer is a fault.
fw_same() # WHEN
{
	sleep 1
	wait_for 20 fw_agrees
	assert "$1: the container is open to the same clients as the host" fw_agrees ||
		fw_why
	FW_PAIRS=$((FW_PAIRS + $(wc -l <"$RUN/$HOST.listener")))
	FW_OPEN=$((FW_OPEN + $(grep -c open "$RUN/$HOST.listener")))
}

fw_why()
{
	in_host dockfw-check -v | detail
	in_host nft list table inet firewalld | detail
	in_host nft list tables | detail
}

# Tells it the same for both ports: PORT is each of them, SERVICE its service.
fw_tell() # ARGUMENT…
{
	local port service arguments
	while read -r port service; do
		arguments=("${@//PORT/$port}")
		in_host firewall-cmd "${arguments[@]//SERVICE/$service}" >/dev/null ||
			not_ok "firewall-cmd ${arguments[*]//SERVICE/$service}"
	done <<<$'80 http\n8000 other'
	fw_same "$*"
}

fw_once() # ARGUMENT…
{
	assert "firewall-cmd $*" in_host firewall-cmd "$@"
	fw_same "$*"
}

# Both ports are closed by one command. How much later than the host's listener does the
# container give its last answer?
fw_delay()
{
	local client=203.0.113.200
	in_host firewall-cmd --add-service=both >/dev/null
	wait_for 20 knock $client 80
	knockers_begin "$client,80" "$client,8000"
	sleep 2
	in_host firewall-cmd --remove-service=both >/dev/null
	sleep 3
	knockers_end
	paste -d' ' "$RUN/$HOST.knock.$client,80" "$RUN/$HOST.knock.$client,8000" | awk '
		function ms(time, part) { split(time, part, ":"); return ((part[1] * 60 + part[2]) * 60 + part[3]) * 1000 }
		{ print int(ms($4) - ms($8)) }'
}

scenario_hostfw()
{
	local delays=
	ready "$1" || return 1
	fw_config
	host_boot || return 1
	fw_listen
	assert "the watch starts" watch_begins
	settle
	fw_same "at first"
	fw_tell --add-service=SERVICE
	wait_for 20 knock 203.0.113.200 80
	assert "the container is open" knock 203.0.113.200 80
	fw_tell --remove-service=SERVICE
	fw_tell --add-port=PORT/tcp
	fw_tell --add-rich-rule='rule family=ipv4 source address=203.0.113.0/24 port port=PORT protocol=tcp reject'
	fw_tell --add-rich-rule='rule priority=-10 family=ipv4 source address=203.0.113.123 service name=SERVICE log prefix=x accept'
	fw_tell --add-rich-rule='rule priority=-20 family=ipv6 source address=2001:db8:51::/64 port port=PORT protocol=tcp drop'
	fw_tell --remove-port=PORT/tcp
	fw_tell --add-rich-rule='rule family=ipv4 source ipset=some port port=PORT protocol=tcp accept'
	fw_once --ipset=some --add-entry=198.51.100.64/28
	fw_once --ipset=some --remove-entry=198.51.100.64/28
	fw_once --zone=work --add-source=203.0.113.200
	fw_tell --zone=work --add-port=PORT/tcp
	fw_once --zone=drop --add-source=203.0.113.123
	fw_once --zone=trusted --add-source=2001:db8:113::/64
	fw_tell --policy=in --add-port=PORT/tcp
	fw_tell --policy=in --add-rich-rule='rule family=ipv6 source address=2001:db8:51::77 port port=PORT protocol=tcp reject'
	fw_once --zone=trusted --change-interface=ens3
	fw_once --zone=drop --change-interface=ens3
	fw_once --panic-on
	fw_once --panic-off
	fw_once --reload
	fw_tell --add-service=SERVICE
	in_host systemctl stop firewalld
	fw_same "systemctl stop firewalld"
	in_host systemctl start firewalld
	fw_same "systemctl start firewalld"
	for _ in 1 2 3; do delays="$delays $(fw_delay) ms"; done
	note "after the host's listener, the container was open for$delays"
	note "$FW_PAIRS pairs, $FW_OPEN of them open"
	assert "the watch is still the same" watch_same
	kill "$FW_LISTENER"
}
