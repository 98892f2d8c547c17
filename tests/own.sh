# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# Sourced after hosts.sh: the tables of Docker's own nf_tables backend, as dockerd 29 makes
# them for the container on docker0.

# docker_own FAMILY: the table of ip or ip6, with the published ports 80 and 8081 (to 80).
docker_own() {
	local family=$1 container=172.17.0.2 to=172.17.0.2 loopback=127.0.0.0/8
	[ "$family" = ip ] || container=fd00:17::2 to='[fd00:17::2]' loopback=::1
	cat <<-END
	table $family docker-bridges {
		map filter-forward-in-jumps { type ifname : verdict; elements = { "docker0" : jump filter-forward-in__docker0 }; }
		map filter-forward-out-jumps { type ifname : verdict; elements = { "docker0" : jump filter-forward-out__docker0 }; }
		map nat-postrouting-in-jumps { type ifname : verdict; elements = { "docker0" : jump nat-postrouting-in__docker0 }; }
		map nat-postrouting-out-jumps { type ifname : verdict; elements = { "docker0" : jump nat-postrouting-out__docker0 }; }
		chain filter-FORWARD {
			type filter hook forward priority filter; policy accept;
			oifname vmap @filter-forward-in-jumps
			iifname vmap @filter-forward-out-jumps
		}
		chain nat-OUTPUT {
			type nat hook output priority -100; policy accept;
			$family daddr != $loopback fib daddr type local counter jump nat-prerouting-and-output
		}
		chain nat-POSTROUTING {
			type nat hook postrouting priority srcnat; policy accept;
			iifname vmap @nat-postrouting-out-jumps
			oifname vmap @nat-postrouting-in-jumps
		}
		chain nat-PREROUTING {
			type nat hook prerouting priority dstnat; policy accept;
			fib daddr type local counter jump nat-prerouting-and-output
		}
		chain nat-prerouting-and-output {
			iifname != "docker0" tcp dport 80 counter dnat to $to:80 comment "DNAT"
			iifname != "docker0" tcp dport 8081 counter dnat to $to:80 comment "DNAT"
		}
		chain raw-PREROUTING {
			type filter hook prerouting priority raw; policy accept;
			$family daddr $container iifname != "docker0" counter drop comment "DROP DIRECT ACCESS"
		}
		chain filter-forward-in__docker0 {
			ct state established,related counter accept
			iifname "docker0" counter accept comment "ICC"
			$family daddr $container tcp dport 80 counter accept
			counter drop comment "UNPUBLISHED PORT DROP"
		}
		chain filter-forward-out__docker0 {
			ct state established,related counter accept
			counter accept comment "OUTGOING"
		}
		chain nat-postrouting-in__docker0 { }
		chain nat-postrouting-out__docker0 { }
	}
	END
}

# Loads both tables, in place of any others of these names.
docker_native() {
	nft -f - <<-END
	table ip docker-bridges
	delete table ip docker-bridges
	table ip6 docker-bridges
	delete table ip6 docker-bridges
	$(docker_own ip)
	$(docker_own ip6)
	END
}

# What dockerd 29 deletes of iptables' chains when it starts with tables of its own: not
# DOCKER-USER with its jump, and not the policy of FORWARD.
docker_leaves_iptables() {
	local command chain
	for command in iptables ip6tables; do
		"$command-$KIND" -D FORWARD -j DOCKER-FORWARD
		for chain in DOCKER DOCKER-FORWARD DOCKER-BRIDGE DOCKER-CT DOCKER-INTERNAL DOCKER-ISOLATION-STAGE-1 DOCKER-ISOLATION-STAGE-2; do
			"$command-$KIND" -F "$chain"
		done
		for chain in DOCKER-FORWARD DOCKER-BRIDGE DOCKER-CT DOCKER-INTERNAL DOCKER DOCKER-ISOLATION-STAGE-1 DOCKER-ISOLATION-STAGE-2; do
			"$command-$KIND" -X "$chain"
		done
		"$command-$KIND" -t nat -F && "$command-$KIND" -t nat -X
	done 2>/dev/null
}
