// SPDX-License-Identifier: GPL-3.0-or-later
//
// An HTTP answer before it is framed: from the host, or made here.
#pragma once

#include <string>

namespace aclk::query {

struct Answer {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string content_encoding;  // empty or gzip
  std::string cache_control;     // empty = must not be kept
  std::string location;          // of a 301, percent-encoded
  std::string allow;             // of a 405
  std::string body;              // any bytes
};

[[nodiscard]] inline Answer text_answer(int status, std::string body) {
  Answer a;
  a.status = status;
  a.body = std::move(body);
  return a;
}

[[nodiscard]] inline Answer json_answer(int status, std::string body) {
  Answer a = text_answer(status, std::move(body));
  a.content_type = "application/json; charset=utf-8";
  return a;
}

}  // namespace aclk::query
