#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""dialogue.py [PATTERN ACTION]… -- COMMAND…: runs a command on a terminal of its own.

Waits until the output has each pattern, an empty one at once, and then does what follows it:
  send:TEXT     types the text and Enter
  type:TEXT     types the text
  signal:NAME   sends a signal to the command
  shell:SCRIPT  runs a shell script, which must succeed
  hangup        closes the terminal
Prints all output. The exit status is that of the command, 99 if a pattern never came, or 98 if
a script failed; after a hangup it is 0 once the terminal is closed. A command that prints nothing
for a minute, and does not end, hangs: it is killed, and the status is 97.
"""
import os
import pty
import select
import signal
import subprocess
import sys

split = sys.argv.index("--")
steps = sys.argv[1:split]
pid, end = pty.fork()
if not pid:
    os.execvp(sys.argv[split + 1], sys.argv[split + 1:])

seen = ""


def more():
    """Reads what the command prints next; false at its end."""
    global seen
    if not select.select([end], [], [], 60)[0]:
        print("it hangs")
        os.kill(pid, signal.SIGKILL)
        sys.exit(97)
    try:
        data = os.read(end, 4096)
    except OSError:
        return False
    text = data.decode(errors="replace").replace("\r", "")
    seen += text
    sys.stdout.write(text)
    return bool(data)


def until(pattern):
    """Waits for the pattern, and forgets the output up to it."""
    global seen
    while pattern not in seen:
        if not more():
            print(f"'{pattern}' never came")
            sys.exit(99)
    seen = seen[seen.index(pattern) + len(pattern):]


def act(action):
    kind, _, rest = action.partition(":")
    if kind == "send":
        os.write(end, rest.encode() + b"\n")
    elif kind == "type":
        os.write(end, rest.encode())
    elif kind == "signal":
        os.kill(pid, getattr(signal, "SIG" + rest))
    elif kind == "shell":
        if subprocess.run(["bash", "-c", rest], check=False).returncode:
            sys.exit(98)
    elif kind == "hangup":
        sys.stdout.flush()
        os.close(end)
        os.waitpid(pid, 0)
        sys.exit(0)


for wait, then in zip(steps[::2], steps[1::2]):
    until(wait)
    act(then)
while more():
    pass
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.exit(status if status >= 0 else 128 - status)
