// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <cstdlib>

#include "tests/bench/load/agent_load.h"
#include "tests/bench/load/cloud_load.h"
#include "tests/bench/load/lower_bounds.h"

namespace {

using namespace aclk;

int report(Result<load::Figures> figures) {
  if (!figures) {
    fmt::print(stderr, "load: {}\n", figures.error().what);
    return EXIT_FAILURE;
  }
  fmt::print("{}\n", load::as_json(std::move(*figures)));
  return EXIT_SUCCESS;
}

template <class Plan>
void add_questions(CLI::App &command, Plan &plan) {
  command.add_option("--target", plan.targets, "path and query string; several are asked in turn")->required();
  command.add_option("--count", plan.count, "questions");
  command.add_option("--in-flight", plan.in_flight, "at most so many are without an answer")
      ->check(CLI::Range(1, 1024));
  command.add_flag("--gzip", plan.gzip, "answers may be compressed");
}

int bounds(std::size_t bytes) {
  const auto us = [](std::chrono::nanoseconds t) { return std::chrono::duration<double, std::micro>(t).count(); };
  const auto b = load::measure_lower_bounds(bytes);
  fmt::print(R"({{"copy":{:.3f},"encrypt":{:.3f},"write":{:.3f},"read":{:.3f},"deflate":{:.3f}}})"
             "\n",
             us(b.copy), us(b.encrypt), us(b.write), us(b.read), us(b.deflate));
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char **argv) {
  CLI::App app{"Puts questions to an agent and prints one line of JSON: what they took."};
  app.require_subcommand(1);
  load::CloudPlan cloud;
  auto &through = *app.add_subcommand("cloud", "through the broker of the local cloud, as a cloud does");
  through.add_option("--port", cloud.port, "of the broker on loopback, plain TCP")->required();
  through.add_option("--user", cloud.user, "of the broker")->required();
  through.add_option("--password", cloud.password, "of that user")->envname("LOAD_PASSWORD")->required();
  through.add_option("--inbox", cloud.inbox, "topic that the agent has its questions from")->required();
  through.add_option("--replies", cloud.replies, "topic for their replies")->required();
  add_questions(through, cloud);
  load::AgentPlan agent;
  auto &direct = *app.add_subcommand("agent", "to the agent itself, over connections that are kept alive");
  direct.add_option("--url", agent.url, "http://127.0.0.1:19999")->required();
  add_questions(direct, agent);
  std::size_t bytes = 1;
  auto &least = *app.add_subcommand("bounds", "asks nobody: microseconds of CPU that so many bytes cost anybody");
  least.add_option("--bytes", bytes, "of an answer")->check(CLI::Range(1U, 256U << 20));
  CLI11_PARSE(app, argc, argv);
  if (through.parsed()) return report(load::ask_through_the_cloud(cloud));
  if (direct.parsed()) return report(load::ask_the_agent(agent));
  return bounds(bytes);
}
