"""Runs a command in a terminal of its own and types when it sees something: at_terminal.py '[["text to see", "keys to type"], …]' command args…

Prints what the terminal showed; exits with the command's exit code. A command that does not end within 120 s is killed.
"""

import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios
import time

steps = json.loads(sys.argv[1])
pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 90, 0, 0))
    os.execvp(sys.argv[2], sys.argv[2:])
shown, looked, deadline = "", 0, time.monotonic() + 120
while time.monotonic() < deadline:
    if not select.select([terminal], [], [], 0.1)[0]:
        continue
    try:
        data = os.read(terminal, 65536)
    except OSError:
        break
    if not data:
        break
    text = data.decode("utf8", "replace")
    shown += text
    sys.stdout.write(text)
    if steps and steps[0][0] in shown[looked:]:
        looked = len(shown)
        os.write(terminal, steps.pop(0)[1].encode())
else:
    os.kill(pid, 9)
sys.stdout.flush()
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status) if not steps else 99)
