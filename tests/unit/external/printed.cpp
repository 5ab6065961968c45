// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/external/printed.h"

#include <fmt/format.h>

namespace aclk::external::test {
namespace {

std::string joined(const std::vector<std::string> &items) {
  std::string out;
  for (const auto &i : items) out += (out.empty() ? "" : ",\n") + i;
  return out;
}

}  // namespace

std::string print_alarms(const std::string &hostname, const std::vector<PrintedAlarm> &alarms) {
  std::vector<std::string> items;
  for (const auto &a : alarms)
    items.push_back(fmt::format(
        "\t\t\"system.cpu.{}\": {{\n\t\t\t\"id\": {},\n\t\t\t\"name\": \"{}\",\n\t\t\t\"chart\": \"system.cpu\",\n"
        "\t\t\t\"class\": \"{}\",\n\t\t\t\"active\": true,\n\t\t\t\"exec\": \"{}\",\n\t\t\t\"recipient\": \"{}\",\n"
        "\t\t\t\"source\": \"{}\",\n\t\t\t\"units\": \"{}\",\n\t\t\t\"info\": \"{}\",\n\t\t\t\"status\": \"{}\",\n"
        "\t\t\t\"delay_multiplier\": 1.500000,\n\t\t\t\"value_string\": \"1 {}\",\n\t\t\t\"last_repeat\": \"0\",\n"
        "\t\t\t\"warn\":\"$this &gt; 90\",\n\t\t\t\"green\":null,\n\t\t\t\"value\":1.25\n\t\t}}",
        a.name, a.id, a.name, a.class_name, a.exec, a.recipient, a.source, a.units, a.info, a.status, a.units));
  return fmt::format(
      "{{\n\t\"hostname\": \"{}\",\n\t\"latest_alarm_log_unique_id\": 1795227498,\n\t\"status\": true,\n"
      "\t\"now\": 1795228146,\n\t\"alarms\": {{\n{}\n\t}}\n}}\n",
      hostname, joined(items));
}

std::string print_alarm_log(const std::string &hostname, const std::vector<PrintedAlarm> &entries) {
  std::vector<std::string> items;
  for (const auto &a : entries)
    items.push_back(fmt::format(
        "\t{{\n\t\t\"hostname\": \"{}\",\n\t\t\"unique_id\": {},\n\t\t\"alarm_event_id\": 2,\n\t\t\"name\": \"{}\",\n"
        "\t\t\"chart\": \"system.cpu\",\n\t\t\"class\": \"{}\",\n\t\t\"exec\": \"{}\",\n\t\t\"recipient\": \"{}\",\n"
        "\t\t\"source\": \"{}\",\n\t\t\"units\": \"{}\",\n\t\t\"when\": 1795228144,\n\t\t\"status\": \"{}\",\n"
        "\t\t\"old_status\": \"WARNING\",\n\t\t\"silenced\": \"false\",\n\t\t\"info\":\"{}\",\n\t\t\"value\":1,\n"
        "\t\t\"old_value\":null\n\t}}",
        hostname, a.id, a.name, a.class_name, a.exec, a.recipient, a.source, a.units, a.status, a.info));
  return fmt::format("[\n{}\n]\n", joined(items));
}

std::string print_info(const std::vector<PrintedChild> &children, const std::string &os_name,
                       const std::string &label) {
  std::vector<std::string> names;
  std::vector<std::string> list;
  for (const auto &c : children) {
    names.push_back(fmt::format("\t\t\"{}\"", c.hostname));
    list.push_back(fmt::format(
        "\t\t{{ \"guid\": \"{}\", \"hostname\": \"{}\", \"reachable\": {}, \"hops\": {}, \"claim_id\": null, "
        "\"node_id\": null }}",
        c.guid, c.hostname, c.reachable, list.empty() ? 0 : 1));
  }
  return fmt::format(
      "{{\n\t\"version\": \"v1.37.1\",\n\t\"uid\": \"{}\",\n\t\"mirrored_hosts\": [\n{}\n\t],\n"
      "\t\"mirrored_hosts_status\": [\n{}\n\t],\n\t\"alarms\": {{\n\t\t\"normal\": 40,\n\t\t\"warning\": 1\n\t}},\n"
      "\t\"os_name\": \"{}\",\n\t\"cores_total\": \"2\",\n\t\"host_labels\": {{\n\t\t\"mine\":\"{}\"\n\t}},\n"
      "\t\"functions\": {{\n\n\t}},\n\t\"collectors\": [\n\t\t{{\n\t\t\t\"plugin\": \"tt.plugin\",\n"
      "\t\t\t\"module\": \"{}\"\n\t\t}}\n\t],\n\t\"cloud-enabled\": false,\n\t\"stream-compression\": null,\n"
      "\t\"buildinfo\": \"dbengine|Native HTTPS\"\n}}",
      children.front().guid, joined(names), joined(list), os_name, label, label);
}

std::string print_charts(const std::string &hostname, const std::string &title, const std::string &dimension) {
  return fmt::format(
      "{{\n\t\"hostname\": \"{}\",\n\t\"os\": \"linux\",\n\t\"custom_info\": \"{}\",\n\t\"charts\": {{\n"
      "\t\t\"tt.c2\": \t\t{{\n\t\t\t\"id\": \"tt.c2\",\n\t\t\t\"name\": \"tt.n2\",\n\t\t\t\"context\": \"tt.ctx\",\n"
      "\t\t\t\"title\": \"{} (tt.c2)\",\n\t\t\t\"units\": \"{}\",\n\t\t\t\"dimensions\": {{\n"
      "\t\t\t\t\"d\": {{ \"name\": \"{}\" }},\n\t\t\t\t\"e\": {{ \"name\": \"e\" }}\n\t\t\t}},\n"
      "\t\t\t\"chart_variables\": {{\n\t\t\"nic\": 0.00000,\n\t\t\"other\": 1.00000\n\t\t\t}},\n\t\t\t\"green\": "
      "null,\n\t\t\t\"alarms\": {{\n\n\t\t\t}},\n"
      "\t\t\t\"functions\": {{\n\t\t\t}}\n\t\t}}\n\t}},\n\t\"charts_count\": 1,\n\t\"hosts\": [\n\t\t{{\n"
      "\t\t\t\"hostname\": \"{}\"\n\t\t}}\n\t]\n}}\n",
      hostname, title, title, title, dimension, hostname);
}

std::string print_contexts(const std::string &hostname, const std::string &title) {
  return fmt::format(
      "{{\n\t\"hostname\": \"{}\",\n\t\"machine_guid\": \"9fec1476-e551-11f1-b503-02fc00000001\",\n"
      "\t\"node_id\": \"\",\n\t\"contexts\": {{\n\t\t\"tt.ctx\": {{\n\t\t\t\"title\":\"{}\",\n\t\t\t\"units\":\"{}\",\n"
      "\t\t\t\"chart_type\":\"line\",\n\t\t\t\"priority\":90000,\n\t\t\t\"collected\":true\n\t\t}}\n\t}}\n}}\n",
      hostname, title, title);
}

}  // namespace aclk::external::test
