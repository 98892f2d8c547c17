#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""datagrams.py answer PORT: answers each UDP datagram on a port, IPv4 and IPv6, with a word.

Prints "ready" once it listens.

datagrams.py ask ADDRESS PORT [zero|MAC]: sends one from a port that is always the same, with zero
one whose header gives 0 as its length, with MAC one in a frame to that address of the link layer,
by eth0. Exit status 0 if it is answered, 1 if it is not.

datagrams.py send SOURCE ADDRESS PORT MAC [NEXT]: sends one from that address in such a frame,
with NEXT one whose source route leads from ADDRESS to that one.
"""
import socket
import struct
import sys

FROM = 40000


def checksum(data):
    """The Internet checksum of an even number of bytes."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total >> 16) + (total & 0xFFFF)
    return ~total & 0xFFFF or 0xFFFF


def answer(port):
    """Answers until it is killed."""
    server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    server.bind(("::", port))
    print("ready", flush=True)
    while True:
        try:
            server.sendto(b"answer\n", server.recvfrom(2000)[1])
        except OSError:
            pass


def datagram(family, source, address, port, data, length):
    """A datagram with its checksum, whose header gives that length."""
    size = 8 + len(data)
    addresses = socket.inet_pton(family, source) + socket.inet_pton(family, address)
    pseudo = addresses + struct.pack("!II" if family == socket.AF_INET6 else "!HH",
                                     *((size, 17) if family == socket.AF_INET6 else (17, size)))
    header = struct.pack("!HHHH", FROM, port, length, 0)
    return header[:6] + struct.pack("!H", checksum(pseudo + header + data)) + data


def send_frame(family, source, address, content, mac, following=None):
    """Sends it in a frame to that address of the link layer."""
    addresses = socket.inet_pton(family, source) + socket.inet_pton(family, address)
    if family == socket.AF_INET6:
        kind, header = 0x86DD, struct.pack("!IHBB", 6 << 28, len(content), 17, 64) + addresses
    else:
        options = b""
        if following:
            options = b"\x83\x07\x04" + socket.inet_pton(family, following) + b"\0"
        size = 20 + len(options)
        header = struct.pack("!BBHIBBH", 0x40 + size // 4, 0, size + len(content), 0, 64, 17, 0)
        header += addresses + options
        kind, header = 0x0800, header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    link = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
    link.sendto(header + content, ("eth0", kind, 0, 0, bytes.fromhex(mac.replace(":", ""))))


def ask(address, port, how):
    """Whether an answer comes."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    client = socket.socket(family, socket.SOCK_DGRAM)
    client.connect((address, port))
    source = client.getsockname()[0]
    client.close()
    client = socket.socket(family, socket.SOCK_DGRAM)
    client.bind((source, FROM))
    client.settimeout(1)
    data = b"question"
    if how == "zero":
        raw = socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_UDP)
        raw.sendto(datagram(family, source, address, port, data, 0), (address, 0))
    elif how:
        whole = datagram(family, source, address, port, data, 8 + len(data))
        send_frame(family, source, address, whole, how)
    else:
        client.sendto(data, (address, port))
    try:
        return client.recv(100) == b"answer\n"
    except OSError:
        return False


if sys.argv[1] == "answer":
    answer(int(sys.argv[2]))
if sys.argv[1] == "send":
    FAMILY = socket.AF_INET6 if ":" in sys.argv[2] else socket.AF_INET
    CONTENT = datagram(FAMILY, sys.argv[2], sys.argv[3], int(sys.argv[4]), b"question", 16)
    send_frame(FAMILY, sys.argv[2], sys.argv[3], CONTENT, *sys.argv[5:])
    sys.exit()
sys.exit(0 if ask(sys.argv[2], int(sys.argv[3]), "".join(sys.argv[4:])) else 1)
