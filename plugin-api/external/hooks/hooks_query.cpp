// SPDX-License-Identifier: GPL-3.0-or-later
//
// query: a question of the cloud, passed to the agent's web API, its answer passed back untouched.
#include <algorithm>
#include <cctype>
#include <cerrno>

#include "claim/base/text.h"
#include "plugin-api/external/agent/target_bounds.h"
#include "plugin-api/external/hooks/hooks.h"

namespace aclk::external::hooks {
namespace {

constexpr std::size_t kMaxHeaderValue = 1024;

// The only header that means something to an agent on a local connection. The user's identity and rights are ignored
// there, and credentials must never be passed on (plugin-api/external/API.md, "What writes or shows secrets",
// "Permissions of 2.x").
std::vector<HttpHeader> forwarded_headers(const naclk_query &query) {
  std::vector<HttpHeader> out;
  for (std::size_t i = 0; i < query.header_count; ++i) {
    const auto name = text(query.headers[i].key);
    const auto value = text(query.headers[i].value);
    if (!iequals(name, "X-Transaction-ID")) continue;
    const bool printable =
        std::all_of(value.begin(), value.end(), [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
    if (!value.empty() && value.size() <= kMaxHeaderValue && printable)
      out.push_back({std::string(name), std::string(value)});
  }
  return out;
}

// The way back of an answer.
struct Asker {
  naclk_request request;
  void (*complete)(naclk_request, int, const naclk_reply *);

  void fail(int error) const { complete(request, error, nullptr); }
  // The module gets the body itself, which begins behind `head_room` bytes.
  void lend(HttpResponse answer, std::size_t head_room) const {
    auto body = std::make_unique<std::string>(std::move(answer.body));
    naclk_reply r = reply_of(answer);
    if (body->size() <= head_room) return complete(request, 0, &r);
    r.content_encoding = view(answer.content_encoding);
    r.body = {body->data() + head_room, body->size() - head_room};
    r.head_room = head_room;
    r.release = [](void *lent) { delete static_cast<std::string *>(lent); };
    r.lent = body.release();
    complete(request, 0, &r);
  }
  void answer(const HttpResponse &answer) const {
    naclk_reply r = reply_of(answer);
    // Compressed answers whose body got lost are empty answers: nothing to unpack.
    if (!answer.body.empty()) r.content_encoding = view(answer.content_encoding);
    r.body = view(answer.body);
    complete(request, 0, &r);
  }

 private:
  static naclk_reply reply_of(const HttpResponse &answer) {
    naclk_reply r{};
    r.size = sizeof r;
    r.status = answer.status;
    r.content_type = view(answer.content_type);
    r.cache_control = view(answer.cache_control);
    return r;
  }
};

}  // namespace

void query(void *host, const naclk_query *query) noexcept {
  const Asker asker{query->request, query->complete};
  const int failed = guarded(host, [&](ExternalHost &h) {
    std::string node;
    if (query->machine_guid.len != 0) {
      auto guid = node_of(query->machine_guid);
      if (!guid) return -ENOENT;
      node = std::move(*guid);
    }
    const auto method = http_method(text(query->method));
    if (!method) return -EINVAL;
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    auto target = bound_target(*method, text(query->target), now);
    if (!target) {
      asker.answer(target.error());
      return 0;
    }
    HttpRequest request{.method = *method, .target = std::move(*target), .headers = forwarded_headers(*query)};
    const AnswerBounds bounds{
        .max_bytes = query->max_bytes == 0 ? kMaxAnswerBytes : std::min(query->max_bytes, kMaxAnswerBytes),
        .timeout = std::chrono::milliseconds(std::max(query->deadline_ms, 1U)),
        .gzip = query->accept_gzip != 0,
        .head_room = kHeadRoom};
    h.agent().query(query->request.id, node, std::move(request), bounds,
                    [asker](Result<HttpResponse> answer, bool asked) {
                      if (answer)
                        asker.lend(std::move(*answer), kHeadRoom);
                      else
                        asker.fail(asked ? negated_errno(answer.error().code) : -EBUSY);
                    });
    return 0;
  });
  if (failed != 0) asker.fail(failed);
}

void query_cancelled(void *host, naclk_request request) noexcept {
  (void)guarded(host, [&](ExternalHost &h) {
    h.agent().cancel_query(request.id);
    return 0;
  });
}

}  // namespace aclk::external::hooks
