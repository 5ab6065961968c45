// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/json/json_text.h"

#include <fmt/format.h>

#include "claim/base/text.h"

namespace aclk::external {

void append_json_text(std::string &out, std::string_view text) {
  while (!text.empty()) {
    const char c = text.front();
    const auto n = utf8_length(text);
    if (n == 0)
      out += "\xef\xbf\xbd";
    else if (c == '"' || c == '\\')
      (out += '\\') += c;
    else if (static_cast<unsigned char>(c) < 0x20)
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else
      out.append(text.substr(0, n));
    text.remove_prefix(n == 0 ? 1 : n);
  }
}

}  // namespace aclk::external
