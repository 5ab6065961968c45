# SPDX-License-Identifier: GPL-3.0-or-later
"""For whoever compiles the link into an agent: how it is found, and the switch (--require-cloud, --disable-cloud)."""
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from testenv.paths import REPO

CONSUMER = REPO / "tests/consumer"
KINDS = ("aclk", "aclk-static")
CONTINUES = "The install process will continue, but you will not be able to connect this node to Netdata Cloud."


def run(*command, ok=True, **env):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=120, cwd=REPO,
                          env={**os.environ, **{k: str(v) for k, v in env.items()}})
    assert not ok or done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done


def said(agent, tmp, **env):
    """What an agent with the module compiled in prints: a list of values for each key."""
    state = tmp / "state"
    state.mkdir(exist_ok=True)
    out = {}
    for line in run(agent, state, **env).stdout.splitlines():
        key, _, value = line.partition(" ")
        out.setdefault(key, []).append(value)
    return out


def libraries(program):
    return {line.split()[0] for line in run("ldd", program).stdout.splitlines()} - {"linux-vdso.so.1"}


def without(tmp, hidden=None, broken=None):
    """A PKG_CONFIG_LIBDIR in which a library is not there, or is there and cannot be used."""
    folder = tmp / "pkgconfig"
    folder.mkdir()
    for place in run("pkg-config", "--variable", "pc_path", "pkg-config").stdout.strip().split(":"):
        for pc in Path(place).glob("*.pc"):
            if pc.stem not in (hidden, broken) and not (folder / pc.name).exists():
                (folder / pc.name).symlink_to(pc)
    if broken:
        (tmp / "empty").mkdir()
        header = {"libmosquitto": "mosquitto.h", "libwebsockets": "libwebsockets.h"}[broken]
        (tmp / "empty" / header).write_text("/* of another version: nothing that is needed */\n")
        (folder / f"{broken}.pc").write_text(f"Name: {broken}\nDescription: of no use\nVersion: 0.1\n"
                                             f"Cflags: -I{tmp / 'empty'}\nLibs:\n")
    return folder


@pytest.fixture(scope="module")
def prefix(build, tmp_path_factory):
    """The build under test, installed."""
    if build.sanitizer:
        pytest.skip("a sanitizer's runtime comes with the program")
    where = tmp_path_factory.mktemp("prefix")
    run("cmake", "--install", build.dir, "--prefix", where)
    return where


@pytest.fixture(scope="module")
def null(tmp_path_factory):
    """packaging/install --disable-cloud, where none of the link's libraries can be found."""
    where = tmp_path_factory.mktemp("null")
    nothing = tmp_path_factory.mktemp("nothing")
    run("packaging/install", "--disable-cloud", "--prefix", where / "usr", "--build", where / "build",
        PKG_CONFIG_LIBDIR=nothing)
    return where / "usr"


def by_cmake(how, tmp, *options):
    run("cmake", "-S", CONSUMER / how, "-B", tmp / "b", *options)
    run("cmake", "--build", tmp / "b", "-j2")
    return {kind: tmp / "b" / f"agent-{kind}" for kind in KINDS}


def by_make(where, tmp):
    pc = next(where.glob("**/netdata-aclk.pc")).parent
    run("make", "-C", tmp, "-f", CONSUMER / "Makefile", f"SRC={CONSUMER}",
        PKG_CONFIG_PATH=os.pathsep.join([str(pc), os.environ.get("PKG_CONFIG_PATH", "")]).rstrip(":"))
    return {kind: tmp / f"agent-{kind}" for kind in KINDS}


class TestFindingTheLibrary:
    @pytest.mark.parametrize("how", ["find_package", "pkg-config"])
    def test_190_01_an_agent_in_c_builds_against_an_installed_prefix_in_both_forms(self, prefix, tmp_path, how):
        agents = by_cmake("find", tmp_path, f"-DCMAKE_PREFIX_PATH={prefix}") if how == "find_package" else \
            by_make(prefix, tmp_path)
        for kind, agent in agents.items():
            out = said(agent, tmp_path)
            assert out["state"][0] == "ACLK Available: Yes", kind
            assert json.loads(out["json"][0])["agent-claimed"] is False
            assert out["stop-is"] == ["0"]
            assert ("libnetdata-aclk.so.2" in libraries(agent)) == (kind == "aclk")

    def test_190_02_the_static_form_says_which_library_it_lacks(self, prefix, tmp_path):
        done = run("cmake", "-S", CONSUMER / "find", "-B", tmp_path / "b", f"-DCMAKE_PREFIX_PATH={prefix}", ok=False,
                   PKG_CONFIG_LIBDIR=without(tmp_path, hidden="libmosquitto"))
        assert done.returncode != 0
        assert re.search(r"aclk-static needs what is not\s+installed:\s+libmosquitto", done.stderr), done.stderr

    @pytest.mark.parametrize("how", ["subdirectory", "fetch"])
    def test_190_03_sources_beside_an_agents_own_give_the_same_two_targets(self, tmp_path, how):
        """Built without the link, which takes a second; with it the same targets are there for the agent's link line."""
        for kind, agent in by_cmake(how, tmp_path, f"-DACLK={REPO}", "-DACLK_CLOUD=OFF").items():
            assert said(agent, tmp_path)["state"][0] == "ACLK Available: No", kind
        configured = run("cmake", "-S", CONSUMER / how, "-B", tmp_path / "link", f"-DACLK={REPO}", "-G", "Ninja",
                         "-DACLK_CLOUD=REQUIRE")
        assert "Netdata Cloud: no" not in configured.stdout
        targets = run("ninja", "-C", tmp_path / "link", "-t", "query", "agent-aclk-static").stdout
        assert "libnetdata-aclk.a" in targets
        everything = run("ninja", "-C", tmp_path / "link", "-t", "targets", "all").stdout
        assert "aclk.plugin" not in everything      # an agent that has the link compiled in wants no plugin

    def test_190_04_the_host_for_an_agent_comes_with_it(self, prefix, tmp_path):
        """Its files need the agent's headers: here they are found, put into the agent, and take its link's place."""
        (tmp_path / "agent.c").write_text("int main(void) { return 0; }\n")
        (tmp_path / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.16)\nproject(agent C CXX)\nadd_executable(agent agent.c)\n"
            "find_package(NetdataAclk 0.1 REQUIRED COMPONENTS static agent)\nnetdata_aclk_compile_into(agent)\n")
        run("cmake", "-S", tmp_path, "-B", tmp_path / "b", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}")
        made = run("ninja", "-C", tmp_path / "b", "-t", "query", "agent").stdout
        hosts = sorted(f.name for f in (REPO / "plugin-api/agent").glob("*.c"))
        assert sorted(re.findall(r"(naclk_agent_\w+\.c)\.o", made)) == hosts and "libnetdata-aclk.a" in made
        commands = run("ninja", "-C", tmp_path / "b", "-t", "commands", "agent").stdout
        replaced = set(re.findall(r"--wrap=(\w+)", commands))
        ours = {m for f in hosts for m in re.findall(r"^NACLK_REPLACES\((\w+)\);$|^void __wrap_(aclk_main)\(", (
            REPO / "plugin-api/agent" / f).read_text(), re.M) for m in m if m}
        assert replaced == ours


class TestRequireCloud:
    @pytest.mark.parametrize("library, package", [("libmosquitto", "libmosquitto-dev"), ("libwebsockets", "libwebsockets-dev")])
    def test_190_10_require_cloud_a_missing_library_ends_the_installation_and_is_named(self, tmp_path, library, package):
        done = run("packaging/install", "--require-cloud", "--prefix", tmp_path / "usr", "--build", tmp_path / "b",
                   ok=False, PKG_CONFIG_LIBDIR=without(tmp_path, hidden=library))
        assert done.returncode == 1
        assert f"Unable to find {library}, which Netdata Cloud needs.\nInstall: apt-get install {package}\n" in done.stderr
        assert not (tmp_path / "usr").exists()

    @pytest.mark.parametrize("library", ["libmosquitto", "libwebsockets"])
    def test_190_11_require_cloud_a_library_of_no_use_ends_the_installation_and_is_named(self, tmp_path, library):
        done = run("packaging/install", "--require-cloud", "--prefix", tmp_path / "usr", "--build", tmp_path / "b",
                   ok=False, PKG_CONFIG_LIBDIR=without(tmp_path, broken=library))
        assert done.returncode == 1
        assert f"Unable to build with {library}, which Netdata Cloud needs." in done.stderr
        assert not (tmp_path / "usr").exists()


class TestNeitherSwitch:
    """The documents' four messages of an installation that cannot have the link: a library that is not there, or that
    cannot be built with."""

    @pytest.mark.parametrize("what", ["find", "build with"])
    @pytest.mark.parametrize("library", ["libmosquitto", "libwebsockets"])
    def test_190_20_the_install_process_continues_without_the_link(self, tmp_path, library, what):
        place = without(tmp_path, **{"hidden" if what == "find" else "broken": library})
        done = run("packaging/install", "--prefix", tmp_path / "usr", "--build", tmp_path / "b", PKG_CONFIG_LIBDIR=place)
        assert f"Unable to {what} {library} (Debian's package {library}-dev). {CONTINUES}" in done.stderr
        out = said(by_make(tmp_path / "usr", tmp_path)["aclk"], tmp_path)
        assert out["state"][0] == "ACLK Available: No"
        assert any(f"NO (missing: {library})" in line for line in out["buildinfo"])

    def test_190_21_what_was_missing_is_found_once_it_is_there(self, tmp_path):
        """In the same build directory."""
        configure = ("cmake", "-S", REPO, "-B", tmp_path / "b", "-DACLK_TESTS=OFF")
        first = run(*configure, PKG_CONFIG_LIBDIR=without(tmp_path, broken="libmosquitto"))
        assert "Netdata Cloud: no, built without libmosquitto" in first.stdout
        assert "Netdata Cloud: no" not in run(*configure).stdout


class TestDisableCloud:
    @pytest.fixture(scope="class")
    def agents(self, null, tmp_path_factory):
        return by_make(null, tmp_path_factory.mktemp("agents"))

    @pytest.fixture(params=KINDS)
    def agent(self, agents, request):
        return agents[request.param]

    def test_190_30_disable_cloud_does_not_use_any_extra_library(self, null, agents):
        for program in (next(null.glob("**/libnetdata-aclk.so")), agents["aclk-static"]):
            assert {re.sub(r".*/", "", x) for x in libraries(program)} == {"libc.so.6", "ld-linux-x86-64.so.2"}

    def test_190_31_disable_cloud_has_no_thread_and_no_socket(self, agent, tmp_path):
        out = said(agent, tmp_path)
        assert (out["threads"], out["sockets"], out["stop-is"], out["again"]) == (["1"], ["0"], ["0"], ["1"])
        assert list((tmp_path / "state").iterdir()) == []

    def test_190_32_disable_cloud_is_said_wherever_somebody_looks(self, agent, tmp_path):
        out = said(agent, tmp_path)
        assert out["state"][0] == "ACLK Available: No"
        for text in (json.loads(out["json"][0])["status"], json.loads(out["http"][0].partition(" ")[2])["status"]):
            assert text.startswith("Netdata Cloud is disabled") and "--require-cloud" in text
        assert "    Netdata Cloud:              NO (by user request)" in out["buildinfo"]
        assert any("Netdata Cloud is disabled" in x for x in out["buildinfo"])
        info = json.loads(out["buildinfojson"][0])
        assert info["features"]["cloud-disabled"] is True and info["features"]["aclk"] is False
        assert "Netdata Cloud is disabled" in info["status"]

    def test_190_33_disable_cloud_refuses_a_claim_and_says_how_to_get_the_link(self, null, agent, tmp_path):
        refused = "This agent was built with --disable-cloud and cannot be claimed."
        logged = said(agent, tmp_path, NETDATA_CLAIM_TOKEN="t0ken")["log"]
        assert [x for x in logged if refused in x and "--require-cloud" in x], logged
        assert "t0ken" not in "".join(logged)
        for program in (null / "bin/netdata-aclk", next(null.glob("libexec/**/netdata-claim.sh"))):
            done = run(program, "claim", "--token", "t", ok=False)
            assert done.returncode == 3 and refused in done.stderr and "--require-cloud" in done.stderr

    def test_190_34_the_switches_exclude_each_other(self, tmp_path):
        done = run("packaging/install", "--require-cloud", "--disable-cloud", "--prefix", tmp_path / "usr", ok=False)
        assert done.returncode == 2 and "exclude each other" in done.stderr

    def test_190_35_destdir_is_where_everything_goes(self, tmp_path):
        run("packaging/install", "--disable-cloud", "--prefix", "/usr", "--destdir", tmp_path / "d", "--build", tmp_path / "b")
        assert next((tmp_path / "d").glob("usr/lib/**/libnetdata-aclk.so")).exists()
