"""The tiny city of the item tests, for the tests of children and staging."""

from __future__ import annotations

import importlib.util
from pathlib import Path

_path = Path(__file__).parent.parent / "items" / "conftest.py"
_spec = importlib.util.spec_from_file_location("tiny_city", _path)
assert _spec is not None
assert _spec.loader is not None
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)

city = _module.city
