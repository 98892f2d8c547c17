/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef DOCKFW_TESTS_NFT_FORMS_H
#define DOCKFW_TESTS_NFT_FORMS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Rules of nf_tables in the syntax of nft-asm.h, and their meaning: the options that
 * iptables lists, or a part of the reason why they are opaque.
 */
struct nft_form {
	bool ipv6;
	const char *expressions;
	const char *text;   /* NULL: opaque */
	const char *opaque;
	bool refused;       /* the kernel refuses it, or leaves out a part of it */
};

#define TCP "meta l4proto; cmp eq 06; "
#define UDP "meta l4proto; cmp eq 11; "
#define END "counter 1 2; verdict accept"

static const struct nft_form nft_forms[] = {
	/* 1.8.4 */
	{ false, "payload nh 12 4; bitwise 4 ffffffff 00000000; cmp eq 0a010203; " END,
	  "-s 10.1.2.3 -j ACCEPT", NULL, false },
	{ false, "payload nh 16 4; bitwise 4 ffff0000 00000000; cmp neq 0a010000; " END,
	  "! -d 10.1.0.0/16 -j ACCEPT", NULL, false },
	{ false, "meta iifname; " END, "-j ACCEPT", NULL, false },
	{ false, TCP "match tcp 0 0000ffff0000ff030000000200000000; " END,
	  "-p tcp ! --dport 0:1023 -j ACCEPT", NULL, false },
	{ false, UDP "match udp 0 05000500" "0000ffff0000000000000000; "
	  "match udp 0 0000ffff" "060006000000000000000000; " END,
	  "-p udp -m udp --sport 5 -m udp --dport 6 -j ACCEPT", NULL, false },
	{ false, "meta iifname; meta oifname; " END, "-j ACCEPT", NULL, false },
	{ false, TCP "match tcp 0 0000ffff500050000000000000000000; " END,
	  "-p tcp --dport 80 -j ACCEPT", NULL, false },
	{ false, UDP "match udp 0 050005000000ffff0100000000000000; " END,
	  "-p udp ! --sport 5 -j ACCEPT", NULL, false },
	{ false, TCP "match tcp 0 0000ffff0000ffff0017020000000000; " END, "-p tcp --syn -j ACCEPT",
	  NULL, false },
	{ false, "match mark 1 02000000" "0f000000" "00000000" "00000000; " END,
	  "-m mark --mark 2/0xf -j ACCEPT", NULL, false },
	/* since 1.8.5 */
	{ false, "payload nh 12 4; cmp eq 0a010203; " END, "-s 10.1.2.3 -j ACCEPT", NULL, false },
	{ false, "payload nh 12 2; cmp eq 0a01; payload nh 16 1; cmp neq 0a; " END,
	  "-s 10.1.0.0/16 ! -d 10.0.0.0/8 -j ACCEPT", NULL, false },
	{ false, "payload nh 12 3; cmp eq 0a0102; " END, "-s 10.1.2.0/24 -j ACCEPT", NULL, false },
	{ false, "payload nh 12 4; bitwise 4 ff800000 00000000; cmp eq 0a800000; " END,
	  "-s 10.128.0.0/9 -j ACCEPT", NULL, false },
	{ false, "payload nh 6 2; bitwise 2 1fff 0000; cmp neq 0000; " END, "-f -j ACCEPT", NULL,
	  false },
	{ false, "payload nh 6 2; bitwise 2 1fff 0000; cmp eq 0000; " END, "! -f -j ACCEPT", NULL,
	  false },
	/* 1.8.8 and 1.8.9 */
	{ false, "meta iifname; cmp eq 'eth00; meta oifname; cmp neq 'br-; " TCP
	  "payload nh 12 4; cmp eq 0a010203; payload th 2 2; cmp eq 0050; " END,
	  "-i eth0 ! -o br-+ -p tcp -s 10.1.2.3 --dport 80 -j ACCEPT", NULL, false },
	{ false, "meta iifname; cmp eq 'INVAL/D0; counter 0 0; verdict drop", "! -i + -j DROP",
	  NULL,
	  false },
	{ false, UDP "payload th 0 4; cmp eq 00050006; " END,
	  "-p udp --sport 5 --dport 6 -j ACCEPT",
	  NULL, false },
	{ false, TCP "payload th 0 4; cmp neq 00050006; " END,
	  "-p tcp ! --sport 5 ! --dport 6 -j ACCEPT", NULL, false },
	{ false, TCP "payload th 0 2; range eq 0005 0009; payload th 2 2; range neq 0006 0007; "
	  END,
	  "-p tcp --sport 5:9 ! --dport 6:7 -j ACCEPT", NULL, false },
	{ false, UDP "payload th 2 2; range eq 0004 0003; " END, "-p udp --dport 4:3 -j ACCEPT",
	  NULL, false },
	{ false, UDP "payload th 0 2; range neq 0004 0003; " END, "-p udp ! --sport 4:3 -j ACCEPT",
	  NULL, false },
	{ false, TCP "payload th 2 2; cmp lte 0400; " END, "-p tcp --dport 0:1024 -j ACCEPT", NULL,
	  false },
	{ false, TCP "payload th 2 2; cmp gt 0400; " END, "-p tcp ! --dport 0:1024 -j ACCEPT", NULL,
	  false },
	{ false, TCP "payload th 13 1; bitwise 1 17 00; cmp eq 02; " END, "-p tcp --syn -j ACCEPT",
	  NULL, false },
	{ false, TCP "payload th 13 1; bitwise 1 17 00; cmp neq 02; payload th 2 2; cmp eq 0050; "
	  END,
	  "-p tcp ! --syn --dport 80 -j ACCEPT", NULL, false },
	{ false,
	  "meta mark; cmp neq 05000000; meta mark; bitwise 4 0f000000 00000000; cmp eq 02000000; "
	  END, "-m mark ! --mark 5 -m mark --mark 2/0xf -j ACCEPT", NULL, false },
	{ false, "limit 3 3600 5; " END, "-m limit -j ACCEPT", NULL, false },
	{ false, "limit 7 60 9; " END, "-m limit --limit 7/min --limit-burst 9 -j ACCEPT", NULL,
	  false },
	{ false, "counter 0 0; log 5 near 96 7",
	  "-j NFLOG --nflog-group 5 --nflog-prefix near --nflog-size 96 --nflog-threshold 7", NULL,
	  false },
	{ false, "counter 0 0; log 0", "-j NFLOG", NULL, false },
	{ false, "counter 0 0; imm 01; setmeta nftrace", "-j TRACE", NULL, false },
	{ false, "counter 0 0; verdict jump OTHER", "-j OTHER", NULL, false },
	{ false, "counter 0 0; verdict goto OTHER", "-g OTHER", NULL, false },
	{ false, "counter 0 0; verdict return", "-j RETURN", NULL, false },
	{ false, "counter 0 0", "", NULL, false },
	/* since 1.8.10 */
	{ false, "payload nh 16 4; cmp eq 0a010203; meta iifname; cmp eq 'eth00; payload nh 9 1; "
	  "cmp eq 06; payload th 2 2; cmp eq 0050; " END,
	  "-i eth0 -p tcp -d 10.1.2.3 --dport 80 -j ACCEPT", NULL, false },
	{ false, "payload nh 9 1; cmp neq 11; " END, "! -p udp -j ACCEPT", NULL, false },
	/* what 1.8.9 and later can also read */
	{ false, "payload nh 8 1; cmp eq 40; payload nh 8 1; cmp lte 40; " END,
	  "-m ttl --ttl-eq 64 -m ttl --ttl-lt 65 -j ACCEPT", NULL, false },
	{ false, "meta pkttype; cmp neq 01; " END, "-m pkttype ! --pkt-type broadcast -j ACCEPT",
	  NULL,
	  false },
	{ false, "payload nh 9 1; cmp eq 01; payload th 0 1; cmp eq 08; " END,
	  "-p icmp --icmp-type 8 -j ACCEPT", NULL, false },
	{ false, "payload nh 9 1; cmp eq 01; payload th 0 2; cmp eq 0304; " END,
	  "-p icmp --icmp-type 3/4 -j ACCEPT", NULL, false },
	/* written by nft: no counter, names as long as the register, a comment */
	{ false, "meta iifname; cmp eq 65746830000000000000000000000000; " TCP
	  "payload th 2 2; cmp eq 0050; verdict accept", "-i eth0 -p tcp --dport 80 -j ACCEPT",
	  NULL,
	  false },
	{ false, "meta oifname; cmp eq 'docker; " END "; comment two words",
	  "-o docker+ -m comment --comment \"two words\" -j ACCEPT", NULL, false },
	{ false, TCP "payload th 2 2; cmp gte 0400; " END, "-p tcp --dport 1024: -j ACCEPT", NULL,
	  false },
	{ false, TCP "payload th 2 2; cmp lt 0400; " END, "-p tcp --dport :1023 -j ACCEPT", NULL,
	  false },
	/* a range of nft: two comparisons of one value; interfaces by their numbers */
	{ false, TCP "payload th 2 2; cmp gte 0050; cmp lte 005a; payload th 0 2; cmp eq 0005; " END,
	  "-p tcp --sport 5 --dport 80:90 -j ACCEPT", NULL, false },
	{ false, UDP "payload th 0 2; cmp gte 0050; cmp lte 0050; verdict drop",
	  "-p udp --sport 80 -j DROP", NULL, false },
	{ true, TCP "payload th 2 2; cmp gte 0050; " END, "-p tcp --dport 80: -j ACCEPT", NULL,
	  false },
	{ false, "meta 4; cmp eq 01000000; " END, "-i lo -j ACCEPT", NULL, false },
	{ true, "meta 5; cmp neq 01000000; " END, "! -o lo -j ACCEPT", NULL, false },
	/* other registers */
	{ false, "payload nh 12 4 8; cmp eq 0a010203 1; " END, "-s 10.1.2.3 -j ACCEPT", NULL,
	  false },
	{ false, "payload nh 12 4 12; cmp eq 0a010203 2; " END, "-s 10.1.2.3 -j ACCEPT", NULL,
	  false },
	{ false, "payload nh 12 4 23; bitwise 4 ffff0000 00000000 23; cmp eq 0a010000 23; " END,
	  "-s 10.1.0.0/16 -j ACCEPT", NULL, false },
	{ false, "payload nh 12 4 9; cmp eq 0a010203 1; " END, NULL, "nothing was loaded", true },
	{ false, "payload nh 12 4 23; cmp eq 0a010203 4; " END, NULL, "nothing was loaded", true },

	/* IPv6 */
	{ true, TCP "payload nh 8 16; cmp eq 20010db8000000000000000000000001; " END,
	  "-p tcp -s 2001:db8::1 -j ACCEPT", NULL, false },
	{ true, "payload nh 24 8; cmp neq 20010db800000000; " END, "! -d 2001:db8::/64 -j ACCEPT",
	  NULL, false },
	{ true, "payload nh 8 16; bitwise 16 ffc00000000000000000000000000000 z16; "
	  "cmp eq fe800000000000000000000000000000; " END, "-s fe80::/10 -j ACCEPT", NULL, false },
	{ true, "payload nh 8 16; bitwise 16 ffffffffffffffffffffffffffffffff z16; "
	  "cmp eq 20010db8000000000000000000000001; " END, "-s 2001:db8::1 -j ACCEPT", NULL, false
	  },
	{ true, "payload nh 7 1; cmp eq 40; " END, "-m hl --hl-eq 64 -j ACCEPT", NULL, false },
	{ true, "meta l4proto; cmp eq 3a; payload th 0 1; cmp eq 80; " END,
	  "-p icmpv6 --icmpv6-type 128 -j ACCEPT", NULL, false },
	{ true, "payload nh 6 1; cmp eq 06; payload th 2 2; cmp eq 0050; " END, NULL, "byte 6",
	  false },
	{ true, "payload nh 12 4; cmp eq 0a010203; " END, NULL, "byte 12", false },

	/* Never written by iptables. */
	{ false, "bare notrack", NULL, "expression 'notrack'", false },
	{ false, "bare ct; " END, NULL, "expression 'ct'", true },
	{ false, "bare lookup", NULL, "expression 'lookup'", true },
	{ false, "bare masq; " END, NULL, "expression 'masq'", true },
	{ false, "payload th 2 2; cmp eq 0050; " END, NULL, "unknown protocol", false },
	{ false, "meta l4proto; cmp neq 06; payload th 2 2; cmp eq 0050; " END, NULL,
	  "unknown protocol", false },
	{ false, "meta l4proto; cmp eq 84; payload th 2 2; cmp eq 0050; " END, NULL, "protocol 132",
	  false },
	{ false, TCP "payload th 2 2; " END, NULL, "never used", false },
	{ false, TCP "payload th 2 2; payload th 0 2; cmp eq 0050; " END, NULL, "never used",
	  false },
	{ false, "meta mark; " END, NULL, "never used", false },
	{ false, "meta iifname; meta iifname; " END, NULL, "twice", false },
	{ false, "meta iifname; cmp eq 'a0; meta iifname; cmp neq 'b0; " END, NULL, "twice", false
	  },
	{ false, TCP UDP END, NULL, "twice", false },
	{ false, TCP "payload th 2 2; cmp gte 0005; payload th 2 2; cmp lte 0009; " END, NULL,
	  "twice",
	  false },
	{ false, "payload nh 12 4; cmp lt 0a010203; " END, NULL, "operator 2", false },
	{ false, "payload nh 12 4; cmp eq 0a01; " END, NULL, "2 bytes of a value of 4", false },
	{ false, "payload nh 12 2; cmp eq 0a010203; " END, NULL, "4 bytes of a value of 2", false },
	{ false, "payload nh 12 2; bitwise 2 ff00 0000; cmp eq 0a00; " END, NULL,
	  "2 bytes of an address",
	  false },
	{ false, "payload nh 12 8; cmp eq 0a0102030a010203; " END, NULL, "8 bytes of an address",
	  false },
	{ false, "payload nh 12 4; bitwise 4 ffff0000 00000000; cmp eq 0a010203; " END, NULL,
	  "beyond its mask", false },
	{ false, "payload nh 12 4; bitwise 4 ffff0000 00000001; cmp eq 0a010000; " END, NULL,
	  "inverted", false },
	{ false, "payload nh 12 4; bitwise 4 ffff0000 00000000; bitwise 4 ff000000 00000000; "
	  "cmp eq 0a000000; " END, NULL, "does not fit", false },
	{ false, "payload nh 6 2; cmp eq 0000; " END, NULL, "fragment", false },
	{ false, "payload nh 6 2; bitwise 2 3fff 0000; cmp eq 0000; " END, NULL, "fragment", false
	  },
	{ false, "payload nh 1 1; cmp eq 08; " END, NULL, "byte 1", false },
	{ false, "payload ll 0 6; cmp eq 020000000001; " END, NULL, "header 0", false },
	{ false, "meta iifname; cmp eq 'abcdefghijklmnop; " END, NULL, "too long", false },
	{ false, "meta iifname; cmp eq 'abcdefghijklmno; " END, NULL, "too long", false },
	{ false, "meta iifname; cmp eq 'abcdefghijklmn; " END, "-i abcdefghijklmn+ -j ACCEPT", NULL,
	  false },
	{ false, "meta iifname; cmp eq 'eth+0; " END, NULL, "a wildcard", false },
	{ false, "meta iifname; cmp eq 00; " END, NULL, "without a name", false },
	{ false, "meta iifname; cmp eq 6574683000000001; " END, NULL, "after the interface",
	  false },
	{ false, "meta 10; cmp eq 01000000; " END, NULL, "meta key 10", false },
	{ false, "meta 4; cmp eq 00ffff7f; " END, NULL, "does not exist", false },
	{ false, "meta 4; cmp lt 01000000; " END, NULL, "operator 2", false },
	{ false, "meta 4; bitwise 4 0f000000 00000000; cmp eq 01000000; " END, NULL, "a mask", false },
	{ false, "meta 4; cmp eq 01000000; meta iifname; cmp eq 'lo0; " END, NULL, "twice", false },
	{ false, TCP "payload th 2 2; cmp gte 0050; cmp lte 004f; " END, NULL, "after port 80", false },
	{ false, TCP "payload th 2 2; cmp gte 0050; cmp neq 0055; " END, NULL, "after port 80", false },
	{ false, TCP "payload th 2 2; cmp lte 0050; cmp gte 0040; " END, NULL, "nothing was loaded", false },
	{ false, TCP "payload th 2 2; cmp gte 0050; cmp lte 005a; cmp lte 0059; " END, NULL,
	  "nothing was loaded", false },
	{ false, TCP "payload th 2 2; cmp gte 0050; bitwise 2 00ff 0000; " END, NULL, "never used", false },
	{ false, "meta l4proto; cmp eq 00; " END, NULL, "protocol 0", false },
	{ false, TCP "payload th 2 2; cmp gt ffff; " END, NULL, "operator 4", false },
	{ false, TCP "payload th 2 2; bitwise 2 fff0 0000; cmp eq 0050; " END, NULL, "a mask",
	  false },
	{ false, TCP "payload th 0 4; cmp lt 00500000; " END, NULL, "operator 2", false },
	{ false, TCP "payload th 4 4; cmp eq 00500000; " END, NULL, "byte 4", false },
	{ false, UDP "payload th 13 1; cmp eq 02; " END, NULL, "byte 13", false },
	{ false, TCP "payload th 13 1; bitwise 1 00 00; cmp eq 00; " END, NULL, "empty mask",
	  false },
	{ false, TCP "payload th 2 2; range eq 0009 0005; " END, NULL, "9 to 5", true },
	{ false, "payload nh 9 1; cmp eq 01; payload th 0 1; cmp neq 08; " END, NULL, "ICMP",
	  false },
	{ false, "payload nh 9 1; cmp eq 01; payload th 1 1; cmp eq 04; " END, NULL, "ICMP", false
	  },
	{ false, "limit 3 3600 5 1; " END, NULL, "another kind", false },
	{ false, "limit 3 3600 5 0 1; " END, NULL, "another kind", false },
	{ false, "limit 20000 1 5; " END, NULL, "iptables does not have", false },
	{ false, "limit 9999 1 5; " END, NULL, "iptables does not have", false },
	{ false, "limit 3000 1 5; " END, NULL, "iptables does not have", false },
	{ false, TCP "payload th 13 1; cmp eq 02; " END, NULL, "flags that iptables does not know",
	  false },
	{ false, TCP "payload th 13 1; bitwise 1 42 00; cmp neq 00; " END, NULL,
	  "flags that iptables does not know", false },
	{ false, "counter 0 0; " TCP "verdict accept", NULL, "end of the rule", false },
	{ false, "counter 0 0; " END, NULL, "not before the rule's end", false },
	{ false, "counter 0 0; log 1; verdict drop", NULL, "after the rule's end", false },
	{ false, "counter 0 0; imm 01; setmeta nftrace; verdict accept", NULL,
	  "after the rule's end",
	  false },
	{ false, "counter 0 0; imm 01; verdict accept; setmeta nftrace", NULL,
	  "after the rule's end", false },
	{ false, "counter 0 0; imm 00; setmeta nftrace", NULL, "not 1", false },
	{ false, "imm 01; counter 0 0; setmeta nftrace", NULL, "never used", true },
	{ false, "counter 0 0; imm 01000000; setmeta mark", NULL, "not the trace", false },
	{ false, "verdict queue", NULL, "verdict queue", true },
	{ false, "verdict continue", NULL, "verdict -1", false },
	{ false, "counter 0 0; verdict accept; udata 0000", NULL, "user data", false },
	{ false, "counter 0 0; verdict accept; udata 01026100", NULL, "user data", false },
	{ false, "counter 0 0; verdict accept; udata 00026162", NULL, "user data", false },
	{ false, "counter 0 0; verdict accept; udata 000261000002", NULL, "user data", false },

	/* Not accepted by current kernels. */
	{ false, TCP "also 9 00; " END, NULL, "attribute", true },
	{ false, "counter 0 0; verdict accept; also 3 00", NULL, "attribute", true },
	{ false, "payload nh 12 32; " END, NULL, "odd place", true },
	{ false, "payload nh 12 16 22; cmp eq 0a 22; " END, NULL, "16 bytes from register 22",
	  true },
	{ false, "payload nh 12 4 5; cmp eq 0a010203 5; " END, NULL, "register 5", true },
	{ false, "verdict accept; verdict drop", NULL, "after the rule's end", true },
	{ false, "verdict jump", NULL, "to nowhere", true },
	{ false, "verdict accept OTHER", NULL, "with a chain", true },
	{ false, "match abcdefghijklmnopqrstuvwxyzabc 0 z8; " END, NULL, "no name", true },
	{ false, "match tcp 256 z16; " END, NULL, "not complete", true },
	{ false, "limit 0 1 1; " END, NULL, "iptables does not have", true },
};

#endif
