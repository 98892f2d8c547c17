/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rule_hint.h"

/* Texts that are refused, and what each message adds to that. */

#define RULE "-i eth0 -p tcp --dport 80 -j DROP"
#define PASTED ": '" RULE "'"
#define OPTIONS "; write only the rule's options"

static const struct {
	const char *text, *hint;
} rows[] = {
	{ "iptables -A DOCKER-USER " RULE, PASTED },
	{ "iptables -w 5 -t filter -I DOCKER-USER 1 " RULE, PASTED },
	{ "/usr/sbin/iptables-nft --insert DOCKER-USER  " RULE, PASTED },
	{ "ip6tables -A DOCKER-USER -j DROP", ": '-6 -j DROP'" },
	{ "-A DOCKER-USER " RULE, PASTED },
	{ "-I DOCKER-USER 3 " RULE, PASTED },
	{ "sudo iptables -I DOCKER-USER " RULE, OPTIONS PASTED },
	{ "# iptables -A DOCKER-USER " RULE, OPTIONS PASTED },
	{ "[0:0] -A DOCKER-USER -m comment --comment \"a b\" -j DROP",
	  OPTIONS ": '-m comment --comment \"a b\" -j DROP'" },
	{ "-A OTHER " RULE, "" },
	{ "-t nat -A DOCKER-USER " RULE, "" },
	{ "-A DOCKER-USER", "" },
	{ "-A \"DOCKER-USER\" " RULE, "" },
	{ "-p tcp -dport 80 -j DROP", "; '-dport' needs two dashes: write '--dport'" },
	{ "-m conntrack -ctstate NEW -j DROP", "; '-ctstate' needs two dashes: write '--ctstate'" },
	{ "-p tcp \xe2\x80\x93" "dport 80",
	  "; a dash of '\xe2\x80\x93" "dport' is not the '-' of the keyboard: write '--dport'" },
	{ "-p tcp \xe2\x80\x93-dport 80",
	  "; a dash of '\xe2\x80\x93-dport' is not the '-' of the keyboard: write '--dport'" },
	{ "\xe2\x88\x92p tcp", "; a dash of '\xe2\x88\x92p' is not the '-' of the keyboard: write '-p'" },
	{ "-m comment --comment \xe2\x80\x9cmy web\xe2\x80\x9d -j DROP",
	  "; '\xe2\x80\x9c' holds no words together: write \\\" in its place" },
	{ "-m comment --comment \"Bob\xe2\x80\x99s \xe2\x80\x9cweb\xe2\x80\x9d\" -j", "" },
	{ "-i ! docker0 -j DROP", "; a ! comes before its option: '! -i docker0'" },
	{ "-s !10.0.0.0/8 -j DROP", "; a ! comes before its option: '! -s 10.0.0.0/8'" },
	{ "-p tcp --dport ! 80", "; a ! comes before its option: '! --dport 80'" },
	{ "-p tcp --syn ! -i docker0 -j NOSUCH", "" },
	{ "-p tcp --syn !", "" },
	{ "--dport 80 -p tcp -j DROP", "; write '-p tcp' or '-p udp' before '--dport'" },
	{ "-p all --sport 80", "; write '-p tcp' or '-p udp' before '--sport'" },
	{ "-m multiport --dports 80", "; write '-p tcp' or '-p udp', and '-m multiport', before '--dports'" },
	{ "-p udp --dports 80", "; write '-m multiport' before '--dports'" },
	{ "--protocol=TCP --dport nosuch", "" },
	{ "--ctstate NEW -j DROP", "; write '-m conntrack' before '--ctstate'" },
	{ "-m conntrack --ctstate NEV", "" },
	{ "-p tcp --icmp-type 8", "; write '-p icmp' before '--icmp-type'" },
	{ "-p tcp --dport 65536", "; the highest port is 65535" },
	{ "-p tcp --dport 99999999999999999999", "; the highest port is 65535" },
	{ "-p tcp --dport 80/tcp", "; write '-p tcp --dport 80'" },
	{ "-p tcp --dport 80,443", "; a list of ports is written '-m multiport --dports 80,443'" },
	{ "-p tcp --dport 80-90", "; a range of ports is written '80:90'" },
	{ "-p tcp -m multiport --dports 80, 443", "; a list has no blank after a comma: '80,443'" },
	{ "-p 80/tcp", "; write '-p tcp --dport 80'" },
	{ "-ptcp/80", "; write '-p tcp --dport 80'" },
	{ "-p tcp,udp --dport 80", "; a rule has one protocol: write one rule for each" },
	{ "-s 10.0.0.0/33", "; the longest prefix of IPv4 is /32" },
	{ "-d 192.0.2.1,2001:db8::/129", "; the longest prefix of IPv6 is /128" },
	{ "-s 10.0.0.1-10.0.0.9",
	  "; a range of addresses is written '-m iprange --src-range 10.0.0.1-10.0.0.9'" },
	{ "-d 10.1.*", "; write '10.1.0.0/16' for '10.1.*'" },
	{ "-s 10.*.*.*", "; write '10.0.0.0/8' for '10.*.*.*'" },
	{ "-s *", "" },
	{ "-s 10.1*", "" },
	{ "-s my-host", "" },
	{ "-s 10.1.2.3, 10.1.2.4 -j DROP", "; a list has no blank after a comma: '10.1.2.3,10.1.2.4'" },
	{ "-j drop", "; did you mean '-j DROP'?" },
	{ "-j Accept", "; did you mean '-j ACCEPT'?" },
	{ "-j DROP;", "; did you mean '-j DROP'?" },
	{ "--jump office", "; did you mean '-j OFFICE'?" },
	{ "-j DOCKER", "" },
	{ "-j DROP -j ACCEPT", "" },
	{ "-j", "" },
	{ "-i eth0 DROP", "; write '-j DROP' for 'DROP'" },
	{ "-p tcp dport 80", "; write '--dport' for 'dport'" },
	{ "-j DROP # web", "; a comment comes after the quotes of the rule" },
	{ "", "" },
	{ "!", "" },
	{ "-", "" },
	{ "a \"b", "" },
};

static void adds_what_was_meant(void **state)
{
	struct strings chains = { 0 };

	(void)state;
	strings_add(&chains, "DOCKER-USER");
	strings_add(&chains, "OFFICE");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char *hint = rule_hint(rows[i].text, "DOCKER-USER", &chains);

		if (strcmp(hint, rows[i].hint))
			fail_msg("\"%s\" is not \"%s\"\nfor: %s", hint, rows[i].hint, rows[i].text);
		free(hint);
	}
	strings_clear(&chains);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(adds_what_was_meant) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
