// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/agent/http_connection.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "claim/base/c_own.h"
#include "claim/base/text.h"

namespace aclk::external {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kConnectTimeout{2000};  // same machine: it answers at once or not at all
constexpr std::chrono::milliseconds kTick{100};             // how late an interruption may be noticed
constexpr std::size_t kMaxHead = 64U << 10;

using Easy = COwn<CURL, curl_easy_cleanup>;
using Multi = COwn<CURLM, curl_multi_cleanup>;
using Headers = COwn<curl_slist, curl_slist_free_all>;

struct Exchange {
  HttpResponse answer;
  std::size_t head_bytes = 0;
  std::uint64_t max_bytes = 0;
  bool head_done = false;
  bool body_promised = false;  // Content-Length above 0
  bool too_big = false;
};

void take_header(Exchange &x, std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return;
  auto &answer = x.answer;
  const auto name = lower(trimmed(line.substr(0, colon)));
  const auto value = trimmed(line.substr(colon + 1));
  if (name == "content-length") x.body_promised = value != "0";
  if (name == "content-type") answer.content_type = value;
  if (name == "content-encoding") answer.content_encoding = lower(value);
  if (name == "cache-control") answer.cache_control = value;
  if (name == "location") answer.location = value;
}

std::size_t on_header(char *data, std::size_t size, std::size_t count, void *user) {
  auto &x = *static_cast<Exchange *>(user);
  const std::string_view line(data, size * count);
  x.head_bytes += line.size();
  if (x.head_bytes > kMaxHead) {
    x.too_big = true;
    return 0;
  }
  if (line.substr(0, 5) == "HTTP/") x.answer = {};  // the head after a 100 Continue
  take_header(x, line);
  x.head_done = trimmed(line).empty();
  return line.size();
}

std::size_t on_body(char *data, std::size_t size, std::size_t count, void *user) {
  auto &x = *static_cast<Exchange *>(user);
  const auto n = size * count;
  if (n > x.max_bytes - x.answer.body.size()) {
    x.too_big = true;
    return 0;
  }
  x.answer.body.append(data, n);
  return n;
}

Headers make_headers(const HttpRequest &request, bool gzip) {
  Headers list;
  const auto add = [&](const std::string &line) {
    if (auto *grown = curl_slist_append(list.get(), line.c_str())) {
      (void)list.release();
      list.reset(grown);
    }
  };
  add("Connection: keep-alive");
  add(gzip ? "Accept-Encoding: gzip" : "Accept-Encoding: identity");
  add("Expect:");  // a question that the agent does not answer
  add("Accept: */*");
  for (const auto &h : request.headers) add(h.name + ": " + h.value);
  return list;
}

bool is_clean(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > ' ' && c != 0x7f; });
}

Error explain(CURLcode code, const Endpoint &endpoint, const char *detail) {
  const auto *const why = *detail != '\0' ? detail : curl_easy_strerror(code);
  return {code == CURLE_OPERATION_TIMEDOUT ? Errc::timeout : Errc::unavailable,
          fmt::format("the agent at {}: {}", endpoint.describe(), why)};
}

}  // namespace

// A request under way: what libcurl has pointers to.
struct Flight {
  HttpRequest request;
  std::string url;
  Headers headers;
  Exchange x;
};

struct HttpConnection::Impl {
  Multi multi{curl_multi_init()};
  Easy easy{curl_easy_init()};
  std::array<char, CURL_ERROR_SIZE> detail{};
  std::unique_ptr<Flight> given_up;  // nobody waits for its answer, and it has not begun

  void land() { curl_multi_remove_handle(multi.get(), easy.get()); }

  // Has the whole of the request gone out, and nothing come back?
  [[nodiscard]] bool at_work(const Flight &f) const {
    long sent = 0;
    curl_easy_getinfo(easy.get(), CURLINFO_REQUEST_SIZE, &sent);
    return sent > 0 && f.x.head_bytes == 0;
  }

  // Of the connection in use:
  int fd = -1;         // libcurl's own
  bool fresh = false;  // its server has not been judged yet
  bool on_unix = false;
  TcpEnds ends;
  Owner owner = Owner::unknown;
  std::string stranger;  // why its server is not believed; empty = it is
  bool hung_up = false;
  bool is_new = false;

  void judge_owners(const std::vector<uid_t> &owners) {
    const auto verdict = judge(owners, ::geteuid());
    if (verdict != Owner::unknown) owner = verdict;
    if (verdict == Owner::stranger) stranger = describe_stranger(owners, ::geteuid());
  }

  static curl_socket_t open_socket(void *user, curlsocktype /*purpose*/, curl_sockaddr *address) {
    auto &impl = *static_cast<Impl *>(user);
    impl.fd = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    impl.fresh = true;
    impl.on_unix = address->family == AF_UNIX;
    return impl.fd;
  }

  // The connection stands, and nothing has been sent yet.
  static int before_request(void *user, char *server_ip, char *own_ip, int server_port, int own_port) {
    auto &impl = *static_cast<Impl *>(user);
    if (!impl.fresh) return impl.stranger.empty() ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
    impl.owner = Owner::unknown;
    impl.stranger.clear();
    if (impl.on_unix) {
      impl.judge_owners(unix_owner(impl.fd));
    } else {
      impl.ends = {server_ip, static_cast<std::uint16_t>(server_port), own_ip, static_cast<std::uint16_t>(own_port)};
      impl.judge_owners(listener_owners(read_tcp_tables(), impl.ends));
    }
    return impl.stranger.empty() ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
  }

  // The first answer has come, so somebody has accepted the connection: who listens may have changed since.
  void after_answer() {
    if (std::exchange(fresh, false) && !on_unix) judge_owners(accepted_owners(read_tcp_tables(), ends));
  }

  void prepare(const Endpoint &endpoint, Exchange &x, curl_slist *headers, const std::string &url) {
    auto *c = easy.get();
    curl_easy_reset(c);  // options only: the connection stays
    detail.fill('\0');
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, detail.data());
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_URL, url.c_str());
    curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(c, CURLOPT_PROXY, "");
    curl_easy_setopt(c, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_HTTP_CONTENT_DECODING, 0L);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(kConnectTimeout.count()));
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, &x);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, &x);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, this);
    curl_easy_setopt(c, CURLOPT_PREREQFUNCTION, before_request);
    curl_easy_setopt(c, CURLOPT_PREREQDATA, this);
    if (!endpoint.unix_path.empty()) curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, endpoint.unix_path.c_str());
    if (endpoint.tls) {
      // The agent's certificate is for the names that browsers use; who it is gets checked by its machine GUID, and
      // what is asked here anybody on this machine may read.
      curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L);
      curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L);
    }
  }

  // nullopt = interrupted or out of time; `late` says which.
  std::optional<CURLcode> run(const Interrupted &interrupted, Clock::time_point deadline, bool &late) {
    for (;;) {
      int running = 0;
      if (curl_multi_perform(multi.get(), &running) != CURLM_OK) return CURLE_FAILED_INIT;
      int queued = 0;
      while (const auto *m = curl_multi_info_read(multi.get(), &queued))
        if (m->msg == CURLMSG_DONE) return m->data.result;
      late = Clock::now() >= deadline;
      if (late || (interrupted && interrupted())) return std::nullopt;
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
      const auto wait = std::clamp(left, std::chrono::milliseconds(1), kTick);
      curl_multi_poll(multi.get(), nullptr, 0, static_cast<int>(wait.count()), nullptr);
    }
  }
};

HttpConnection::HttpConnection() : impl_(std::make_unique<Impl>()) {
  curl_multi_setopt(impl_->multi.get(), CURLMOPT_MAXCONNECTS, 1L);
}

HttpConnection::~HttpConnection() {
  if (impl_->given_up) close();
}

void HttpConnection::close() {
  if (std::exchange(impl_->given_up, nullptr)) impl_->land();
  impl_->multi.reset(curl_multi_init());
  curl_multi_setopt(impl_->multi.get(), CURLMOPT_MAXCONNECTS, 1L);
}

bool HttpConnection::hung_up() const { return impl_->hung_up; }
bool HttpConnection::is_new() const { return impl_->is_new; }
Owner HttpConnection::owner() const { return impl_->owner; }

bool HttpConnection::busy() {
  if (!impl_->given_up) return false;
  int running = 0;
  const bool alive = curl_multi_perform(impl_->multi.get(), &running) == CURLM_OK && running > 0;
  if (alive && impl_->at_work(*impl_->given_up)) return true;
  close();
  return false;
}

Result<HttpResponse> HttpConnection::perform(const Endpoint &endpoint, HttpRequest wanted, const AnswerBounds &bounds,
                                             const Interrupted &interrupted) {
  if (impl_->given_up) close();
  if (!impl_->multi || !impl_->easy) return fail(Errc::unavailable, "libcurl has no memory for a connection");
  if (wanted.method != HttpMethod::get)
    return fail(Errc::invalid_argument, fmt::format("agents 1.x answer only GET, not {}", method_name(wanted.method)));
  if (!is_clean(wanted.target) || wanted.target.empty() || wanted.target.front() != '/')
    return fail(Errc::invalid_argument, "the path of a request begins with / and has no white space");
  auto flight = std::make_unique<Flight>();
  flight->request = std::move(wanted);
  const auto &request = flight->request;
  auto &x = flight->x;
  x.max_bytes = bounds.max_bytes;
  flight->headers = make_headers(request, bounds.gzip);
  flight->url = endpoint.base_url() + request.target;
  impl_->prepare(endpoint, x, flight->headers.get(), flight->url);
  if (curl_multi_add_handle(impl_->multi.get(), impl_->easy.get()) != CURLM_OK)
    return fail(Errc::unavailable, "libcurl cannot start a request");
  bool late = false;
  impl_->hung_up = false;
  const auto code = impl_->run(interrupted, Clock::now() + bounds.timeout, late);
  long connects = 0;
  long status = 0;
  curl_easy_getinfo(impl_->easy.get(), CURLINFO_NUM_CONNECTS, &connects);
  curl_easy_getinfo(impl_->easy.get(), CURLINFO_RESPONSE_CODE, &status);

  if (code && *code != CURLE_ABORTED_BY_CALLBACK && x.head_done) impl_->after_answer();
  if (!impl_->stranger.empty()) {
    impl_->land();
    close();
    return fail(Errc::unavailable,
                fmt::format("the server at {} {}, so nothing it says is believed; find out who started "
                            "it there, and stop it",
                            endpoint.describe(), impl_->stranger));
  }
  impl_->hung_up = code && (*code == CURLE_RECV_ERROR || *code == CURLE_GOT_NOTHING || *code == CURLE_SEND_ERROR);
  if (!code) {
    if (impl_->at_work(*flight))
      impl_->given_up = std::move(flight);
    else
      impl_->land();
    if (!late) return fail(Errc::cancelled, "the query was cancelled");
    return fail(Errc::timeout, fmt::format("the agent at {} did not answer within {} ms", endpoint.describe(),
                                           bounds.timeout.count()));
  }
  impl_->land();
  if (x.too_big)
    return fail(Errc::too_big, fmt::format("the agent's answer is larger than {} bytes", bounds.max_bytes));
  const bool empty_body = x.head_done && status != 0 && !x.body_promised && x.answer.body.empty();
  if (*code != CURLE_OK && !empty_body) return tl::unexpected<Error>(explain(*code, endpoint, impl_->detail.data()));
  x.answer.status = static_cast<int>(status);
  impl_->is_new = connects > 0;
  return std::move(x.answer);
}

}  // namespace aclk::external
