// SPDX-License-Identifier: GPL-3.0-or-later
//
// From an answer to the bytes that go out: compression to what the asker takes, the size check, the fault replies.
// Pure, any thread; the heavy part (gzip of a large body, the copy into the payload) is done on a worker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "aclk/query/answer.h"
#include "aclk/query/reply.h"
#include "claim/base/result.h"

namespace aclk::query {

struct Outgoing {
  std::string payload;         // empty: not even the fault reply fits into the server's packets, nothing can be said
  int status = 0;              // http-code of the payload
  std::optional<Fault> fault;  // set: the payload is this fault reply
  // For the access log: bytes of the body as sent, and before compression.
  std::size_t sent_bytes = 0;
  std::size_t size_bytes = 0;
};

// Below this a gzip member is hardly smaller than what is in it.
inline constexpr std::size_t kSmallestCompressed = 256;

// The body is compressed when the asker takes gzip and it is not yet, and unpacked (to at most max_body_bytes) when it
// is compressed and the asker does not take that. Content-Type stays what it is. Faults: compression, too_big.
[[nodiscard]] Outgoing compose(const Asker &asker, Answer answer, bool accept_gzip, std::size_t max_body_bytes,
                               std::int64_t exec_us, std::int64_t now_us);
[[nodiscard]] Outgoing compose_fault(const Asker &asker, Fault fault, std::int64_t now_us);

// Which body the host should not exceed, so that its reply has a chance: the head is taken into account roughly.
[[nodiscard]] std::size_t useful_body_bytes(const Asker &asker, bool accept_gzip, std::size_t max_body_bytes);

// The answer to a question that was cancelled, waiting or running (aclk/query/README.md, "Cancelling").
[[nodiscard]] Answer interrupted_answer();
// The host could not answer. too_big is not for here: it is Fault::too_big.
[[nodiscard]] Answer failed_answer(const Error &error, const std::string &machine_guid);

}  // namespace aclk::query
