#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""neighbours.py KIND SEED: no client's fate changes because the program runs.

Makes one random host in this network namespace, of tests/hosts.sh, on which other
programs have rules, and lives a day of it twice: once without the program, once with a
captured configuration that is repaired after each step. After each step the same clients
connect. Prints what differs; the exit status is 0 if nothing does. In the environment:
DOCKFW, LAYOUTS, and WORK, a folder for the configuration.
"""
import ctypes
import os
import random
import select
import shlex
import socket
import subprocess
import sys

KIND, SEED = sys.argv[1], int(sys.argv[2])
DOCKFW, LAYOUTS, WORK = (os.environ[name] for name in ("DOCKFW", "LAYOUTS", "WORK"))
CONF = f"{WORK}/captured.conf"
LIBC = ctypes.CDLL(None, use_errno=True)
CLIENTS = {
    "allowed": ("203.0.113.123", "2001:db8:113::123"),
    "banned": ("203.0.113.200", "2001:db8:113::200"),
    "ordinary": ("203.0.113.50", "2001:db8:113::50"),
}
NAMESPACES = {"allowed": "allowed", "banned": "outsider", "ordinary": "ordinary"}
HOST = ("198.51.100.10", "2001:db8:51::10")
PORTS = (80, 22)  # published by Docker; the host's own
log = []


def run(command, family=None, check=True):
    """Runs a command; "ipt" is iptables or ip6tables of the backend."""
    words = shlex.split(command)
    if words[0] == "ipt":
        words[0] = ("ip6tables-" if family else "iptables-") + KIND
    log.append(shlex.join(words))
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if check and done.returncode:
        sys.exit(f"{shlex.join(words)}: {done.stderr or done.stdout}")
    return done


def enter(path):
    """Moves this process to the network namespace of a file."""
    with open(path, "rb") as file:
        if LIBC.setns(file.fileno(), 0x40000000):
            raise OSError(ctypes.get_errno(), "setns")


def connect(client, family, port):
    """A socket of the client on its way to the port of the host."""
    enter(f"/run/netns/{NAMESPACES[client]}")
    made = socket.socket(socket.AF_INET6 if family else socket.AF_INET)
    enter("/proc/1/ns/net")
    made.setblocking(False)
    made.connect_ex((HOST[family], port))
    return made


def served(wanted, seconds):
    """The subset of the wanted (client, family, port) that get an answer in that time."""
    waiting, got = {}, set()
    poll = select.poll()
    for key in wanted:
        made = connect(*key)
        waiting[made.fileno()] = (key, made)
        poll.register(made, select.POLLIN)
    while waiting:
        events = poll.poll(seconds * 1000)
        if not events:
            break
        for number, _ in events:
            key, made = waiting.pop(number)
            poll.unregister(number)
            try:
                if made.recv(16) == b"answer\n":
                    got.add(key)
            except OSError:
                pass
            made.close()
    for _, made in waiting.values():
        made.close()
    return got


ALL = {(client, family, port) for client in CLIENTS for family in (0, 1) for port in PORTS}


def fates(expected=None):
    """Who is served. Who is expected and is not gets a second, longer attempt."""
    got = served(ALL, 1 if expected is None else 0.4)
    late = (expected or set()) - got
    return got | served(late, 2) if late else got


class Neighbour:
    """A program with rules of its own. Each method writes as that program does."""

    def __init__(self, rng):
        self.rng = rng

    def start(self):
        """Its first rules."""

    def after_flush(self):
        """What it writes when DOCKER-USER was emptied; many write nothing."""

    def ban(self, client):
        """It refuses the client from now on."""

    def unban(self, client):
        """It no longer does."""


class Fail2ban(Neighbour):
    """A chain for each jail; a ban is its first rule."""

    def start(self):
        self.end = "-A" if self.rng.random() < 0.2 else "-I"
        self.ssh = self.rng.random() < 0.7
        for family in (0, 1):
            run("ipt -N f2b-web", family)
            run("ipt -A f2b-web -j RETURN", family)
            run(f"ipt {self.end} DOCKER-USER -p tcp -m multiport --dports 80,443 -j f2b-web", family)
            if self.ssh:
                # One chain for two hooks: jumped to from INPUT as well.
                run("ipt -I INPUT -p tcp -m multiport --dports 22 -j f2b-web", family)
        self.ban("banned")

    def after_flush(self):
        for family in (0, 1):
            run("ipt -I DOCKER-USER -p tcp -m multiport --dports 80,443 -j f2b-web", family)

    def ban(self, client):
        for family in (0, 1):
            run(f"ipt -I f2b-web 1 -s {CLIENTS[client][family]} -j REJECT", family)

    def unban(self, client):
        for family in (0, 1):
            run(f"ipt -D f2b-web -s {CLIENTS[client][family]} -j REJECT", family, check=False)


class Crowdsec(Neighbour):
    """A set for each family, and rules that drop its members."""

    def start(self):
        for family in (0, 1):
            self.name = ("crowdsec-blacklists", "crowdsec6-blacklists")
            run(f"ipset create -exist {self.name[family]} hash:net family {('inet', 'inet6')[family]} "
                "timeout 36000")
            run(f"ipset flush {self.name[family]}")
            self.rule(family)
            run(f"ipt -I INPUT -m set --match-set {self.name[family]} src -j DROP", family)
        self.ban("banned")

    def rule(self, family):
        run(f"ipt -I DOCKER-USER -m set --match-set {self.name[family]} src -j DROP", family)

    def after_flush(self):
        for family in (0, 1):
            self.rule(family)

    def ban(self, client):
        for family in (0, 1):
            run(f"ipset add -exist {self.name[family]} {CLIENTS[client][family]}")

    def unban(self, client):
        for family in (0, 1):
            run(f"ipset del -exist {self.name[family]} {CLIENTS[client][family]}")


class UfwDocker(Neighbour):
    """The rules that people add to ufw's after.rules; "ufw route allow" fills the chain."""

    def start(self):
        for family in (0, 1):
            net = ("172.16.0.0/12", "fd00::/8")[family]
            for chain in ("ufw-user-forward", "ufw-docker-logging-deny"):
                run(f"ipt -N {chain}", family)
            run("ipt -A ufw-docker-logging-deny -j DROP", family)
            for rule in ("-j ufw-user-forward",
                         "-m conntrack --ctstate RELATED,ESTABLISHED -j RETURN",
                         "-m conntrack --ctstate INVALID -j DROP",
                         "-i docker0 -o docker0 -j ACCEPT",
                         f"-s {net} -j RETURN",
                         f"-m conntrack --ctstate NEW -d {net} -j ufw-docker-logging-deny",
                         "-j RETURN"):
                run(f"ipt -A DOCKER-USER {rule}", family)
        self.allow("allowed")

    def allow(self, client):
        """ufw route allow from the client."""
        for family in (0, 1):
            run(f"ipt -A ufw-user-forward -s {CLIENTS[client][family]} -p tcp --dport 80 -j ACCEPT", family)

    def unban(self, client):
        if client == "ordinary":
            self.allow(client)


class Libvirt(Neighbour):
    """Chains at the head of FORWARD, for its own bridge."""

    def start(self):
        for family in (0, 1):
            for chain, rule in (("LIBVIRT_FWI", "-o virbr0 -j REJECT"), ("LIBVIRT_FWO", "-i virbr0 -j REJECT"),
                                ("LIBVIRT_FWX", "-i virbr0 -o virbr0 -j ACCEPT")):
                run(f"ipt -N {chain}", family)
                run(f"ipt -A {chain} {rule}", family)
                run(f"ipt -{self.rng.choice('IA')} FORWARD -j {chain}", family)


class Tailscale(Neighbour):
    """Marks what comes in through its interface, and accepts what is marked."""

    def start(self):
        for family in (0, 1):
            run("ipt -N ts-forward", family)
            for rule in ("-i tailscale0 -j MARK --set-xmark 0x40000/0xff0000",
                         "-m mark --mark 0x40000/0xff0000 -j ACCEPT",
                         f"-s {('100.64.0.0/10', 'fd7a:115c:a1e0::/48')[family]} -o tailscale0 -j DROP",
                         "-o tailscale0 -j ACCEPT"):
                run(f"ipt -A ts-forward {rule}", family)
            run("ipt -I FORWARD -j ts-forward", family)


class KubeProxy(Neighbour):
    """Accepts what it has marked."""

    def start(self):
        for family in (0, 1):
            run("ipt -N KUBE-FORWARD", family)
            for rule in ("-m conntrack --ctstate INVALID -j DROP",
                         "-m mark --mark 0x4000/0x4000 -j ACCEPT",
                         "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"):
                run(f"ipt -A KUBE-FORWARD {rule}", family)
            run(f"ipt -{self.rng.choice('IA')} FORWARD -j KUBE-FORWARD", family)


class NativeNft(Neighbour):
    """A native rule in DOCKER-USER, with a set of nf_tables."""

    def start(self):
        for family in (0, 1):
            table, kind = (("ip filter", "ipv4_addr"), ("ip6 filter", "ipv6_addr"))[family]
            run(f"nft add set {table} bad {{ type {kind}; }}")
            self.rule(family)
        self.ban("banned")

    def rule(self, family):
        table, word = (("ip filter", "ip"), ("ip6 filter", "ip6"))[family]
        run(f"nft insert rule {table} DOCKER-USER {word} saddr @bad drop")

    def after_flush(self):
        for family in (0, 1):
            self.rule(family)

    def change(self, verb, client):
        """nft add element, or delete."""
        for family in (0, 1):
            table = ("ip filter", "ip6 filter")[family]
            run(f"nft {verb} element {table} bad {{ {CLIENTS[client][family]} }}", check=False)

    def ban(self, client):
        self.change("add", client)

    def unban(self, client):
        self.change("delete", client)


class Administrator(Neighbour):
    """Rules by hand: some allow, then a refusal, or only one of both, or none."""

    def start(self):
        chain = "DOCKER-USER"
        family_rules = []
        for family in (0, 1):
            rules = []
            if self.rng.random() < 0.3:
                rules.append("-m conntrack --ctstate RELATED,ESTABLISHED -j RETURN")
            if self.rng.random() < 0.6:
                rules.append(f"-i ens3 -p tcp -m conntrack --ctorigdstport 80 -s {CLIENTS['allowed'][family]} "
                             f"-j {self.rng.choice(('RETURN', 'RETURN', 'ACCEPT'))}")
            if self.rng.random() < 0.5:
                rules.append(self.rng.choice(("-i ens3 -j DROP", "-i ens3 -p tcp --dport 80 -j REJECT",
                                              "-i ens3 -p tcp -m conntrack --ctstate NEW -j LOG",
                                              "-s 192.0.2.0/24 -j DROP" if not family
                                              else "-s 2001:db8:bad::/48 -j DROP")))
            family_rules.append(rules)
        if self.rng.random() < 0.3:
            chain = "OFFICE"
            for family in (0, 1):
                run("ipt -N OFFICE", family)
        for family in (0, 1):
            for rule in family_rules[family]:
                run(f"ipt -A {chain} {rule}", family)
            if chain != "DOCKER-USER" and family_rules[family]:
                run(f"ipt -A DOCKER-USER -i ens3 -j {chain}", family)


def clear():
    """A host without rules, sets and configuration."""
    run("nft flush ruleset")
    for family in (0, 1):
        name = f"/proc/net/ip{'6' if family else ''}_tables_names"
        tables = open(name, encoding="ascii").read().split() if os.path.exists(name) else []
        for table in tables:
            command = f"ip{'6' if family else ''}tables-legacy -t {table}"
            run(f"{command} -F")
            run(f"{command} -X")
    run("ipset destroy", check=False)


def build(seed):
    """The host of that seed: Docker's rules and its neighbours'."""
    rng = random.Random(seed)
    clear()
    for family, layout in enumerate(rng.choice((("docker-28.5", "docker-28.5.ipv6"),
                                                ("docker-27", "docker-27.ipv6"), ("docker-26", "docker-26.ipv6")))):
        path = f"{LAYOUTS}/{layout}.rules"
        if not os.path.exists(path):
            path = f"{LAYOUTS}/docker-26{'.ipv6' if family else ''}.rules"
        with open(path, encoding="ascii") as file:
            subprocess.run([f"ip{'6' if family else ''}tables-{KIND}-restore"], stdin=file, check=True)
    kinds = [Fail2ban, Crowdsec, UfwDocker, Libvirt, Tailscale, KubeProxy, Administrator, Administrator]
    if KIND == "nft":
        kinds.append(NativeNft)
    chosen = [kind for kind in kinds if rng.random() < 0.45]
    rng.shuffle(chosen)
    seen, neighbours = set(), []
    for kind in chosen:
        if kind not in seen:
            seen.add(kind)
            neighbours.append(kind(rng))
    for neighbour in neighbours:
        neighbour.start()
    return rng, neighbours


def flush():
    """What a reload of firewalld does to the chain."""
    for family in (0, 1):
        run("ipt -F DOCKER-USER", family)


def steps(neighbours, flushed):
    """The day: (name, what happens). Without the program nobody would bring a flush right."""
    def each(method, *words):
        return lambda: [getattr(neighbour, method)(*words) for neighbour in neighbours]

    def reload():
        flush()
        each("after_flush")()

    yield "first repair", lambda: None
    yield "a ban of the ordinary client", each("ban", "ordinary")
    yield "an unban of the banned client", each("unban", "banned")
    if flushed:
        yield "a flush, and the neighbours' rules again", reload
    else:
        yield "no flush", lambda: None
    yield "an unban of the ordinary client", each("unban", "ordinary")


def show(keys):
    """Keys as text."""
    return ", ".join(f"{client} over IPv{6 if family else 4} to {port}" for client, family, port in sorted(keys))


def program(*words, allowed=(0, 1)):
    """Runs the program; the status has to be one of the allowed."""
    done = subprocess.run([DOCKFW, "-f", CONF, "-b", KIND, *words], capture_output=True, text=True, check=False)
    log.append(f"dockfw-check {' '.join(words)}: status {done.returncode}")
    if done.returncode not in allowed:
        differ(f"dockfw-check {' '.join(words)} exits with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done


def differ(text):
    """The host, and what is wrong on it."""
    print(f"{KIND}, seed {SEED}: {text}")
    if os.path.exists(CONF):
        print(open(CONF, encoding="utf-8").read())
    print("\n".join(log))
    for family in (0, 1):
        print(run("ipt -S", family).stdout)
    sys.exit(1)


def main():
    """Both days."""
    _, neighbours = build(SEED)
    expected = []
    for name, happens in steps(neighbours, False):
        happens()
        expected.append(fates())
    log.clear()
    subprocess.run("rm -rf /var/lib/dockfw", shell=True, check=True)
    if os.path.exists(CONF):
        os.unlink(CONF)
    _, neighbours = build(SEED)
    captured = program("--capture", "-o", CONF, allowed=(0, 1, 3))
    if captured.returncode == 3:
        if "nothing to capture" in captured.stderr or not os.path.exists(CONF):
            return  # a host without rules to hold
        differ(captured.stderr)
    os.utime(CONF, (0, 0))
    program("--check-config")
    for (name, happens), wanted in zip(steps(neighbours, True), expected):
        happens()
        program("--repair")
        got = fates(wanted)
        if got - wanted:
            differ(f"after {name}, these get in that did not: {show(got - wanted)}")
        if wanted - got:
            differ(f"after {name}, these are shut out: {show(wanted - got)}")
    program("--check")


main()
