"""The puzzle, and with it the TypeScript client, in Chromium."""

import os
import pathlib
import subprocess

import pytest
from support.gavel import ROOT, gavel_binary

HERE = pathlib.Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def packages():
    for folder in (HERE, ROOT / "sdk/typescript"):
        if not (folder / "node_modules").is_dir():
            subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=folder, check=True)


def test_three_pages_play_the_puzzle_and_one_loses_its_network(packages):
    env = {**os.environ, "GAVEL_BIN": str(pathlib.Path(gavel_binary()).resolve())}
    done = subprocess.run(
        ["node", "puzzle.mjs"], cwd=HERE, env=env, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
