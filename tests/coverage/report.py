#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""report.py BUILD: prints a table of how many lines of src/ a run of the tests executed,
from gcov's counts, and writes the other lines to BUILD/uncovered.txt."""
import collections
import glob
import json
import os
import subprocess
import sys

build = sys.argv[1]
counts = collections.defaultdict(dict)
for notes in sorted(glob.glob(build + "/**/*.gcno", recursive=True)):
    # Only the program's own objects: those of the tests are built in one step with their links.
    if not os.path.exists("src/" + os.path.relpath(notes, build)[:-len(".gcno")] + ".c"):
        continue
    run = subprocess.run(["gcov", "--json-format", "--stdout", notes],
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    for unit in run.stdout.splitlines():
        for file in json.loads(unit)["files"]:
            # The lines of a header are in many units.
            lines = counts[file["file"]]
            for line in file["lines"]:
                number = line["line_number"]
                lines[number] = lines.get(number, 0) + line["count"]

total = executed = 0
with open(build + "/uncovered.txt", "w", encoding="utf-8") as uncovered:
    print("%-28s %6s %8s %6s" % ("file", "lines", "covered", "%"))
    for name in sorted(name for name in counts if name.startswith("src/")):
        lines = counts[name]
        covered = sum(1 for count in lines.values() if count)
        print("%-28s %6d %8d %6.1f" % (name, len(lines), covered, 100 * covered / len(lines)))
        total += len(lines)
        executed += covered
        with open(name, encoding="utf-8") as source:
            text = source.read().split("\n")
        for number in sorted(number for number, count in lines.items() if not count):
            uncovered.write("%s:%d:%s\n" % (name, number, text[number - 1]))
if not total:
    sys.exit("no counts in " + build)
print("%-28s %6d %8d %6.1f" % ("total", total, executed, 100 * executed / total))
