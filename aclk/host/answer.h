// SPDX-License-Identifier: GPL-3.0-or-later
//
// A host's answer to a query. Its body may still be the host's memory.
#pragma once

#include <utility>

#include "claim/base/bytes.h"
#include "claim/base/http_message.h"

namespace aclk::host {

struct Answer {
  HttpResponse head;  // without its body
  Bytes body;

  Answer() = default;
  Answer(HttpResponse response)  // NOLINT(google-explicit-constructor): what is answered here, without a host
      : head(std::move(response)), body(std::exchange(head.body, {})) {}
};

}  // namespace aclk::host
