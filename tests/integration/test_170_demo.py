# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo as a newcomer meets it: it compares fairly, and whoever ends first, it ends cleanly."""
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from testenv import REPO, answers, process, wait_until
from testenv.paths import skip_without

CHARTS = "/api/v1/charts"


def charts(*names, **more):
    return json.dumps({"charts": {n: {"title": n, "alarms": {}} for n in names}, **more}).encode()


class TestComparison:
    def test_170_01_what_appeared_meanwhile_may_be_in_the_answer_or_not(self):
        before, after = charts("a"), charts("a", "b")
        assert answers.wrong(CHARTS, charts("a", "b"), before, after) is None
        assert answers.wrong(CHARTS, charts("a"), before, after) is None

    def test_170_02_what_was_there_all_along_is_in_the_answer(self):
        assert "missing" in answers.wrong(CHARTS, charts("b"), charts("a", "b"), charts("a", "b", "c"))

    def test_170_03_what_was_never_there_is_wrong(self):
        assert "only here" in answers.wrong(CHARTS, charts("a", "x"), charts("a"), charts("a", "b"))

    @pytest.mark.parametrize("value, good", [(5, True), (7, True), (9, True), (4, False), (10, False), ("7", False)])
    def test_170_04_a_number_lies_between_the_two(self, value, good):
        found = answers.wrong(CHARTS, charts(count=value), charts(count=5), charts(count=9))
        assert (found is None) == good

    def test_170_05_any_text_is_one_of_the_two(self):
        assert answers.wrong(CHARTS, charts(title="c"), charts(title="a"), charts(title="b"))

    def test_170_06_lists_keep_what_both_have(self):
        def lists(*items):
            return json.dumps({"list": items}).encode()
        assert answers.wrong(CHARTS, lists(1, 2), lists(1), lists(1, 2, 3)) is None
        assert "missing" in answers.wrong(CHARTS, lists(2), lists(1), lists(1, 2))
        assert "only here" in answers.wrong(CHARTS, lists(1, 4), lists(1), lists(1, 2, 3))

    def test_170_07_text_is_compared_by_lines(self):
        csv = "/api/v1/data?format=csv"
        assert answers.wrong(csv, b"t\n1\n2\n", b"t\n1\n", b"t\n1\n2\n3\n") is None
        assert answers.wrong(csv, b"t\n1\n5\n", b"t\n1\n", b"t\n1\n2\n3\n")


@pytest.fixture
def place(work):
    """For a demo with its agent. A short directory: unix sockets live below it."""
    skip_without("netdata")
    return Path(tempfile.mkdtemp(dir=work))


@pytest.fixture
def demo(build, place):
    """The demo without its installing and building, as a group of processes of its own, as at a terminal."""
    out = open(place / "out", "w+")
    p = subprocess.Popen([sys.executable, REPO / "packaging/demo.py"], stdout=out, stderr=out, start_new_session=True,
                         env={**os.environ, "ACLK_BUILD": str(build.dir), "TMPDIR": str(place)})
    p.text = lambda: (place / "out").read_text()
    p.shows = lambda word: wait_until(lambda: word in p.text() or p.poll() is not None, 60, f"the demo says {word!r}", 0.05)
    yield p
    if p.poll() is None:
        os.killpg(p.pid, signal.SIGKILL)
        p.wait()


def started_by(demo, word):
    """A process started by the demo, by a word of its command line."""
    return wait_until(lambda: next((int(p) for p in filter(str.isdigit, os.listdir("/proc"))
                                    if word in process.cmdline(p) and demo in ancestors(int(p))), None), 20, word)


def ancestors(pid):
    while pid > 1:
        yield pid
        s = process.stat(pid)
        pid = s[1] if s else 0


class TestItsEnd:
    @pytest.mark.parametrize("word", ["starting a local cloud", "demo: netdata ", "Ctrl-C ends it"])
    def test_170_10_ctrl_c_is_no_traceback_and_leaves_nothing(self, demo, word):
        demo.shows(word)
        os.killpg(demo.pid, signal.SIGINT)  # as a terminal does: to everybody in the group
        assert demo.wait(40) == 0, demo.text()
        assert "Traceback" not in demo.text() and "all processes and files are gone" in demo.text(), demo.text()

    @pytest.mark.parametrize("word", ["localcloud", "netdata.conf"])
    def test_170_11_a_part_that_dies_first_is_named(self, demo, word):
        demo.shows("Ctrl-C ends it")
        os.kill(started_by(demo.pid, word), signal.SIGKILL)
        assert demo.wait(40) == 1, demo.text()
        assert "demo: FAILED: " in demo.text() and "Traceback" not in demo.text(), demo.text()
        assert "all processes and files are gone" in demo.text(), demo.text()

    def test_170_12_a_reader_that_leaves_is_no_traceback(self, build, place):
        err = open(place / "err", "w+")
        p = subprocess.Popen([sys.executable, REPO / "packaging/demo.py"], stdout=subprocess.PIPE, stderr=err,
                             start_new_session=True,
                             env={**os.environ, "ACLK_BUILD": str(build.dir), "TMPDIR": str(place)})
        p.stdout.readline()
        p.stdout.close()
        wait_until(lambda: started_by(p.pid, "netdata.conf"), 30, "the agent starts")
        os.killpg(p.pid, signal.SIGINT)
        assert p.wait(40) == 0
        assert "Traceback" not in (place / "err").read_text()
