#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""layout.py BUILD [-v]: which file uses which in src/. A file is a .c and the .h of
the same name. It uses another one if it needs a function or a variable that the
other's object defines (according to nm), or a type, a macro, an enumerator or an
inline function that the other defines (according to ctags). Lists the includes and
uses that the table of folders in the Makefile (USES_...) does not allow, the circles
of files, and the folders that use one above them; then the counts. Exit status 1 if
there are any; -v also prints the floors, and the uses within each circle."""
import collections
import glob
import json
import os
import re
import subprocess
import sys

BUILD = sys.argv[1]
VERBOSE = "-v" in sys.argv[2:]
# Of libc, and one of the program's own comes before it for the libraries too: nobody uses
# that on purpose.
FOR_ALL = {"socket"}


def folder_of(path):
    return os.path.dirname(os.path.relpath(path, "src"))


def table():
    """Folder -> the folders that it may use, in the order of the Makefile."""
    uses = {}
    with open("Makefile", encoding="utf-8") as makefile:
        for line in makefile:
            row = re.match(r"USES_([a-z/]+) :=(.*)", line)
            if row:
                uses[row.group(1)] = row.group(2).split()
    return uses


def unit_of(path):
    return os.path.splitext(os.path.relpath(path, "src"))[0]


def code_of(path):
    """The tokens of a file, without comments and strings."""
    with open(path, encoding="utf-8") as source:
        text = source.read()
    text = re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'',
                  " ", text, flags=re.S)
    return re.findall(r"->|\.\.\.|[A-Za-z_]\w*|\S", text)


def definitions(paths):
    """Kind -> name -> the unit that defines it, for the names that other files can use."""
    kinds = {"macro": {}, "enumerator": {}, "typedef": {}, "tag": {}, "inline": {}}
    run = subprocess.run(
        ["ctags", "--languages=C", "--langmap=C:.c.h", "--output-format=json", "--fields=+K", "--kinds-C=degstuf",
         "-f", "-", *[path for path in paths if path.endswith(".h")]],
        stdout=subprocess.PIPE, check=True)
    of_kind = {"macro": "macro", "enumerator": "enumerator", "typedef": "typedef",
               "struct": "tag", "union": "tag", "enum": "tag", "function": "inline"}
    for line in run.stdout.decode().splitlines():
        tag = json.loads(line)
        name = tag["name"]
        if name.startswith("DOCKFW_") and name.endswith("_H") or name.startswith("__anon"):
            continue
        kinds[of_kind[tag["kind"]]][name] = unit_of(tag["path"])
    return kinds


def sources(kinds):
    """The files of the program, without that of a program of the build."""
    paths = glob.glob("src/**/*.[%s]" % kinds, recursive=True)
    return sorted(path for path in paths if not path.startswith("src/xtables/filters/"))


def symbols(uses):
    """Adds the uses of functions and variables, from the objects."""
    owner, wanted = {}, collections.defaultdict(set)
    # One of them takes the place of others where a backend is not built.
    units = [unit_of(path) for path in sources("c")]
    objects = {"%s/%s.o" % (BUILD, unit): unit for unit in units
               if not os.path.basename(unit).startswith("without_")}
    lines = subprocess.run(["nm", "-A", *objects], stdout=subprocess.PIPE, check=True).stdout.decode().splitlines()
    for line in lines:
        unit = objects[line.split(":")[0]]
        kind, name = line.split()[-2:]
        if kind == "U":
            wanted[unit].add(name)
        elif kind in "TDBRVW":
            owner[name] = unit
    for unit, names in wanted.items():
        for name in names:
            if name in owner and owner[name] != unit and name not in FOR_ALL:
                uses[unit][owner[name]].add(name)


def words(uses, paths):
    """Adds the uses of types, macros, enumerators and inline functions, from the text."""
    kinds = definitions(paths)
    own = collections.defaultdict(set)
    for path in paths:
        code = code_of(path)
        for i, word in enumerate(code[:-1]):
            # "struct name {": the file defines this name itself.
            if code[i - 1] in ("struct", "union", "enum") and code[i + 1] == "{":
                own[unit_of(path)].add(word)
    for path in paths:
        unit, code = unit_of(path), code_of(path)
        for i, word in enumerate(code):
            before = code[i - 1] if i else ""
            after = code[i + 1] if i + 1 < len(code) else ""
            if before in ("struct", "union", "enum"):
                # A forward declaration needs nothing from the other file.
                found = kinds["tag"].get(word) if after != ";" and word not in own[unit] else None
            elif before in (".", "->"):
                found = None
            else:
                found = kinds["macro"].get(word) or kinds["enumerator"].get(word) or \
                    kinds["typedef"].get(word)
                if not found and after == "(":
                    found = kinds["inline"].get(word)
            if found and found != unit:
                uses[unit][found].add(word)


def circles(uses):
    """The strongly connected components of more than one file, and an order of the others."""
    number, low, stack, found, order = {}, {}, [], [], []

    def visit(unit):
        number[unit] = low[unit] = len(number)
        stack.append(unit)
        for to in sorted(uses[unit]):
            if to not in number:
                visit(to)
                low[unit] = min(low[unit], low[to])
            elif to in stack:
                low[unit] = min(low[unit], number[to])
        if low[unit] == number[unit]:
            part = []
            while True:
                part.append(stack.pop())
                if part[-1] == unit:
                    break
            order.append(part)
            if len(part) > 1:
                found.append(sorted(part))

    for unit in sorted(uses):
        if unit not in number:
            visit(unit)
    return found, order


def floors(uses, order):
    """Unit -> its floor, one above the highest that it uses; the files of a circle share one."""
    floor = {}
    for part in order:
        under = [floor[to] for unit in part for to in uses[unit] if to not in part]
        for unit in part:
            floor[unit] = 1 + max(under, default=0)
    return floor


def includes(paths, may, names):
    """The includes of the program's own files that the table does not allow."""
    faults = []
    for path in paths:
        with open(path, encoding="utf-8") as source:
            for number, line in enumerate(source, 1):
                header = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
                if not header:
                    continue
                to = names.get(header.group(1))
                here = folder_of(path)
                if to is None or (to != here and to not in may.get(here, [])):
                    faults.append("%s:%d: include of '%s'" % (path, number, header.group(1)))
    return faults


def main():
    paths = sources("ch")
    may = table()
    may[""] = list(may)
    names = {}
    faults = []
    for path in paths:
        if path.endswith(".h"):
            if os.path.basename(path) in names:
                faults.append("%s: another folder has a file of this name" % path)
            names[os.path.basename(path)] = folder_of(path)
    for place, (folder, allowed) in enumerate(may.items()):
        for to in allowed if folder else []:
            if to not in list(may)[:place]:
                faults.append("Makefile: %s may use %s, which is not below it" % (folder, to))
    for folder in sorted(set(map(folder_of, paths)) - set(may)):
        faults.append("src/%s: the Makefile does not say which folders it may use" % folder)
    faults += includes(paths, may, names)

    uses = collections.defaultdict(lambda: collections.defaultdict(set))
    for path in paths:
        uses[unit_of(path)]
    symbols(uses)
    words(uses, paths)
    up = []
    for unit in sorted(uses):
        for to, what in sorted(uses[unit].items()):
            here, there = os.path.dirname(unit), os.path.dirname(to)
            if here != there and there not in may.get(here, []):
                up.append("%s uses %s: %s" % (unit, to, ", ".join(sorted(what)[:5])))
    faults += up
    rings, order = circles(uses)
    for ring in rings:
        faults.append("a circle: " + " ".join(ring))
        if VERBOSE:
            for unit in ring:
                for to in ring:
                    if to in uses[unit]:
                        print("  %s -> %s: %s" % (unit, to, " ".join(sorted(uses[unit][to])[:9])))
    floor = floors(uses, order)
    for fault in faults:
        print(fault)
    if VERBOSE:
        for level in range(1, max(floor.values()) + 1):
            print("floor %d: %s" % (level, " ".join(sorted(u for u in floor if floor[u] == level))))
    print("%d files, %d uses, %d floors, %d circles over %d files, %d uses that the table forbids" % (
        len(uses), sum(map(len, uses.values())), max(floor.values()), len(rings),
        sum(map(len, rings)), len(up)))
    return 1 if faults else 0


sys.exit(main())
