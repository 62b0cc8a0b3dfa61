"""A server whose machine has trouble: its libc calls go through tests/faults/faulty_libc.c.

    with FaultyServer(store=…, folder=tmp_path, args=["--durability", "synced"]) as server:
        server.power_cut()      # kill -9, the files cut back to what was synced, another boot
"""

import os
import pathlib
import struct
import subprocess
import uuid

from support.gavel import ROOT, Server

SOURCE = ROOT / "tests/faults/faulty_libc.c"
SLOT = struct.Struct("QQ")


def build(folder):
    library = pathlib.Path(folder) / "faulty_libc.so"
    if not library.exists():
        subprocess.run(
            ["cc", "-O1", "-Wall", "-Wextra", "-shared", "-fPIC", SOURCE, "-o", library, "-ldl"],
            check=True,
        )
    return library


class FaultyServer(Server):
    """faults: FAULTY_… variables; `folder` holds the store and what the shim remembers.
    A restart cuts the power, or (restart_cuts=False) is a kill -9."""

    def __init__(self, folder, faults=None, restart_cuts=True, **options):
        self.restart_cuts = restart_cuts
        self.folder = pathlib.Path(folder)
        self.data = self.folder / "data"
        self.state = self.folder / "faulty.state"
        self.boot = self.folder / "boot_id"
        self.bytes_lost = 0
        self.power_cuts = 0
        self.new_boot()
        sanitizer = os.environ.get("ASAN_OPTIONS", "")
        env = {
            "LD_PRELOAD": str(build(folder)),
            # The sanitizer wants to come first; the shim calls it anyway.
            "ASAN_OPTIONS": f"{sanitizer}:verify_asan_link_order=0".lstrip(":"),
            "FAULTY_STATE": str(self.state),
            "FAULTY_BOOT": str(self.boot),
            **(faults or {}),
        }
        super().__init__(store=f"rocks:{self.data}", env=env, **options)

    def new_boot(self):
        self.boot.write_text(f"{uuid.uuid4()}\n")

    def power_cut(self):
        self.kill9()
        self.earlier_logs.append(self.process.stderr)
        synced = dict(slot for slot in SLOT.iter_unpack(self.state.read_bytes()) if slot[0])
        for path in self.data.rglob("*"):
            if not path.is_file():
                continue
            kept = synced.get(path.stat().st_ino, 0)
            lost = path.stat().st_size - kept
            if lost > 0:
                self.bytes_lost += lost
                os.truncate(path, kept)
        self.power_cuts += 1
        self.new_boot()
        self.start()

    def restart(self, kill=True):
        if self.restart_cuts:
            self.power_cut()
        else:
            super().restart(kill)
