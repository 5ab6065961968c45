# SPDX-License-Identifier: GPL-3.0-or-later
"""Where things are: this repository, the build under test, the distribution's programs."""
import os
import shutil
from pathlib import Path

REPO = Path(__file__).resolve().parents[3]


class Build:
    """The build directory under test: $ACLK_BUILD, else build/release. Relative paths are from the repository."""

    def __init__(self, directory=None):
        self.dir = (REPO / (directory or os.environ.get("ACLK_BUILD") or "build/release")).resolve()

    @property
    def plugin(self):
        return self._find("plugin-api/external", "aclk.plugin")

    @property
    def cli(self):
        return self._find("claim", "netdata-aclk", "plugin-api", "aclk")

    @property
    def synthetic(self):
        return self._find("tests/synthetic", "aclk-synthetic")

    @property
    def plugin_scaled(self):
        """The plugin and the command line with times divided as testenv.time_scale says (tests/time_scale)."""
        return self._find("tests/time_scale", "aclk-plugin-scaled")

    @property
    def cli_scaled(self):
        return self._find("tests/time_scale", "netdata-aclk-scaled")

    def has(self, name):
        try:
            return getattr(self, name) is not None
        except FileNotFoundError:
            return False

    @property
    def sanitizer(self):
        """"address,undefined", "thread" or "": tests stretch their limits with it."""
        try:
            for line in (self.dir / "CMakeCache.txt").read_text().splitlines():
                if line.startswith("ACLK_SANITIZE:"):
                    return line.partition("=")[2]
        except OSError:
            pass
        return ""

    def _find(self, folder, name, *more):
        for f in (folder, *more):
            p = self.dir / f / name
            if p.is_file() and os.access(p, os.X_OK):
                return p
        for p in sorted(self.dir.rglob(name)):
            if p.is_file() and os.access(p, os.X_OK):
                return p
        raise FileNotFoundError(f"{name} is not built in {self.dir}: cmake --preset release && "
                                f"cmake --build --preset release")


def skip_without(name):
    """Skips the test if $ACLK_WITHOUT has this program: a distribution that does not have it."""
    if name in os.environ.get("ACLK_WITHOUT", "").split():
        import pytest  # not for the demo, which is no test
        pytest.skip(f"needs {name} (ACLK_WITHOUT)")


def program(name, package):
    """The full path of a program of the distribution, or an error that names its package."""
    skip_without(name)
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin:/sbin")
    if not path:
        raise FileNotFoundError(f"{name}: not installed (apt-get install {package}, or packaging/deps --tests)")
    return path
