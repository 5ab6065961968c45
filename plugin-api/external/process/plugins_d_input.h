// SPDX-License-Identifier: GPL-3.0-or-later
//
// What the agent writes to a plugin's stdin (plugin-api/external/README.md, "Text protocol"): calls of functions, of
// which this plugin offers none, and on 2.x the word QUIT. Pure.
#pragma once

#include <string>
#include <string_view>

namespace aclk::external {

class PluginsdInput {
 public:
  // Bytes as they came. True: a line said QUIT. The body of a FUNCTION_PAYLOAD is skipped up to its END; lines above
  // 16 KiB are skipped too.
  [[nodiscard]] bool feed(std::string_view bytes);

 private:
  [[nodiscard]] bool line(std::string_view line);

  std::string partial_;
  bool overlong_ = false;
  bool in_payload_ = false;
};

}  // namespace aclk::external
