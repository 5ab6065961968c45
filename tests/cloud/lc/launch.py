# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting and ending the localcloud process for client.py. Standard library only."""
import json
import os
import pathlib
import select
import subprocess
import time

PROGRAM = pathlib.Path(__file__).resolve().parent.parent / "localcloud"
START_SECONDS = 30
STOP_SECONDS = 10


class CloudError(Exception):
    """The local cloud could not start, or refused a call."""


def start(directory: pathlib.Path, options: list[str]) -> tuple[dict, subprocess.Popen]:
    """(the JSON of its LOCALCLOUD line, the process). It ends with us, because its stdin does."""
    directory.mkdir(parents=True, exist_ok=True)
    log_file = directory / "localcloud.log"
    with open(log_file, "ab") as log:
        process = subprocess.Popen([str(PROGRAM), "--dir", str(directory), "--until-stdin-closes", *options],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                                   start_new_session=True)  # Ctrl-C at a terminal is for the one who started it
    try:
        return _ready_line(process), process
    except CloudError as e:
        stop(process)
        raise CloudError(f"{e}; its log:\n{log_file.read_text(errors='replace')[-4000:]}") from None
    except BaseException:  # interrupted: nobody else could stop it
        stop(process)
        raise


def stop(process: subprocess.Popen) -> int:
    """Its exit code."""
    process.terminate()
    try:
        process.communicate(timeout=STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
    return process.returncode


def _ready_line(process: subprocess.Popen) -> dict:
    deadline = time.monotonic() + START_SECONDS
    data = b""
    while time.monotonic() < deadline:
        if select.select([process.stdout], [], [], 0.5)[0]:
            chunk = os.read(process.stdout.fileno(), 65536)
            if not chunk:
                raise CloudError(f"localcloud ended with code {process.wait()}")
            data += chunk
            for line in data.split(b"\n")[:-1]:
                if line.startswith(b"LOCALCLOUD "):
                    return json.loads(line[len(b"LOCALCLOUD "):])
    raise CloudError(f"localcloud was not ready within {START_SECONDS} s")
