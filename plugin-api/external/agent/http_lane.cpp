// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/agent/http_lane.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>
#include <vector>

#include "claim/base/c_own.h"
#include "claim/base/text.h"

namespace aclk::external {
namespace {

constexpr std::chrono::milliseconds kConnectTimeout{2000};  // same machine: it answers at once or not at all
constexpr std::size_t kMaxHead = 64U << 10;
// For each reading of the socket: the agent writes large answers in one go.
constexpr long kReceiveBuffer = 128L << 10;

using CurlList = COwn<curl_slist, curl_slist_free_all>;

struct Exchange {
  HttpResponse answer;
  std::size_t head_bytes = 0;
  std::uint64_t max_bytes = 0;
  std::size_t head_room = 0;  // before the body
  bool head_done = false;
  bool body_promised = false;  // Content-Length above 0
  bool too_big = false;
};

// The body has its room from the beginning.
void promise_body(Exchange &x, std::string_view length) {
  std::uint64_t n = 0;
  const auto r = std::from_chars(length.data(), length.data() + length.size(), n);
  x.body_promised = length != "0";
  if (r.ec == std::errc{} && n > 0 && n <= x.max_bytes) x.answer.body.reserve(x.head_room + n);
}

void take_header(Exchange &x, std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return;
  auto &answer = x.answer;
  const auto name = lower(trimmed(line.substr(0, colon)));
  const auto value = trimmed(line.substr(colon + 1));
  if (name == "content-length") promise_body(x, value);
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
  auto &body = x.answer.body;
  if (body.empty()) body.assign(x.head_room, '\0');
  if (n > x.max_bytes - (body.size() - x.head_room)) {
    x.too_big = true;
    return 0;
  }
  body.append(data, n);
  return n;
}

void add(CurlList &list, const std::string &line) {
  if (auto *grown = curl_slist_append(list.get(), line.c_str())) {
    (void)list.release();
    list.reset(grown);
  }
}

CurlList make_headers(const HttpRequest &request, bool gzip) {
  CurlList list;
  add(list, "Connection: keep-alive");
  add(list, gzip ? "Accept-Encoding: gzip" : "Accept-Encoding: identity");
  add(list, "Expect:");  // a question that the agent does not answer
  add(list, "Accept: */*");
  for (const auto &h : request.headers) add(list, h.name + ": " + h.value);
  return list;
}

bool is_clean(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > ' ' && c != 0x7f; });
}

}  // namespace

// A request under way: what libcurl has pointers to.
struct HttpLane::Flight {
  HttpRequest request;
  std::string url;
  std::string where;  // for people
  CurlList headers;
  Exchange x;
  std::array<char, CURL_ERROR_SIZE> detail{};
};

HttpLane::HttpLane(std::string alias) : alias_(std::move(alias)), easy_(curl_easy_init()) {}

HttpLane::~HttpLane() {
  drop();
  curl_easy_cleanup(easy_);
}

HttpLane &HttpLane::of(CURL *easy) {
  void *lane = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &lane);
  return *static_cast<HttpLane *>(lane);
}

void HttpLane::judge_owners(const std::vector<uid_t> &owners) {
  const auto verdict = judge(owners, ::geteuid());
  if (verdict != Owner::unknown) owner_ = verdict;
  if (verdict == Owner::stranger) stranger_ = describe_stranger(owners, ::geteuid());
}

curl_socket_t HttpLane::open_socket(void *user, curlsocktype /*purpose*/, curl_sockaddr *address) {
  auto &lane = *static_cast<HttpLane *>(user);
  lane.fd_ = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  lane.fresh_ = true;
  lane.on_unix_ = address->family == AF_UNIX;
  return lane.fd_;
}

// The connection stands, and nothing has been sent yet.
int HttpLane::before_request(void *user, char *server_ip, char *own_ip, int server_port, int own_port) {
  auto &lane = *static_cast<HttpLane *>(user);
  if (!lane.fresh_) return lane.stranger_.empty() ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
  lane.owner_ = Owner::unknown;
  lane.stranger_.clear();
  if (lane.on_unix_) {
    lane.judge_owners(unix_owner(lane.fd_));
  } else {
    lane.ends_ = {server_ip, static_cast<std::uint16_t>(server_port), own_ip, static_cast<std::uint16_t>(own_port)};
    lane.judge_owners(listener_owners(read_tcp_tables(), lane.ends_));
  }
  return lane.stranger_.empty() ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

// The first answer has come, so somebody has accepted the connection: who listens may have changed since.
void HttpLane::after_answer() {
  if (std::exchange(fresh_, false) && !on_unix_) judge_owners(accepted_owners(read_tcp_tables(), ends_));
}

// What is the same for each request to this place over this connection. Options are dear: libcurl copies texts and
// parses lists.
void HttpLane::configure(const Endpoint &endpoint) {
  auto *c = easy_;
  curl_easy_reset(c);  // options only: the connection stays
  connect_to_.reset();
  if (!alias_.empty() && endpoint.unix_path.empty()) {
    const auto base = endpoint.base_url();
    add(connect_to_, "::" + base.substr(base.find("//") + 2));
  }
  curl_easy_setopt(c, CURLOPT_PRIVATE, this);
  curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
  if (connect_to_) curl_easy_setopt(c, CURLOPT_CONNECT_TO, connect_to_.get());
  curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(c, CURLOPT_PROXY, "");
  curl_easy_setopt(c, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(c, CURLOPT_HTTP_CONTENT_DECODING, 0L);
  curl_easy_setopt(c, CURLOPT_BUFFERSIZE, kReceiveBuffer);
  curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(kConnectTimeout.count()));
  curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
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
  configured_ = endpoint;
}

void HttpLane::prepare(const Endpoint &endpoint) {
  auto *c = easy_;
  auto &f = *flight_;
  if (!configured_ || !(*configured_ == endpoint)) configure(endpoint);
  const auto base = endpoint.base_url();
  f.where = endpoint.describe();
  f.url = base + f.request.target;
  if (!alias_.empty()) {
    const auto name = fmt::format("{}-{}", alias_, generation_);
    f.url = fmt::format("{}://{}{}", endpoint.tls ? "https" : "http", name, f.request.target);
    add(f.headers, "Host: " + base.substr(base.find("//") + 2));
  }
  curl_easy_setopt(c, CURLOPT_ERRORBUFFER, f.detail.data());
  curl_easy_setopt(c, CURLOPT_URL, f.url.c_str());
  curl_easy_setopt(c, CURLOPT_HTTPHEADER, f.headers.get());
  curl_easy_setopt(c, CURLOPT_HEADERDATA, &f.x);
  curl_easy_setopt(c, CURLOPT_WRITEDATA, &f.x);
}

Result<void> HttpLane::begin(HttpMulti &multi, const Endpoint &endpoint, HttpRequest wanted,
                             const AnswerBounds &bounds) {
  drop();
  if (!multi.stands() || easy_ == nullptr) return fail(Errc::unavailable, "libcurl has no memory for a connection");
  if (wanted.method != HttpMethod::get)
    return fail(Errc::invalid_argument, fmt::format("agents 1.x answer only GET, not {}", method_name(wanted.method)));
  if (!is_clean(wanted.target) || wanted.target.empty() || wanted.target.front() != '/')
    return fail(Errc::invalid_argument, "the path of a request begins with / and has no white space");
  flight_ = std::make_unique<Flight>();
  flight_->request = std::move(wanted);
  flight_->x.max_bytes = bounds.max_bytes;
  flight_->x.head_room = bounds.head_room;
  flight_->headers = make_headers(flight_->request, bounds.gzip);
  prepare(endpoint);
  hung_up_ = false;
  multi_ = &multi;
  if (multi.add(easy_) != CURLM_OK) {
    flight_.reset();
    return fail(Errc::unavailable, "libcurl cannot start a request");
  }
  return {};
}

bool HttpLane::at_work() const {
  if (!flight_) return false;
  long sent = 0;
  curl_easy_getinfo(easy_, CURLINFO_REQUEST_SIZE, &sent);
  return sent > 0 && flight_->x.head_bytes == 0;
}

void HttpLane::drop() {
  if (!flight_) return;
  multi_->remove(easy_);
  flight_.reset();
}

void HttpLane::renew() { ++generation_; }

Result<HttpResponse> HttpLane::end(CURLcode code) {
  long connects = 0;
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_NUM_CONNECTS, &connects);
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  multi_->remove(easy_);
  const auto flight = std::exchange(flight_, nullptr);
  auto &x = flight->x;
  if (code != CURLE_ABORTED_BY_CALLBACK && x.head_done) after_answer();
  if (!stranger_.empty()) {
    renew();
    return fail(Errc::unavailable,
                fmt::format("the server at {} {}, so nothing it says is believed; find out who started "
                            "it there, and stop it",
                            flight->where, stranger_));
  }
  hung_up_ = code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING || code == CURLE_SEND_ERROR;
  if (x.too_big) return fail(Errc::too_big, fmt::format("the agent's answer is larger than {} bytes", x.max_bytes));
  const bool empty_body = x.head_done && status != 0 && !x.body_promised && x.answer.body.empty();
  if (code != CURLE_OK && !empty_body) {
    const auto *const why = flight->detail[0] != '\0' ? flight->detail.data() : curl_easy_strerror(code);
    return fail(code == CURLE_OPERATION_TIMEDOUT ? Errc::timeout : Errc::unavailable,
                fmt::format("the agent at {}: {}", flight->where, why));
  }
  x.answer.status = static_cast<int>(status);
  is_new_ = connects > 0;
  return std::move(x.answer);
}

}  // namespace aclk::external
