#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares whole processes of dockfw-check and of iptables, side by side in one run.

Runs itself in a network namespace of its own. The commands of a pair run in turn,
A B A B …; the ratio is that of the medians. Each ratio is printed with its aim;
nothing fails here, since the speed of a machine is not a verdict on the program.
"""
import os
import statistics
import subprocess
import sys
import tempfile
import time

RUNS = int(os.environ.get("RUNS", "15"))
FETCH = os.path.abspath(sys.argv[2])
PEAK = os.path.abspath(sys.argv[3])
if os.environ.get("DOCKFW_BENCH") != "inside":
    os.environ["DOCKFW_BENCH"] = "inside"
    os.execvp("unshare", ["unshare", "-n", sys.executable] + sys.argv)

folder = tempfile.mkdtemp(prefix="dockfw-bench.")
os.environ["XTABLES_LOCKFILE"] = os.path.join(folder, "lock")
CONF = os.path.join(folder, "dockfw.conf")
# With a state folder of its own, a repair stores nothing on the host.
PROGRAM = [os.path.abspath(sys.argv[1]), "--state-folder", folder]
USER = ["-s 203.0.113.123/32 -i ens3 -p tcp -m tcp --dport 80 {}-j RETURN",
        "-i ens3 -p tcp -m tcp --dport 80 {}-j REJECT --reject-with icmp-port-unreachable"]
BOTH = [USER[0], "-i ens3 -p tcp -m tcp --dport 80 {}-j REJECT"]
MARK = "-m comment --comment dockfw "


def write(name, text):
    path = os.path.join(folder, name)
    with open(path, "w") as f:
        f.write(text)
    return path


def config(rules, name="dockfw.conf", families='"ipv4"'):
    lines = ",\n".join("        '%s'" % r.format("") for r in rules)
    return write(name, 'families = { %s }\nguard = "off"\nchain "DOCKER-USER" {\n    rules = {\n%s\n    }\n}\n'
                 % (families, lines))


def layout(ports, user):
    nat = ["*nat", ":PREROUTING ACCEPT [0:0]", ":DOCKER - [0:0]",
           "-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER"]
    fil = ["*filter", ":INPUT ACCEPT [0:0]", ":FORWARD DROP [0:0]", ":OUTPUT ACCEPT [0:0]",
           ":DOCKER - [0:0]", ":DOCKER-FORWARD - [0:0]", ":DOCKER-USER - [0:0]",
           "-A FORWARD -j DOCKER-USER", "-A FORWARD -j DOCKER-FORWARD",
           "-A DOCKER-FORWARD -o docker0 -j DOCKER"]
    for i in range(ports):
        to = "172.%d.%d.%d" % (17 + i // 62500, i // 250 % 250, i % 250 + 1)
        nat.append("-A DOCKER ! -i docker0 -p tcp -m tcp --dport %d -j DNAT --to-destination %s:80"
                   % (i % 65000 + 1, to))
        fil.append("-A DOCKER -d %s/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT" % to)
    fil += ["-A DOCKER-USER " + r for r in user]
    return "\n".join(nat + ["COMMIT"] + fil + ["COMMIT", ""])


def load(kind, ports, user, ipv6=False):
    text = layout(ports, user)
    subprocess.run(["iptables-%s-restore" % kind], input=text, text=True, check=True)
    if not ipv6:
        return
    # IPv6 has Docker's chains and no port, as on most hosts.
    text = layout(0, user[1:]).replace("icmp-port", "icmp6-port")
    subprocess.run(["ip6tables-%s-restore" % kind], input=text, text=True, check=True)


def run(words, stdin=None):
    """Seconds and peak KiB of one run; its output goes to /dev/null."""
    null = os.open(os.devnull, os.O_RDWR)
    source = os.open(stdin, os.O_RDONLY) if stdin else null
    start = time.monotonic()
    actions = [(os.POSIX_SPAWN_DUP2, source, 0), (os.POSIX_SPAWN_DUP2, null, 1),
               (os.POSIX_SPAWN_DUP2, null, 2)]
    pid = os.posix_spawnp(words[0], words, os.environ, file_actions=actions)
    _, status, usage = os.wait4(pid, 0)
    seconds = time.monotonic() - start
    for fd in {null, source}:
        os.close(fd)
    return seconds, usage.ru_maxrss, os.waitstatus_to_exitcode(status)


def pair(name, a, b, aim, before_a=None, before_b=None, expect=0):
    """a and b: (words, stdin); before_a, before_b: run before each of them, not timed."""
    times = ([], [])
    for i in range(RUNS + 1):
        for side, (command, before) in enumerate(((a, before_a), (b, before_b))):
            if before:
                before()
            seconds, _, code = run(*command)
            if side == 0 and expect is not None and code != expect:
                sys.exit("%s: exit %d of %s\n%s" % (name, code, " ".join(command[0]), subprocess.run(
                    command[0], capture_output=True, text=True).stdout[:2000]))
            if i:
                times[side].append(seconds)
    left, right = statistics.median(times[0]), statistics.median(times[1])
    print("%-66s %8.2f ms %8.2f ms  ratio %6.3f  aim %s"
          % (name, left * 1e3, right * 1e3, left / right, aim), flush=True)


CHECK = ([*PROGRAM, "-f", CONF, "-b", "nft"], None)
# What a host has whose ports are in publish sections, with a chain of its own, and the guard.
SECTIONS = """outside = { "ens3" }
unlisted = "refuse"
publish "80/tcp" { allow = { "203.0.113.0/24", "2001:db8::/32" } }
publish "443/tcp" { allow = { "any" } }
chain "OFFICE" { rules = { "-i ens3 -j RETURN" } }
chain "DOCKER-USER" { rules = { "-i ens3 -p udp --dport 53 -j OFFICE" } }
"""
JUMP = (["iptables-nft", "-C", "FORWARD", "-j", "DOCKER-USER"], None)
SAVE = (["iptables-nft-save"], None)
# The four commands that look at what a check of both families looks at.
FOUR = (["sh", "-c", "; ".join("%s -S %s" % (command, chain) for command in ("iptables-nft", "ip6tables-nft")
                               for chain in ("FORWARD", "DOCKER-USER"))], None)


def peak(ports):
    # Started by a small program: a child of this process would start with its size.
    small = subprocess.run([PEAK] + CHECK[0], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    kib = int(small.stderr.split()[-1])
    print("%-66s %8.2f MiB                       aim < 6" % ("peak memory of a check, %d ports" % ports,
                                                           kib / 1024), flush=True)


def bench_nft():
    config(BOTH, families='"ipv4", "ipv6"')
    user = [r.format(MARK) for r in USER]
    load("nft", 10, user, True)
    # The program waits while tables are new and may still be changing.
    subprocess.run(CHECK[0], stdout=subprocess.DEVNULL)
    time.sleep(1)
    pair("check of both families / iptables -C, 10 ports", CHECK, JUMP, "<= 1.2")
    pair("check of both families / four iptables -S, 10 ports", CHECK, FOUR, "<= 0.25")
    pair("check of IPv4 / iptables -C, 10 ports", ([*CHECK[0], "--ipv4"], None), JUMP, "<= 1.2")
    small = statistics.median(run(*CHECK)[0] for _ in range(RUNS))
    sections = [*PROGRAM, "-f", write("sections.conf", SECTIONS), "-b", "nft"]
    subprocess.run([*sections, "--repair", "-q"], check=True)
    time.sleep(1)
    pair("check of sections, a chain and the guard / four iptables -S", (sections, None), FOUR, "<= 0.25")
    subprocess.run([*sections, "--remove", "-q"], check=True)
    load("nft", 10000, user, True)
    pair("check of both families / iptables -C, 10,000 ports", CHECK, JUMP, "<= 1.2")
    pair("check of both families / four iptables -S, 10,000 ports", CHECK, FOUR, "<= 0.25")
    pair("check / iptables-save, 10,000 ports", CHECK, SAVE, "<= 0.033")
    pair("exposure / iptables-save, 10,000 ports", ([*CHECK[0], "--exposure", "-q"], None), SAVE, "<= 3",
         expect=None)
    peak(10000)
    load("nft", 100000, user, True)
    large = statistics.median(run(*CHECK)[0] for _ in range(RUNS))
    print("%-66s %8.2f ms %8.2f ms  ratio %6.3f  aim about 1"
          % ("check, 100,000 ports / 10 ports", large * 1e3, small * 1e3, large / small), flush=True)
    peak(100000)


def bench_repair():
    many = ["-s 10.%d.%d.%d/32 -i ens3 -p tcp -m tcp --dport 80 {}-j RETURN"
            % (i // 62500, i // 250 % 250, i % 250 + 1) for i in range(10000)]
    conf = config(many[:1000], "thousand.conf")
    rules = write("thousand.rules", "*filter\n" + "".join("-A DOCKER-USER %s\n" % r.format(MARK)
                                                          for r in many[:1000]) + "COMMIT\n")
    repair = ([*PROGRAM, "-f", conf, "-b", "nft", "--repair", "-q"], None)
    empty = lambda: load("nft", 10, [])
    pair("repair of 1,000 missing rules / iptables-restore --noflush", repair,
         (["iptables-nft-restore", "--noflush"], rules), "<= 1", empty, empty)
    conf = config(many, "ten-thousand.conf")
    load("nft", 10, [r.format(MARK) for r in many])
    drop = lambda: subprocess.run(["iptables-nft", "-D", "DOCKER-USER", "5000"], check=True)
    put = lambda: run([*PROGRAM, "-f", conf, "-b", "nft", "--repair", "-q"])
    pair("repair of one missing rule of 10,000 / check",
         ([*PROGRAM, "-f", conf, "-b", "nft", "--repair", "-q"], None),
         ([*PROGRAM, "-f", conf, "-b", "nft", "-q"], None), "<= 1.5", drop, put)


def bench_legacy():
    config(USER)
    load("legacy", 10000, [r.format(MARK) for r in USER])
    pair("legacy: check / bare fetch by libiptc, 10,000 ports",
         ([*PROGRAM, "-f", CONF, "-b", "legacy"], None), ([FETCH], None), "<= 1.2")


subprocess.run(["ip", "link", "add", "ens3", "type", "bridge"], check=True)
print("%d runs each, medians; %s, Linux %s, %s" % (
    RUNS, subprocess.run(["iptables-nft", "-V"], capture_output=True, text=True).stdout.strip(),
    os.uname().release, os.uname().machine))
for bench in (bench_nft, bench_repair):
    bench()
    subprocess.run(["nft", "flush", "ruleset"], check=True)
bench_legacy()
subprocess.run(["rm", "-rf", folder])
