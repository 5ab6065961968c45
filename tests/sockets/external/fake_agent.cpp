// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/sockets/external/fake_agent.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace aclk::external::test {
namespace {

// Bytes of the whole request at the start of `data`, 0 if more has to come.
std::size_t complete(const std::string &data) {
  const auto head = data.find("\r\n\r\n");
  if (head == std::string::npos) return 0;
  std::size_t body = 0;
  if (const auto at = data.find("Content-Length: "); at < head) body = std::stoul(data.substr(at + 16));
  return data.size() >= head + 4 + body ? head + 4 + body : 0;
}

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

Canned answer(const std::string &body, int status, const std::string &headers) {
  return {fmt::format("HTTP/1.1 {} X\r\nConnection: keep-alive\r\nContent-Type: application/json; charset=utf-8\r\n"
                      "Cache-Control: no-cache\r\n{}Content-Length: {}\r\n\r\n{}",
                      status, headers, body.size(), body),
          false,
          {}};
}

std::string target_of(const std::string &request) {
  const auto start = request.find(' ') + 1;
  return request.substr(start, request.find(' ', start) - start);
}

FakeAgent::Handler serve_documents(std::vector<std::pair<std::string, std::string>> documents) {
  return [documents = std::move(documents)](const std::string &request) {
    const auto target = target_of(request);
    for (const auto &[prefix, body] : documents)
      if (target.compare(0, prefix.size(), prefix) == 0) return answer(body);
    return answer("not here", 404);
  };
}

FakeAgent::FakeAgent(Handler handler, const std::string &unix_path) : handler_(std::move(handler)) {
  if (unix_path.empty()) {
    listener_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof a;
    (void)::bind(listener_.get(), reinterpret_cast<sockaddr *>(&a), size);
    (void)::getsockname(listener_.get(), reinterpret_cast<sockaddr *>(&a), &size);
    endpoint_.host = "127.0.0.1";
    endpoint_.port = ntohs(a.sin_port);
  } else {
    listener_ = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un a{};
    a.sun_family = AF_UNIX;
    std::memcpy(a.sun_path, unix_path.c_str(), unix_path.size());
    (void)::bind(listener_.get(), reinterpret_cast<sockaddr *>(&a), sizeof a);
    endpoint_.unix_path = unix_path;
  }
  (void)::listen(listener_.get(), 16);
  acceptor_ = std::thread([this] { accept_all(); });
}

FakeAgent::~FakeAgent() {
  stop_.store(true);
  ::shutdown(listener_.get(), SHUT_RDWR);
  acceptor_.join();
  drop_connections();
  for (auto &t : servers_) t.join();
}

std::vector<std::string> FakeAgent::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

void FakeAgent::drop_connections() {
  const std::lock_guard lock(mutex_);
  for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
}

void FakeAgent::accept_all() {
  while (!stop_.load()) {
    const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    ++connections_;
    const std::lock_guard lock(mutex_);
    open_.push_back(fd);
    servers_.emplace_back([this, fd] { serve(fd); });
  }
}

void FakeAgent::serve(int fd) {
  std::string data;
  std::array<char, 65536> buf{};
  for (bool more = true; more;) {
    const auto n = ::recv(fd, buf.data(), buf.size(), 0);
    if (n <= 0) break;
    data.append(buf.data(), static_cast<std::size_t>(n));
    while (const auto size = complete(data)) {
      const auto request = data.substr(0, size);
      data.erase(0, size);
      {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
      }
      const auto canned = handler_(request);
      if (canned.delay.count() > 0) {
        pollfd p{fd, POLLRDHUP, 0};  // ends early when the other side leaves
        (void)::poll(&p, 1, static_cast<int>(canned.delay.count()));
      }
      more = send_all(fd, canned.bytes) && !canned.close;
      if (!more) break;
    }
  }
  const std::lock_guard lock(mutex_);
  open_.erase(std::remove(open_.begin(), open_.end(), fd), open_.end());
  ::close(fd);
}

}  // namespace aclk::external::test
