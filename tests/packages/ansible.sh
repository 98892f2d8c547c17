#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The Ansible role: what it writes, that a second run changes nothing, that --check only looks.
# shellcheck source=tests/lib.sh
. "${0%/*}/../lib.sh"
# shellcheck source=tests/hosts.sh
. "$TESTS/hosts.sh"

export KIND=nft
# /etc of the test's own, over that of the machine, which may have a configuration.
mkdir "$WORK/etc" "$WORK/bin" "$WORK/roles" && mount -t tmpfs tmpfs "$WORK/etc" && mkdir "$WORK/etc/u" "$WORK/etc/w" &&
	mount -t overlay dockfw-etc -o "lowerdir=/etc,upperdir=$WORK/etc/u,workdir=$WORK/etc/w" /etc &&
	rm -rf /etc/dockfw || exit 1
ln -s "$(realpath "$DOCKFW")" "$WORK/bin/dockfw-check"
ln -s "$(realpath "$TESTS/../conf/ansible")" "$WORK/roles/dockfw_check"
export PATH=$WORK/bin:$PATH ANSIBLE_ROLES_PATH=$WORK/roles ANSIBLE_LOCALHOST_WARNING=false ANSIBLE_NOCOLOR=1 \
	ANSIBLE_RETRY_FILES_ENABLED=false ANSIBLE_HOME=$WORK/ansible HOME=$WORK
cat >"$WORK/play.yml" <<'END'
- hosts: localhost
  connection: local
  gather_facts: false
  roles:
    - role: dockfw_check
      vars:
        ansible_python_interpreter: /usr/bin/python3
        dockfw_package: ""
        dockfw_mode: none
        dockfw_outside: [ens3]
        dockfw_settings: { families: [ipv4] }
        dockfw_publish:
          - { port: 80/tcp, allow: [203.0.113.123] }
END
play() { # CHANGED OPTION…: the play succeeds with so many changes
	local wanted=$1
	shift
	ansible-playbook -i localhost, "$@" "$WORK/play.yml" >"$WORK/out" 2>&1 || { cat "$WORK/out"; return 1; }
	grep -q "changed=$wanted " "$WORK/out" || { cat "$WORK/out"; return 1; }
}
tables() { iptables-nft-save | grep -v '^#' | sed 's/\[.*//'; nft list tables; }
unchanged() { diff "$WORK/before" <(tables); }

load docker-26 || exit 1
tables >"$WORK/before"
try "--check on a host without a configuration reports three changes" play 3 --check
try "--check writes nothing" unchanged
try "--check puts no file in place" test ! -e /etc/dockfw/dockfw.conf
try "the first run writes the configuration and repairs" play 3
try "the host is right" gives 0 dockfw-check
try "a second run changes nothing" play 0
iptables-nft -F DOCKER-USER
tables >"$WORK/before"
try "--check on a broken host reports a change" play 1 --check
try "--check leaves it broken" unchanged
try "a run repairs it" play 1
try "the host is right again" gives 0 dockfw-check
try "a wrong configuration is refused" gives 2 ansible-playbook -i localhost, -e 'dockfw_extra="publish {"' "$WORK/play.yml"
try "the one before stays" gives 0 dockfw-check
# What an ordinary user sends to a host is in a folder of that user's; includes are beside the file.
his=$WORK/his extra='include(\"conf.d/*.conf\")'
mkdir "$his" /etc/dockfw/conf.d && chmod 755 "$WORK" "$his" && chown 65534 "$his"
echo 'publish "443/tcp" { allow = { "203.0.113.9" } }' >/etc/dockfw/conf.d/more.conf
try "sent by an ordinary user, with an include" play 2 -e ansible_remote_tmp="$his" -e "{\"dockfw_extra\": \"$extra\"}"
try "the included file is in force" grep -q -- '-s 203.0.113.9/32 .*--ctorigdstport 443' <(iptables-nft-save)
# YAML reads off and a number as other than texts, and a text is not the list of its letters.
settings='{"dockfw_outside": "ens3", "dockfw_settings": {"families": "ipv4", "ignore": [], "trusted-chains": [true, 5, "a\"b\\c"]}'
settings+=', "dockfw_publish": [{"port": "80/tcp", "allow": "any", "interface": "ens3", "otherwise": "drop"}]}'
written() {
	sed -n '2,$p' /etc/dockfw/dockfw.conf | grep . | diff - <(cat <<-'END'
		outside = "ens3"
		families = "ipv4"
		ignore = {  }
		trusted-chains = { true, 5, "a\"b\\c" }
		publish "80/tcp" {
		    interface = "ens3"
		    allow = "any"
		    otherwise = "drop"
		}
	END
	)
}
try "values that are not texts, and texts" play 2 -e "$settings"
try "are written as they are" written
# refused OPTION: the play ends before it writes.
written_before() { find /etc/dockfw -type f -exec md5sum {} + | sort; iptables-nft-save | grep -v '^#' | sed 's/\[.*//'; }
refused() { written_before >"$WORK/before" && gives 2 ansible-playbook -i localhost, -e "$1" "$WORK/play.yml" && diff "$WORK/before" <(written_before); }
iptables-nft -F DOCKER-USER
try "a key that no section has is refused" refused '{"dockfw_publish": [{"port": "80/tcp", "interfaces": ["wg0"], "allow": ["any"]}]}'
try "with the section" grep -q "interfaces.*has port, allow, and if wanted interface and otherwise; no other key" "$WORK/out"
try "a section without allow" refused '{"dockfw_publish": [{"port": "80/tcp"}]}'
try "a mode in other letters" refused '{"dockfw_mode": "Watch"}'
try "with the modes" grep -q "dockfw_mode is 'Watch': it is watch, timer, boot or none" "$WORK/out"
try "dockfw_repair=false from the command line does not repair" play 1 -e dockfw_repair=false
try "the chain stays empty" [ "$(iptables-nft -S DOCKER-USER)" = '-N DOCKER-USER' ]
boolean() { gives 2 ansible-playbook -i localhost, -e '{"dockfw_settings": {"guard": false}}' "$WORK/play.yml"; }
try "a boolean that is not a value of its setting" boolean
try "is refused by the program" grep -q "guard: 'false' is neither" "$WORK/out"
wrong() { gives 2 ansible-playbook -i localhost, -e ansible_remote_tmp="$his" -e 'dockfw_extra="publish {"' "$WORK/play.yml"; }
try "a wrong one is refused" wrong
try "with the reason" grep -q 'dockfw.conf.ansible:[0-9]*: ' "$WORK/out"
try "no copy is left" [ "$(find /etc/dockfw -type f | wc -l)" = 2 ]
finish
