#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""firewalls.py KIND SEED [FOLDER VERSION]: prints a random firewall of a host.

KIND is "ipv4" or "ipv6", for iptables-restore and ip6tables-restore, or "nft", or "ufw":
options of ufw, a command each. Or it is "firewalld", with the folder of the configuration to
write, which is /etc/firewalld of a host, and the version of firewalld. The addresses, interfaces and ports are those of tests/netns/host_firewall.sh.
"""
import random
import sys

kind, seed = sys.argv[1], sys.argv[2]
draw = random.Random(kind + seed)
PORTS = [80, 81, 443, 8000, 8001, 8005, 9000, 53]
SOURCES = {
    "ipv4": ["203.0.113.0/24", "203.0.113.123", "203.0.113.200/29", "203.0.113.201",
             "203.0.113.128/25", "192.0.2.0/24", "192.0.2.77", "198.51.100.0/24", "0.0.0.0/0"],
    "ipv6": ["2001:db8:113::/64", "2001:db8:113::123", "2001:db8:113::200/125",
             "2001:db8:113::201", "2001:db8:2::/64", "2001:db8:2::77", "::/0"],
}
HOSTS = {"ipv4": ["198.51.100.10", "203.0.113.1", "203.0.113.0/28", "127.0.0.0/8"],
         "ipv6": ["2001:db8:51::10", "2001:db8:113::1"]}


def chance(percent):
    return draw.randrange(100) < percent


def port_span():
    first = draw.choice(PORTS)
    return (first, draw.choice([p for p in PORTS if p >= first])) if chance(40) else (first, first)


# ---- iptables ----

def match_of(family):
    parts = []
    if chance(45):
        # iptables does not take "! -s" with every address.
        if chance(15):
            parts.append("! -s " + draw.choice(SOURCES[family][:-2]))
        else:
            parts.append("-s " + draw.choice(SOURCES[family]))
    if chance(12):
        parts.append("-d " + draw.choice(HOSTS[family]))
    if chance(25):
        parts.append(("! " if chance(20) else "") + "-i " + draw.choice(["ens3", "ens4", "ens+", "lo"]))
    if chance(60):
        first, last = port_span()
        if chance(25):
            several = sorted(draw.sample(PORTS, draw.randrange(2, 5)))
            parts.append("-p tcp -m multiport --dports " + ",".join(map(str, several)))
        else:
            parts.append("-p %s --dport %d:%d" % (draw.choice(["tcp"] * 6 + ["udp"]), first, last))
    if chance(15):
        parts.append(draw.choice(["-m conntrack --ctstate NEW", "-m conntrack --ctstate INVALID",
                                  "-m conntrack ! --ctstate ESTABLISHED,RELATED",
                                  "-m state --state NEW", "-m addrtype --dst-type LOCAL",
                                  "-m addrtype --dst-type MULTICAST",
                                  "-m set --match-set some-%s src" % family,
                                  "-m mark --mark 0x1/0x1", "-m conntrack --ctstate DNAT"]))
    if chance(4):
        parts.append(draw.choice(["-m limit --limit 1/hour --limit-burst 1", "-m statistic --mode random "
                                  "--probability 0.5"]))
    return " ".join(parts)


def iptables(family):
    chains = ["first", "second", "third"]
    reject = "REJECT"
    print("*raw\n:PREROUTING ACCEPT [0:0]")
    if chance(20):
        print("-A PREROUTING -s %s -p tcp --dport %d -j DROP"
              % (draw.choice(SOURCES[family][:6]), draw.choice(PORTS)))
    print("COMMIT\n*mangle\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]")
    if chance(30):
        print("-A PREROUTING -s %s -j MARK --set-xmark 0x1/0x1" % draw.choice(SOURCES[family]))
    if chance(15):
        print("-A INPUT -s %s -j DROP" % draw.choice(SOURCES[family][:6]))
    print("COMMIT\n*filter\n:INPUT %s [0:0]" % draw.choice(["DROP", "ACCEPT"]))
    for chain in chains:
        print(":%s - [0:0]" % chain)
    if chance(60):
        print("-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT")
    else:
        print("-A INPUT -m conntrack ! --ctstate NEW -j ACCEPT")
    if family == "ipv6":
        print("-A INPUT -p ipv6-icmp -j ACCEPT")
    print("-A INPUT -i lo -j ACCEPT")
    for at, chain in enumerate(["INPUT"] + chains):
        for _ in range(draw.randrange(1, 7)):
            targets = ["ACCEPT"] * 4 + ["DROP", reject, reject]
            if chain != "INPUT":
                targets += ["RETURN"]
            targets += chains[at:]
            target = draw.choice(targets)
            verb = "-g" if target in chains and chance(15) else "-j"
            print("-A %s %s %s %s" % (chain, match_of(family), verb, target))
    print("COMMIT")


# ---- nft ----

def nft_match(family):
    word = "ip" if family == "ipv4" else "ip6"
    parts = []
    if chance(30):
        parts.append("iifname %s" % draw.choice(['"ens3"', '"ens4"', '{ "ens3", "lo" }', '"ens*"']))
    if chance(45):
        source = draw.choice(SOURCES[family][:-1])
        some = "{ %s }" % ", ".join(sorted({"203.0.113.123", "192.0.2.0/25"} if family == "ipv4"
                                           else {"2001:db8:113::123", "2001:db8:2::/64"}))
        parts.append("%s saddr %s%s" % (word, "!= " if chance(15) else "",
                                        draw.choice([source, source, some, "@some_" + family])))
    if chance(60):
        first, last = port_span()
        several = "{ %s }" % ", ".join(map(str, sorted(draw.sample(PORTS, 3))))
        parts.append("tcp dport " + draw.choice(["%d" % first, "%d-%d" % (first, last), several, "@ports"]))
    if chance(20):
        parts.append(draw.choice(["ct state new", "ct state { new, untracked }", "ct state invalid",
                                  "meta l4proto tcp"]))
    return " ".join(parts)


def nft():
    print("table inet fence {")
    print("\tset ports { type inet_service; flags interval; elements = { 80, 8000-8005 } }")
    print("\tset some_ipv4 { type ipv4_addr; flags interval; elements = { 203.0.113.200/31, 192.0.2.77 } }")
    print("\tset some_ipv6 { type ipv6_addr; flags interval; elements = { 2001:db8:113::200/127 } }")
    for at, chain in enumerate(["third", "second", "first"]):
        print("\tchain %s {" % chain)
        for _ in range(draw.randrange(1, 5)):
            targets = ["accept", "accept", "accept", "drop", "reject", "return"] + \
                ["jump " + name for name in ["third", "second"][:at]]
            print("\t\t%s %s" % (nft_match(draw.choice(["ipv4", "ipv6"])), draw.choice(targets)))
        print("\t}")
    print("\tchain in {\n\t\ttype filter hook input priority %s; policy %s;"
          % (draw.choice(["filter", "filter + 10", "filter - 5", "-200"]), draw.choice(["accept", "drop"])))
    print("\t\tct state established,related accept\n\t\tmeta l4proto ipv6-icmp accept")
    print('\t\tiifname "lo" accept')
    if chance(40):
        print('\t\tiifname vmap { "ens3" : jump first, "ens4" : jump second }')
    if chance(30):
        print("\t\ttcp dport vmap { 80 : accept, 443 : jump third, 8000 : drop }")
    for _ in range(draw.randrange(1, 6)):
        targets = ["accept", "accept", "drop", "reject", "jump first", "jump second", "goto third"]
        print("\t\t%s %s" % (nft_match(draw.choice(["ipv4", "ipv6"])), draw.choice(targets)))
    print("\t}\n}")


# ---- ufw ----

def ufw():
    print("default %s incoming" % draw.choice(["deny", "deny", "reject", "allow"]))
    for _ in range(draw.randrange(3, 9)):
        first, last = port_span()
        port = "%d" % first if first == last else "%d:%d" % (first, last)
        action = draw.choice(["allow"] * 5 + ["deny", "reject", "limit"])
        source = draw.choice(["any"] + SOURCES[draw.choice(["ipv4", "ipv6"])][:-1])
        host = draw.choice(["any"] * 4 + [h for h in HOSTS["ipv6" if ":" in source else "ipv4"]
                                          if "/" not in h and source != "any"] or ["any"])
        into = draw.choice(["", "", "in on ens3 ", "in on ens4 "])
        if chance(15) and source != "any":
            print("%s %sfrom %s" % (action, into, source))
        elif chance(20):
            print("%s %s/tcp" % (action, port))
        else:
            print("%s %sproto tcp from %s to %s port %s" % (action, into, source, host, port))


# ---- firewalld ----

def xml_rich():
    family = draw.choice(["ipv4", "ipv6"])
    attributes, parts = "", []
    if chance(50):
        attributes += ' priority="%d"' % draw.choice([-100, -10, -1, 1, 10, 100])
    if chance(75):
        attributes += ' family="%s"' % family
        if chance(75):
            invert = ' invert="True"' if chance(15) else ""
            source = ('ipset="some_%s"' % family if chance(20) and IPSETS
                      else 'mac="02:00:00:00:00:01"' if chance(4)
                      else 'address="%s"' % draw.choice(SOURCES[family][:-1]))
            parts.append("<source %s%s/>" % (source, invert))
        if chance(15):
            parts.append('<destination address="%s"%s/>'
                         % (draw.choice(HOSTS[family][:2]), ' invert="True"' if chance(20) else ""))
    if chance(75) or not parts:
        parts.append(xml_element())
    if chance(15):
        parts.append(draw.choice(['<log prefix="fence" level="info"/>', '<nflog group="4"/>',
                                  '<log prefix="x"><limit value="1/m"/></log>']))
    action = draw.choice(["<accept/>"] * 5 + ["<reject/>", "<drop/>"])
    if chance(4):
        action = '<accept><limit value="1/h"/></accept>'
    return "<rule%s>%s</rule>" % (attributes, "".join(parts + [action]))


def xml_element():
    first, last = port_span()
    span = "%d" % first if first == last else "%d-%d" % (first, last)
    return draw.choice(['<service name="%s"/>' % draw.choice(["http", "https", "dns"])] * 2 +
                       ['<port port="%s" protocol="%s"/>' % (span, draw.choice(["tcp"] * 5 + ["udp"]))] * 3 +
                       ['<protocol value="%s"/>' % draw.choice(["tcp", "udp"])] +
                       ['<source-port port="1024-65535" protocol="tcp"/>'] * chance(20))


def xml_body(rich):
    """The services, ports and rich rules of a zone or policy."""
    parts = {xml_element() for _ in range(draw.randrange(0, 4))}
    return sorted(parts) + sorted({xml_rich() for _ in range(draw.randrange(0, rich))})


def firewalld(folder):
    default = draw.choice(["public", "work"])
    write(folder, "firewalld.conf", [
        "DefaultZone=" + default, "FirewallBackend=" + BACKEND, "CleanupOnExit=yes",
        "LogDenied=" + draw.choice(["off", "off", "all"]),
        "IPv6_rpfilter=" + draw.choice(["yes", "no"] if is_old() else ["strict", "yes", "no"])])
    for family, word in (("ipv4", "inet"), ("ipv6", "inet6")) if IPSETS else ():
        write(folder, "ipsets/some_%s.xml" % family, [
            '<ipset type="hash:net"><option name="family" value="%s"/>' % word] +
            ["<entry>%s</entry>" % entry for entry in draw.sample(SOURCES[family][1:3] + SOURCES[family][5:6], 2)] +
            ["</ipset>"])
    sources = [s for f in ("ipv4", "ipv6") for s in SOURCES[f][:-1]]
    if IPSETS:
        sources += ["some_ipv4", "some_ipv6"]
    draw.shuffle(sources)
    interfaces = ["ens3", "ens4"]
    for zone in ["public", "work", "inner", "drop", "trusted", "block"]:
        target = {"drop": "DROP", "trusted": "ACCEPT", "block": "%%REJECT%%"}.get(
            zone, draw.choice(["default", "default", "default", "ACCEPT", "DROP", "%%REJECT%%"]))
        lines = ['<zone target="%s"%s><short>%s</short>' % (target, xml_priority(), zone)]
        if interfaces and chance(25):
            lines.append('<interface name="%s"/>' % interfaces.pop())
        for _ in range(draw.randrange(0, 3)):
            source = sources.pop()
            lines.append('<source %s="%s"/>' % ("ipset" if "_" in source else "address", source))
        if zone in ("public", "work", "inner"):
            lines += xml_body(5)
            if chance(10):
                lines.append("<forward/>")
        write(folder, "zones/%s.xml" % zone, lines + ["</zone>"])
    write(folder, "zones/docker.xml", ['<zone target="ACCEPT"><short>docker</short>',
                                       '<interface name="docker0"/></zone>'])
    for number in range(draw.choice([0, 0, 1, 2])):
        write(folder, "policies/some%d.xml" % number, [
            '<policy target="%s" priority="%d">' % (draw.choice(["CONTINUE"] * 4 + ["ACCEPT", "DROP", "REJECT"]),
                                                    draw.choice([-10, -5, 5, 10])),
            '<ingress-zone name="%s"/>' % draw.choice(["ANY", "public", "work", "inner"]),
            '<egress-zone name="HOST"/>'] + xml_body(3) + ["</policy>"])
    if DIRECT:
        write(folder, "direct.xml", ["<direct>"] + [direct_rule() for _ in range(3)] + ["</direct>"])
    if chance(4):
        write(folder, "panic", [])


def direct_rule():
    family = draw.choice(["ipv4", "ipv6"])
    return '<rule ipv="%s" table="filter" chain="INPUT" priority="%d">-s %s -p tcp --dport %d -j %s</rule>' % (
        family, draw.randrange(3), draw.choice(SOURCES[family][:-1]), draw.choice(PORTS),
        draw.choice(["ACCEPT", "DROP", "REJECT"]))


def is_old():
    return VERSION.startswith("1.")


def xml_priority():
    return ' ingress-priority="%d"' % draw.choice([-5, 5]) if chance(20) and not is_old() else ""


def write(folder, name, lines):
    with open(folder + "/" + name, "w") as file:
        file.write("\n".join(lines) + "\n")


if kind == "nft":
    nft()
elif kind == "firewalld":
    VERSION = sys.argv[4]
    BACKEND = "iptables" if chance(15) else "nftables"
    DIRECT = chance(20)
    # With rules of iptables, they need the command ipset.
    IPSETS = BACKEND == "nftables" and not DIRECT
    firewalld(sys.argv[3])
elif kind == "ufw":
    ufw()
else:
    iptables(kind)
