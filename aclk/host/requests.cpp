// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/host/requests.h"

#include <fmt/format.h>

#include <cerrno>
#include <exception>
#include <utility>

#include "aclk/host/abi_values.h"

namespace aclk::host {
namespace {

// The body of a reply; nobody's, unless it is lent.
Bytes borrowed(const naclk_reply &r) {
  if (r.release == nullptr) return {};
  Bytes::Loan loan;
  // What is lent with room in front may be written there.
  if (r.body.data != nullptr) loan = {const_cast<char *>(r.body.data), r.body.len, r.head_room, nullptr, nullptr};
  loan.release = r.release;
  loan.lender = r.lent;
  return Bytes(loan);
}

Result<Answer> answer_of(int error, const naclk_reply *reply) {
  try {
    const auto r = reply == nullptr ? naclk_reply{} : take(reply);
    auto body = borrowed(r);  // to be given back, whatever follows
    ACLK_CHECK(check(error > 0 ? -EIO : error, "an answer"));
    if (reply == nullptr) return fail(Errc::io, "the agent's database showed no answer");
    Answer out;
    out.head.status = r.status;
    out.head.content_type = view(r.content_type);
    out.head.content_encoding = view(r.content_encoding);
    out.head.cache_control = view(r.cache_control);
    out.body = body.is_lent() ? std::move(body) : Bytes::copy(view(r.body), kHeadRoom);
    return out;
  } catch (const std::exception &) {
    return tl::unexpected<Error>({Errc::too_big, {}});  // nothing but memory can run out here
  }
}

}  // namespace

RequestId Requests::open(Answered answered) {
  if (const auto id = table_.open(answered)) return *id;
  answered(fail(Errc::unavailable,
                fmt::format("the agent's database has {} questions that it has not answered; it is asked no more "
                            "until it answers some",
                            kMost)),
           HostWork::begun);
  return 0;
}

void Requests::answer(RequestId id, Result<Answer> answer, HostWork work) {
  if (const auto answered = table_.end(id)) (*answered)(std::move(answer), work);
}

void Requests::complete(RequestId id, int error, const naclk_reply *reply) noexcept {
  if (const auto answered = table_.end(id))
    return (*answered)(answer_of(error, reply), error == -EBUSY ? HostWork::not_begun : HostWork::begun);
  if (reply != nullptr) (void)borrowed(take(reply));  // given back unread
}

}  // namespace aclk::host
