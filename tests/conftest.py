"""What all suites in tests/ share: `support` can be imported from each of them."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
