// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/agent_processes.h"

#include <unistd.h>

#include "tests/unit/claim/tests.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/temp_dir.h"

namespace test_agent_processes {
using namespace aclk;
using namespace aclk::claim;
using namespace aclk::test;

namespace {

constexpr uid_t kUser = 998;

Process agent(int pid = 10) {
  Process p;
  p.pid = pid;
  p.parent = 1;
  p.name = p.program = "netdata";
  p.uid = kUser;
  return p;
}

Process plugin(int parent, Belongs lib, const char *name = "apps.plugin") {
  Process p;
  p.pid = parent + 100;
  p.parent = parent;
  p.name = p.program = name;
  p.uid = kUser;
  p.lib = lib;
  return p;
}

std::string agent__of_which_nothing_is_seen_but_its_user__is_taken_for_it_unless_surely() {
  EXPECT(agent_of({agent()}, kUser) == 10);
  EXPECT(!agent_of({agent()}, kUser, Certainty::sure));
  auto roots = agent();
  roots.uid = 0;
  EXPECT(agent_of({roots}, kUser) == 10);
  return {};
}

std::string agent__of_another_user_in_a_container_or_only_named_so__is_not_it() {
  auto other = agent();
  other.uid = 201;
  auto container = agent();
  container.nested = true;
  auto script = agent();
  script.program = "sh";
  auto zombie = agent();
  zombie.program.clear();
  auto grep = agent();
  grep.name = "grep";
  auto with_host_pids = agent();  // docker --pid=host: its /var/lib/netdata is a volume
  with_host_pids.view = Belongs::no;
  for (const auto &p : {other, container, script, zombie, grep, with_host_pids}) EXPECT(!agent_of({p}, kUser));
  EXPECT(agent_of({other, container, script, agent(11)}, kUser) == 11);
  return {};
}

std::string agent__whose_plugins_or_database_are_seen__is_told_by_them() {
  EXPECT(agent_of({agent(), plugin(10, Belongs::yes)}, kUser, Certainty::sure) == 10);
  EXPECT(!agent_of({agent(), plugin(10, Belongs::no)}, kUser));
  // Those of 2.x have a process between.
  auto spawner = agent(20);
  spawner.parent = 10;
  spawner.name = "spawn-plugins";
  EXPECT(agent_of({agent(), spawner, plugin(20, Belongs::yes)}, kUser, Certainty::sure) == 10);
  EXPECT(agent_of({agent(), plugin(30, Belongs::no)}, kUser) == 10);  // another agent's
  auto a = agent();
  a.database = Belongs::yes;
  EXPECT(agent_of({a}, kUser, Certainty::sure) == 10);
  a.database = Belongs::no;
  EXPECT(!agent_of({a}, kUser));
  auto helper = agent(12);  // the spawn server of 1.37 has the agent's name
  helper.parent = a.pid;
  EXPECT(!agent_of({a, helper}, kUser));
  return {};
}

std::string processes__read_while_some_end__may_be_in_a_circle() {
  auto a = plugin(31, Belongs::yes);
  a.pid = 30;
  auto b = agent(31);
  b.parent = 30;
  b.name = "x";
  EXPECT(!agent_of({agent(), a, b}, kUser, Certainty::sure));
  return {};
}

std::string plugin__of_this_agent__is_found_and_another_agents_is_not() {
  const auto of = [](const Process &p) { return plugin_of({p}, "aclk.plugin", kUser).has_value(); };
  EXPECT(of(plugin(10, Belongs::yes, "aclk.plugin")) && of(plugin(10, Belongs::unknown, "aclk.plugin")));
  EXPECT(!of(plugin(10, Belongs::no, "aclk.plugin")) && !of(plugin(10, Belongs::yes)));
  auto other = plugin(10, Belongs::unknown, "aclk.plugin");
  other.uid = 201;
  auto container = plugin(10, Belongs::yes, "aclk.plugin");
  container.nested = true;
  EXPECT(!of(other) && !of(container));
  return {};
}

std::string running_for_sure__any_plugin_or_the_agent_with_its_database() {
  EXPECT(running_for_sure({plugin(10, Belongs::yes)}, kUser) == 110);
  EXPECT(!running_for_sure({plugin(10, Belongs::no), plugin(11, Belongs::unknown), agent()}, kUser));
  auto a = agent();
  a.database = Belongs::yes;
  EXPECT(running_for_sure({a}, kUser) == 10);
  return {};
}

std::string processes__of_this_machine__have_this_one_with_its_user_and_parent() {
  const TempDir tmp;
  const auto all = read_processes({tmp.path(), {}});
  for (const auto &p : all)
    if (p.pid == ::getpid()) {
      EXPECT(p.parent == ::getppid() && p.uid == ::geteuid() && !p.nested && p.program.starts_with("unit_claim"));
      return {};
    }
  return "this process is not in the list";
}

const CMUnitTest tests[] = {
    ACLK_TEST(agent__of_which_nothing_is_seen_but_its_user__is_taken_for_it_unless_surely),
    ACLK_TEST(agent__of_another_user_in_a_container_or_only_named_so__is_not_it),
    ACLK_TEST(agent__whose_plugins_or_database_are_seen__is_told_by_them),
    ACLK_TEST(processes__read_while_some_end__may_be_in_a_circle),
    ACLK_TEST(plugin__of_this_agent__is_found_and_another_agents_is_not),
    ACLK_TEST(running_for_sure__any_plugin_or_the_agent_with_its_database),
    ACLK_TEST(processes__of_this_machine__have_this_one_with_its_user_and_parent),
};

}  // namespace
}  // namespace test_agent_processes

int run_agent_processes_tests() {
  return cmocka_run_group_tests_name("claim: the agent's processes", test_agent_processes::tests, nullptr, nullptr);
}
