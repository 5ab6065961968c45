// SPDX-License-Identifier: GPL-3.0-or-later
#include "aclk/net/http_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <map>
#include <string_view>

#include "aclk/net/curl_easy.h"
#include "aclk/net/curl_tls.h"
#include "aclk/net/reach_memory.h"
#include "claim/base/text.h"
#include "claim/base/url.h"

namespace aclk::net {
namespace {

using net::Cause;
using net::CurlEasy;
using net::Fault;
using net::Reached;

constexpr std::size_t kMaxHead = 64U << 10;

bool has_body(const HttpsRequest &r) { return !r.body.empty() || r.method == "POST"; }

// One request from start to end. Its address is known to libcurl, so it does not move.
class Exchange {
 public:
  Exchange(HttpsRequest request, const Reach &reach, std::function<void(Reached<HttpsResponse>)> done)
      : request_(std::move(request)), reach_(reach), done_(std::move(done)) {}

  // Sets all options. If something is wrong with the request, none: libcurl then reports at once, in its time, that
  // there is no URL, and outcome() says what it was.
  void prepare();
  [[nodiscard]] CURL *handle() const { return easy_.get(); }
  [[nodiscard]] bool try_others() { return easy_.try_others(); }
  [[nodiscard]] Reached<HttpsResponse> outcome(CURLcode code);
  void tell(Reached<HttpsResponse> r) { done_(std::move(r)); }

 private:
  bool set_head(const Url &url);
  bool add_header(const std::string &line);
  // Both return what they were given; anything else ends the transfer.
  // Sends the body; rewinding for a second try is refused, see prepare().
  static std::size_t on_upload(char *to, std::size_t size, std::size_t count, void *self);
  static int on_rewind(void *self, curl_off_t offset, int origin);
  static std::size_t on_body(const char *data, std::size_t size, std::size_t count, void *self);
  bool on_header(std::string_view line);  // false ends the transfer
  void take_header(std::string_view line);
  void remember(CURLcode code) const;
  [[nodiscard]] Fault error_of(CURLcode code) const;
  [[nodiscard]] std::string where() const;
  [[nodiscard]] std::chrono::milliseconds connect_timeout() const {
    return proxy_.kind == claim::ProxyKind::none ? request_.connect_timeout : request_.timeout;
  }

  HttpsRequest request_;
  const Reach &reach_;
  claim::Proxy proxy_;  // towards this host
  std::function<void(Reached<HttpsResponse>)> done_;

  std::string bad_url_;
  std::string target_;  // host:port
  COwn<curl_slist, curl_slist_free_all> headers_;
  net::CurlTls tls_;
  HttpsResponse response_;
  std::size_t uploaded_ = 0;  // bytes of the request's body
  std::size_t head_bytes_ = 0;
  int lengths_ = 0;
  bool chunked_ = false;
  bool too_big_ = false;
  bool contradictory_ = false;
  CurlEasy easy_;  // last: freed before what it points to
};

void Exchange::prepare() {
  const auto url = parse_url(request_.url);
  if (!url || url->scheme != "https") {
    bad_url_ = url ? "only https is spoken here" : url.error().what;
    return;
  }
  target_ = net::host_port(url->host, url->port);
  proxy_ = reach_.proxy.towards(url->host);
  if (!set_head(*url)) return;
  easy_.set(CURLOPT_URL, url->str().c_str());
  easy_.set(CURLOPT_PROTOCOLS_STR, "https");
  easy_.set(CURLOPT_PATH_AS_IS, 1L);
  easy_.set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  if (has_body(request_)) {
    easy_.set(CURLOPT_POST, 1L);
    easy_.set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    // libcurl repeats a request on a new connection when a reused one ends before an answer. A POST may have been acted
    // on: a password is given for a challenge once, and the second answer would be a misleading refusal.
    easy_.set(CURLOPT_POSTFIELDS, static_cast<const char *>(nullptr));
    easy_.set(CURLOPT_READFUNCTION, on_upload);
    easy_.set(CURLOPT_READDATA, this);
    easy_.set(CURLOPT_SEEKFUNCTION, on_rewind);
    easy_.set(CURLOPT_SEEKDATA, this);
  } else if (request_.method == "HEAD") {
    easy_.set(CURLOPT_NOBODY, 1L);
  }
  easy_.set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  easy_.set_proxy(proxy_);
  easy_.set_timeouts(connect_timeout(), request_.timeout);
  tls_.apply(easy_, {reach_.trust_file, reach_.insecure, reach_.memory}, proxy_, url->host, url->port);
  if (reach_.memory) easy_.prefer(reach_.memory->addresses().of(connected_to(target_, proxy_)));
  easy_.read_head([this](std::string_view line) { return on_header(line); });
  easy_.set(CURLOPT_WRITEFUNCTION, on_body);
  easy_.set(CURLOPT_WRITEDATA, this);
  easy_.set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(std::max<std::size_t>(request_.max_body, 1)));
}

bool Exchange::add_header(const std::string &line) {
  auto *const longer = curl_slist_append(headers_.get(), line.c_str());
  if (longer == nullptr) return false;
  (void)headers_.release();  // the list's head stays the same, but for the first
  headers_.reset(longer);
  return true;
}

bool Exchange::set_head(const Url &url) {
  easy_.set(CURLOPT_USERAGENT, "Netdata/rocks newhttpclient");
  bool ok = add_header("Host: " + url.host_in_url());
  // "Name:" takes away what libcurl would add.
  for (const char *unwanted : {"Accept:", "Content-Type:", "Expect:"}) {
    const std::string_view name(unwanted, std::string_view(unwanted).size() - 1);
    const bool given = std::any_of(request_.headers.begin(), request_.headers.end(),
                                   [&](const auto &h) { return iequals(h.first, name); });
    if (!given) ok = ok && add_header(unwanted);
  }
  for (const auto &[name, value] : request_.headers) ok = ok && add_header(fmt::format("{}: {}", name, value));
  easy_.set(CURLOPT_HTTPHEADER, headers_.get());
  return ok;
}

std::size_t Exchange::on_upload(char *to, std::size_t size, std::size_t count, void *self) {
  auto &x = *static_cast<Exchange *>(self);
  const auto n = x.request_.body.copy(to, size * count, x.uploaded_);
  x.uploaded_ += n;
  return n;
}

int Exchange::on_rewind(void * /*self*/, curl_off_t /*offset*/, int /*origin*/) { return CURL_SEEKFUNC_FAIL; }

bool Exchange::on_header(std::string_view line) {
  head_bytes_ += line.size();
  too_big_ = too_big_ || head_bytes_ > kMaxHead;
  if (!too_big_) take_header(line);
  return !too_big_ && !contradictory_;
}

void Exchange::take_header(std::string_view line) {
  if (line.starts_with("HTTP/")) {  // also after a 1xx: what was said before does not count
    lengths_ = 0;
    chunked_ = false;
    response_.date.clear();
    response_.retry_after.clear();
    return;
  }
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const auto name = line.substr(0, colon);
  const auto value = trimmed(line.substr(colon + 1));
  if (iequals(name, "Date")) response_.date = value;
  if (iequals(name, "Retry-After")) response_.retry_after = value;
  if (iequals(name, "Content-Length")) ++lengths_;
  if (iequals(name, "Transfer-Encoding")) chunked_ = true;
  contradictory_ = lengths_ + (chunked_ ? 1 : 0) > 1;
}

std::size_t Exchange::on_body(const char *data, std::size_t size, std::size_t count, void *self) {
  auto &x = *static_cast<Exchange *>(self);
  const auto n = size * count;
  if (n > x.request_.max_body - x.response_.body.size()) {
    x.too_big_ = true;
    return 0;
  }
  if (x.response_.body.empty())
    if (const auto length = x.easy_.offset(CURLINFO_CONTENT_LENGTH_DOWNLOAD_T); length > 0)
      x.response_.body.reserve(std::min(static_cast<std::size_t>(length), x.request_.max_body));
  x.response_.body.append(data, n);
  return n;
}

std::string Exchange::where() const { return net::where(target_, easy_.peer(), proxy_); }

// An address is a good one when the cloud has answered there, and not that it cannot.
void Exchange::remember(CURLcode code) const {
  if (!reach_.memory) return;
  const auto whom = connected_to(target_, proxy_);
  if (code == CURLE_OK && easy_.number(CURLINFO_RESPONSE_CODE) < 500)
    reach_.memory->addresses().worked(whom, easy_.peer());
  else
    reach_.memory->addresses().failed(whom);
}

Reached<HttpsResponse> Exchange::outcome(CURLcode code) {
  remember(code);
  if (code != CURLE_OK) return tl::unexpected<Fault>(error_of(code));
  response_.status = static_cast<int>(easy_.number(CURLINFO_RESPONSE_CODE));
  response_.address = easy_.peer();
  response_.trust = tls_.target_trust();
  response_.proxy_trust = tls_.proxy_trust();
  return std::move(response_);
}

Fault Exchange::error_of(CURLcode code) const {
  const auto error = [](Errc c, std::string what, Cause cause = Cause::other) {
    return Fault{Error{c, std::move(what)}, cause};
  };
  if (!bad_url_.empty()) return error(Errc::invalid_argument, fmt::format("{}: {}", excerpt(request_.url), bad_url_));
  if (contradictory_)
    return error(Errc::parse, fmt::format("{}: the answer states its length in two ways; is that the cloud?", where()));
  if (too_big_ || code == CURLE_FILESIZE_EXCEEDED)
    return error(Errc::too_big, fmt::format("{}: the answer is larger than {} bytes (or its head than {}); is that the "
                                            "cloud?",
                                            where(), request_.max_body, kMaxHead));
  if (auto e = net::connect_error(easy_, code, {target_, proxy_, connect_timeout(), &tls_})) return *e;
  const auto why = easy_.trouble(code);
  if (net::is_tls_error(code)) {
    auto fault = tls_.explain(code, why);
    fault.what = fmt::format("{}: TLS failed: {}", where(), fault.what);
    return fault;
  }
  const auto was_reset = [&] {
    return error(Errc::io,
                 fmt::format("{}: the connection broke: it was reset before an answer came ({}); the server is "
                             "restarting, or something on the way cuts it",
                             where(), why));
  };
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return error(
          Errc::timeout,
          fmt::format("{}: no complete answer within {:g} s ({} bytes of body came); the server is overloaded, "
                      "or something on the way holds it back",
                      where(), std::chrono::duration<double>(request_.timeout).count(), response_.body.size()));
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_HTTP_RETURNED_ERROR:
      return error(Errc::parse, fmt::format("{}: the answer is not HTTP/1.1: {}; is that the cloud?", where(), why));
    case CURLE_URL_MALFORMAT:
      if (!easy_.refused()) return error(Errc::invalid_argument, fmt::format("{}: {}", excerpt(request_.url), why));
      [[fallthrough]];
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
      return error(Errc::unavailable, fmt::format("{}: {}", where(), why), Cause::no_memory);
    case CURLE_SEND_FAIL_REWIND:
      // What libcurl 8 says of a kept connection that broke: it would repeat the request on another. The system's error
      // is still that of the first.
      if (const long os = easy_.number(CURLINFO_OS_ERRNO); os == ECONNRESET || os == EPIPE) return was_reset();
      [[fallthrough]];
    case CURLE_GOT_NOTHING:
      return error(Errc::io, fmt::format("{}: the connection broke: it ended before an answer came; the server is "
                                         "restarting, or something on the way cuts it",
                                         where()));
    case CURLE_SEND_ERROR:
      // Also what libcurl calls a reset while it waits for the answer.
      if (uploaded_ == request_.body.size() && easy_.number(CURLINFO_REQUEST_SIZE) > 0) return was_reset();
      return error(Errc::io, fmt::format("{}: the request could not be sent: {}", where(), why), Cause::write_failed);
    default:
      return error(Errc::io, fmt::format("{}: the connection broke: {}; the server is restarting, or something on the "
                                         "way changes or cuts what it says",
                                         where(), why));
  }
}

}  // namespace

struct HttpClient::Impl {
  net::CurlMulti &multi;
  const Reach reach;
  Id last = 0;
  std::map<Id, std::unique_ptr<Exchange>> running;
};

HttpClient::HttpClient(net::CurlMulti &multi, Reach reach) : impl_(new Impl{multi, std::move(reach), 0, {}}) {}

HttpClient::~HttpClient() {
  for (const auto &[id, x] : impl_->running) impl_->multi.remove(x->handle());
  impl_->running.clear();
  impl_->multi.close_idle();
}

HttpClient::Id HttpClient::start(HttpsRequest request, std::function<void(Reached<HttpsResponse>)> done) {
  const Id id = ++impl_->last;
  auto x = std::make_unique<Exchange>(std::move(request), impl_->reach, std::move(done));
  x->prepare();
  CURL *const easy = x->handle();
  auto *const exchange = x.get();
  impl_->running.emplace(id, std::move(x));
  impl_->multi.add(
      easy,
      [i = impl_.get(), id](CURLcode code) {
        const auto node = i->running.extract(id);
        const auto &x2 = node.mapped();
        x2->tell(x2->outcome(code));  // may destroy the client
      },
      [exchange] { return exchange->try_others(); });
  return id;
}

void HttpClient::cancel(Id id) {
  const auto it = impl_->running.find(id);
  if (it == impl_->running.end()) return;
  impl_->multi.remove(it->second->handle());
  impl_->running.erase(it);
}

void HttpClient::close_idle() { impl_->multi.close_idle(); }

const Reach &HttpClient::reach() const { return impl_->reach; }

}  // namespace aclk::net
