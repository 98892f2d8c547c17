#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""distribution.py FILE BACKEND: what moments.c has written, as distributions: how long the guard
was not whole, and how long after the last write of others to FORWARD or DOCKER-USER the repair was. A window begins at each
line that has "-" for a process."""
import sys

OWN = "dockfw-check"


def windows(lines):
    window = []
    for line in lines:
        words = line.split()
        if words[1] == "-":
            yield window
            window = []
        else:
            window.append((int(words[0]), words[1], *map(int, words[2:5])))
    yield window


def guard_gaps(window):
    gone = None
    for when, who, added, removed, _ in window:
        if who != OWN and removed and gone is None:
            gone = when
        elif who == OWN and added and gone is not None:
            yield when - gone
            gone = None
    if gone is not None:
        yield float("inf")


def order_gap(window):
    others = [when for when, who, _, _, changes in window if who != OWN and changes]
    last = others[-1] if others else None
    after = [when for when, who, _, _, changes in window if who == OWN and changes and last and when > last]
    return after[0] - last if after else None


def show(name, gaps, none):
    if not gaps:
        print(f"{name}: {none}")
        return
    gaps.sort()

    def rank(share):
        return gaps[min(len(gaps) - 1, int(len(gaps) * share))] / 1000

    print(f"{name}: p50 {rank(0.5):.1f} ms, p99 {rank(0.99):.1f} ms, max {gaps[-1] / 1000:.1f} ms, n = {len(gaps)}")


with open(sys.argv[1]) as moments:
    seen = [window for window in windows(moments) if window]
show("guard whole again", [gap for window in seen for gap in guard_gaps(window)], "it was never removed")
if sys.argv[2] == "legacy":
    print("when DOCKER-USER is right again is not known: ip_tables announces nothing")
    sys.exit()
orders = [order_gap(window) for window in seen]
show("DOCKER-USER right again after the last write of others", [gap for gap in orders if gap is not None],
     "no repair was needed after it")
if None in orders:
    print(f"{orders.count(None)} of {len(orders)} times no repair was needed after the last write of others")
