"""The client under test, and what the project's other suites run the server with."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent.parent
sys.path[:0] = [str(ROOT / "sdk/python"), str(ROOT / "tests")]
