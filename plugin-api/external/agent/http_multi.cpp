// SPDX-License-Identifier: GPL-3.0-or-later
#include "plugin-api/external/agent/http_multi.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace aclk::external {

HttpMulti::HttpMulti(long connections)
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      multi_(curl_multi_init()) {
  if (!stands()) return;
  auto *const m = multi_.get();
  curl_multi_setopt(m, CURLMOPT_MAXCONNECTS, connections);
  curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(m, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(m, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(m, CURLMOPT_TIMERDATA, this);
  epoll_event e{};
  e.events = EPOLLIN | EPOLLET;  // what is written there is not read
  e.data.fd = wake_.get();
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &e) != 0) wake_.reset();
}

void HttpMulti::wake() {
  const std::uint64_t one = 1;
  if (wake_) (void)!::write(wake_.get(), &one, sizeof one);
}

int HttpMulti::on_socket(CURL * /*easy*/, curl_socket_t fd, int what, void *user, void * /*of_socket*/) {
  auto &self = *static_cast<HttpMulti *>(user);
  if (what == CURL_POLL_REMOVE) {
    if (static_cast<std::size_t>(fd) < self.wanted_.size()) self.wanted_[static_cast<std::size_t>(fd)] = false;
    return 0;
  }
  std::uint32_t events = 0;
  if (what != CURL_POLL_OUT) events |= EPOLLIN;
  if (what != CURL_POLL_IN) events |= EPOLLOUT;
  self.watch(fd, events);
  return 0;  // anything else would be the multi handle's end
}

// One for which the kernel has no memory ends at its deadline, and the next request tries again.
void HttpMulti::watch(curl_socket_t fd, std::uint32_t events) {
  epoll_event e{};
  e.events = events;
  e.data.fd = fd;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &e) != 0)
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &e) != 0) return;
  const auto place = static_cast<std::size_t>(fd);
  if (place >= wanted_.size()) wanted_.resize(place + 1);
  wanted_[place] = true;
}

int HttpMulti::on_timer(CURLM * /*multi*/, long ms, void *user) {
  auto &due = static_cast<HttpMulti *>(user)->due_;
  due.reset();
  if (ms >= 0) due = Clock::now() + std::chrono::milliseconds(ms);
  return 0;
}

void HttpMulti::act(curl_socket_t fd, int what) {
  int running = 0;
  (void)curl_multi_socket_action(multi_.get(), fd, what, &running);
}

void HttpMulti::act_if_due() {
  if (!due_ || *due_ > Clock::now()) return;
  due_.reset();  // libcurl sets it anew if it wants to
  act(CURL_SOCKET_TIMEOUT, 0);
}

bool HttpMulti::report(const std::function<void(CURL *, CURLcode)> &ended) {
  bool some = false;
  int left = 0;
  while (const auto *m = curl_multi_info_read(multi_.get(), &left)) {
    if (m->msg != CURLMSG_DONE) continue;
    some = true;
    ended(m->easy_handle, m->data.result);
  }
  return some;
}

void HttpMulti::wait(std::chrono::milliseconds at_most) {
  if (due_) at_most = std::min(at_most, std::chrono::ceil<std::chrono::milliseconds>(*due_ - Clock::now()));
  std::array<epoll_event, 64> events{};
  const int n = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                             static_cast<int>(std::max<std::int64_t>(at_most.count(), 0)));
  for (int i = 0; i < n; ++i) {
    const auto [flags, data] = events.at(static_cast<std::size_t>(i));
    const int fd = data.fd;
    if (fd == wake_.get()) continue;
    if (!wanted_.at(static_cast<std::size_t>(
            fd))) {  // an idle connection that the server has closed: libcurl sees that when it wants it
      (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
      continue;
    }
    int what = 0;
    if ((flags & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) what |= CURL_CSELECT_IN;
    if ((flags & EPOLLOUT) != 0) what |= CURL_CSELECT_OUT;
    if ((flags & EPOLLERR) != 0) what |= CURL_CSELECT_ERR;
    act(fd, what);
  }
}

void HttpMulti::turn(std::chrono::milliseconds at_most, const std::function<void(CURL *, CURLcode)> &ended) {
  act_if_due();
  if (report(ended)) return;
  wait(at_most);
  act_if_due();
  (void)report(ended);
}

}  // namespace aclk::external
