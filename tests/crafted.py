#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""crafted.py SOURCE ADDRESS PORT FLAGS [options]: sends one TCP segment with these flags.

With "options", an IPv6 header of destination options comes before that of TCP. Exit status
0 if a SYN-ACK comes back, 1 if nothing does.
"""
import os
import socket
import struct
import sys
import time

SOURCE, TO, PORT, FLAGS = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4], 16)
OPTIONS = len(sys.argv) > 5
V6 = ":" in TO
FAMILY = socket.AF_INET6 if V6 else socket.AF_INET
SPORT = 20000 + os.getpid() % 20000


def checksum(data):
    """The Internet checksum of an even number of bytes."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total >> 16) + (total & 0xFFFF)
    return ~total & 0xFFFF


addresses = socket.inet_pton(FAMILY, SOURCE) + socket.inet_pton(FAMILY, TO)
segment = struct.pack("!HHIIBBHHH", SPORT, PORT, 1000, 0, 5 << 4, FLAGS, 64000, 0, 0)
pseudo = addresses + struct.pack("!II" if V6 else "!HH", *((20, 6) if V6 else (6, 20)))
segment = segment[:16] + struct.pack("!H", checksum(pseudo + segment)) + segment[18:]

answers = socket.socket(FAMILY, socket.SOCK_RAW, socket.IPPROTO_TCP)
answers.bind((SOURCE, 0))
raw = socket.socket(FAMILY, socket.SOCK_RAW, socket.IPPROTO_RAW)
if V6:
    extension = struct.pack("!8B", 6, 0, 1, 4, 0, 0, 0, 0) if OPTIONS else b""
    size = len(extension) + len(segment)
    header = struct.pack("!IHBB", 6 << 28, size, 60 if OPTIONS else 6, 64) + addresses + extension
else:
    header = struct.pack("!BBHHHBBH", 0x45, 0, 40, 1, 0, 64, 6, 0) + addresses
raw.sendto(header + segment, (TO, 0))
end = time.monotonic() + 1.5
while (left := end - time.monotonic()) > 0:
    answers.settimeout(left)
    try:
        answer = answers.recv(2000)
    except socket.timeout:
        break
    if not V6:
        answer = answer[(answer[0] & 15) * 4:]
    if struct.unpack("!HH", answer[:4]) == (PORT, SPORT):
        sys.exit(0 if answer[13] & 0x12 == 0x12 else 1)
sys.exit(1)
