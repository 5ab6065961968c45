// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/bench/load/lower_bounds.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>
#include <string>
#include <thread>
#include <vector>

#include "aclk/query/gzip.h"
#include "claim/base/c_own.h"

namespace aclk::load {
namespace {

using Nanoseconds = std::chrono::nanoseconds;
using Cipher = COwn<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;
constexpr std::size_t kRecord = 16'384;
constexpr std::size_t kRoundBytes = 32U << 20;  // in each of the rounds
constexpr int kRounds = 5;

Nanoseconds thread_cpu() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return std::chrono::seconds(t.tv_sec) + Nanoseconds(t.tv_nsec);
}

std::size_t repetitions(std::size_t bytes) { return std::max<std::size_t>(1, kRoundBytes / bytes); }

template <class Work>
Nanoseconds best(std::size_t bytes, Work work) {
  const auto n = repetitions(bytes);
  auto least = Nanoseconds::max();
  for (int round = 0; round < kRounds; ++round) {
    const auto began = thread_cpu();
    for (std::size_t i = 0; i < n; ++i) work();
    least = std::min(least, (thread_cpu() - began) / static_cast<Nanoseconds::rep>(n));
  }
  return least;
}

// Some numbers, as in an answer.
std::string text_of(std::size_t bytes) {
  std::string out;
  for (unsigned i = 0; out.size() < bytes; ++i)
    out +=
        fmt::format("[{},{}.{:02},{},null,{}.5],\n", 1'700'000'000 + i, i * 7919 % 100, i * 31 % 100, i % 13, i % 97);
  out.resize(bytes);
  return out;
}

// Both ends of a TCP connection on loopback.
std::array<Fd, 2> tcp_pair() {
  const Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t len = sizeof a;
  ::bind(listener.get(), reinterpret_cast<sockaddr *>(&a), sizeof a);
  ::listen(listener.get(), 1);
  ::getsockname(listener.get(), reinterpret_cast<sockaddr *>(&a), &len);
  Fd near(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(near.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(near.get(), reinterpret_cast<sockaddr *>(&a), sizeof a) != 0) return {};
  return {std::move(near), Fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC))};
}

Nanoseconds read_all(int fd) {
  std::vector<char> into(kRecord);
  while (::read(fd, into.data(), into.size()) > 0) {
  }
  return thread_cpu();
}

// The best of the rounds by their sum.
void measure_kernel(const std::string &data, LowerBounds &out) {
  const auto n = repetitions(data.size());
  auto least = Nanoseconds::max();
  for (int round = 0; round < kRounds; ++round) {
    auto ends = tcp_pair();
    Nanoseconds reading{};
    std::thread reader([&] { reading = read_all(ends[1].get()); });
    const auto began = thread_cpu();
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t at = 0; at < data.size();) {
        const auto w = ::write(ends[0].get(), data.data() + at, std::min(kRecord, data.size() - at));
        if (w <= 0) break;
        at += static_cast<std::size_t>(w);
      }
    const auto writing = thread_cpu() - began;
    ends[0].reset();
    reader.join();
    if (writing + reading >= least) continue;
    least = writing + reading;
    out.write = writing / static_cast<Nanoseconds::rep>(n);
    out.read = reading / static_cast<Nanoseconds::rep>(n);
  }
}

}  // namespace

LowerBounds measure_lower_bounds(std::size_t bytes) {
  const auto data = text_of(bytes);
  std::string to(bytes, '\0');
  LowerBounds out;
  out.copy = best(bytes, [&] {
    std::memcpy(to.data(), data.data(), bytes);
    asm volatile("" : : "r"(to.data()) : "memory");  // it is wanted
  });

  const Cipher cipher(EVP_CIPHER_CTX_new());
  const std::array<unsigned char, 32> key{};
  const std::array<unsigned char, 12> nonce{};
  std::array<unsigned char, kRecord + 16> record{};
  EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, key.data(), nonce.data());
  out.encrypt = best(bytes, [&] {
    for (std::size_t at = 0; at < bytes; at += kRecord) {
      int n = 0;
      EVP_EncryptInit_ex(cipher.get(), nullptr, nullptr, nullptr, nonce.data());
      EVP_EncryptUpdate(cipher.get(), record.data(), &n, reinterpret_cast<const unsigned char *>(data.data() + at),
                        static_cast<int>(std::min(kRecord, bytes - at)));
      EVP_EncryptFinal_ex(cipher.get(), record.data() + n, &n);
    }
  });
  measure_kernel(data, out);
  out.deflate = best(bytes * 8, [&] { (void)query::gzip(data); });
  return out;
}

}  // namespace aclk::load
