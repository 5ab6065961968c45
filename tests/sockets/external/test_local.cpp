// SPDX-License-Identifier: GPL-3.0-or-later
//
// The local socket: what it understands, what it says, and what it does with what stands in its place.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <utility>

#include "plugin-api/external/agent/local_call.h"
#include "plugin-api/external/control/control_server.h"
#include "plugin-api/external/control/local_socket.h"
#include "tests/sockets/external/fake_agent.h"
#include "tests/sockets/external/suites.h"
#include "tests/unit/external/tests.h"
#include "tests/unit/temp_dir.h"

namespace aclk::external::test {
namespace test_local {
namespace {

namespace fs = std::filesystem;

Fd connect_to(const fs::path &path) {
  sockaddr_un a{};
  a.sun_family = AF_UNIX;
  std::strncpy(a.sun_path, path.c_str(), sizeof a.sun_path - 1);
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(fd.get(), reinterpret_cast<const sockaddr *>(&a), sizeof a) != 0) fd.reset();
  return fd;
}

std::string ask(const fs::path &path, std::string_view request) {
  const auto fd = connect_to(path);
  if (!fd) return "(nobody listens)";
  (void)!::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL);
  std::string out;
  std::array<char, 4096> buffer{};
  for (ssize_t n = 0; (n = ::recv(fd.get(), buffer.data(), buffer.size(), 0)) > 0;)
    out.append(buffer.data(), static_cast<std::size_t>(n));
  return out;
}

HttpResponse echo(const LocalRequest &r) { return text_response(200, r.method + " " + r.path); }

// A socket with somebody who answers.
struct Served {
  explicit Served(const fs::path &path) {
    if (auto opened = LocalListener::open({path})) listener.emplace(std::move(*opened));
    if (listener) socket = LocalSocket::start(listener->fd(), echo).value_or(nullptr);
  }
  std::optional<LocalListener> listener;
  std::unique_ptr<LocalSocket> socket;
};

std::string request__whole__is_taken_apart() {
  const auto r = parse_local_request("GET /api/v1/aclk?a=b&c HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(r.status, 200);
  EXPECT_EQ(r.method, std::string("GET"));
  EXPECT_EQ(r.path, std::string("/api/v1/aclk"));
  EXPECT_EQ(r.query, std::string("a=b&c"));
  EXPECT_EQ(parse_local_request("GET / HTTP/1.0\r\n\r\n").status, 200);
  return {};
}

std::string request__in_pieces__is_waited_for() {
  const std::string_view whole = "POST /x HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc";
  for (std::size_t n = 0; n < whole.size(); ++n) EXPECT_EQ(parse_local_request(whole.substr(0, n)).status, 0);
  EXPECT_EQ(parse_local_request(whole).status, 200);
  return {};
}

std::string request__bad__is_refused() {
  for (const char *text : {"GET /\r\n\r\n", "get / HTTP/1.1\r\n\r\n", "GET x HTTP/1.1\r\n\r\n", "GET / FTP/1\r\n\r\n",
                           "GET / /  HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nnonsense\r\n\r\n", "\r\n\r\n",
                           "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "GET / HTTP/1.1\r\n: x\r\n\r\n",
                           "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"})
    EXPECT_EQ(std::string(text) + std::to_string(parse_local_request(text).status), text + std::string("400"));
  EXPECT_EQ(parse_local_request("GET / HTTP/2.0\r\n\r\n").status, 505);
  EXPECT_EQ(parse_local_request("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n").status, 501);
  return {};
}

std::string request__too_long__is_refused() {
  EXPECT_EQ(parse_local_request(std::string(kMaxLocalRequest, 'a')).status, 413);
  EXPECT_EQ(parse_local_request("GET /" + std::string(kMaxLocalRequest, 'a') + " HTTP/1.1\r\n\r\n").status, 413);
  EXPECT_EQ(parse_local_request("POST / HTTP/1.1\r\nContent-Length: 16384\r\n\r\n").status, 413);
  EXPECT_EQ(parse_local_request("POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n").status, 413);
  return {};
}

std::string socket_places__by_agent__are_in_order() {
  using Places = std::vector<fs::path>;
  EXPECT(socket_places("", "", "/var/lib/netdata") ==
         Places({"/run/netdata/aclk.sock", "/var/lib/netdata/aclk.sock", "/var/lib/netdata/cloud.d/aclk.sock"}));
  EXPECT(socket_places("", "/run/x", "/var/lib/netdata") ==
         Places({"/run/x/aclk.sock", "/var/lib/netdata/aclk.sock", "/var/lib/netdata/cloud.d/aclk.sock"}));
  EXPECT(socket_places("", "", "/opt/n/lib") == Places({"/opt/n/lib/aclk.sock", "/opt/n/lib/cloud.d/aclk.sock"}));
  EXPECT(socket_places("/tmp/s", "/run/x", "/l") == Places({"/tmp/s"}));
  EXPECT(socket_places("no", "/run/x", "/l").empty());
  EXPECT(socket_places("relative", "", "/l") == Places({"/l/aclk.sock", "/l/cloud.d/aclk.sock"}));
  return {};
}

std::string local_socket__asked__answers_and_goes_at_its_end() {
  const aclk::test::TempDir dir;
  const auto path = dir / "s";
  {
    const Served s(path);
    EXPECT(s.socket != nullptr);
    struct stat st {};
    EXPECT(::stat(path.c_str(), &st) == 0 && S_ISSOCK(st.st_mode));
    EXPECT_EQ(st.st_mode & 07777U, 0660U);
    EXPECT(ask(path, "GET /a HTTP/1.1\r\n\r\n").ends_with("\r\n\r\nGET /a"));
    EXPECT(ask(path, "nonsense\r\n\r\n").starts_with("HTTP/1.1 400 "));
    EXPECT(ask(path, "POST / HTTP/1.1\r\nContent-Length: 999999\r\n\r\n").starts_with("HTTP/1.1 413 "));
  }
  EXPECT(!fs::exists(fs::symlink_status(path)));
  return {};
}

std::string local_socket__clients_that_say_nothing__hold_up_nobody() {
  const aclk::test::TempDir dir;
  const auto path = dir / "s";
  const Served s(path);
  EXPECT(s.socket != nullptr);
  std::vector<Fd> mute;
  for (int i = 0; i < 10; ++i) mute.push_back(connect_to(path));
  EXPECT(ask(path, "GET /a HTTP/1.1\r\n\r\n").ends_with("GET /a"));
  return {};
}

std::string local_socket__stale_file__is_replaced() {
  const aclk::test::TempDir dir;
  const auto path = dir / "s";
  {
    sockaddr_un a{};
    a.sun_family = AF_UNIX;
    std::strncpy(a.sun_path, path.c_str(), sizeof a.sun_path - 1);
    const Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr *>(&a), sizeof a), 0);
  }
  EXPECT(fs::exists(fs::symlink_status(path)));
  const Served s(path);
  EXPECT(s.socket != nullptr);
  EXPECT(ask(path, "GET /a HTTP/1.1\r\n\r\n").ends_with("GET /a"));
  return {};
}

std::string local_socket__what_is_somebody_elses__stays() {
  const aclk::test::TempDir dir;
  const auto file = dir / "file";
  std::ofstream(file) << "precious";
  const auto used = dir / "used";
  const auto first = LocalListener::open({used});
  EXPECT(first.has_value());
  const auto second = LocalListener::open({file, used, dir / "missing/s"});
  EXPECT(!second);
  EXPECT(second.error().what.find("no socket is there") != std::string::npos);
  EXPECT(second.error().what.find("another process listens there") != std::string::npos);
  EXPECT_EQ(fs::file_size(file), 8U);
  const auto third = LocalListener::open({used, dir / "other"});
  EXPECT(third.has_value() && third->path() == dir / "other");
  return {};
}

std::string local_socket__worker_comes_and_goes__whoever_asks_meanwhile_is_answered() {
  const aclk::test::TempDir dir;
  const auto path = dir / "s";
  const auto listener = LocalListener::open({path});
  EXPECT(listener.has_value());
  const auto waits = connect_to(path);  // before there is anybody
  EXPECT(static_cast<bool>(waits));
  for (int worker = 0; worker < 3; ++worker) {
    const auto socket = LocalSocket::start(listener->fd(), echo);
    EXPECT(socket.has_value());
    EXPECT(ask(path, "GET /a HTTP/1.1\r\n\r\n").ends_with("GET /a"));
  }
  EXPECT(fs::exists(fs::symlink_status(path)));  // it is the listener's
  return {};
}

std::string local_call__to_the_socket__has_its_answer() {
  const aclk::test::TempDir dir;
  const auto path = dir / "s";
  const Served s(path);
  EXPECT(s.socket != nullptr);
  for (const auto method : {HttpMethod::get, HttpMethod::post}) {
    const auto a = call_local(path, method, "/api/v1/aclk");
    EXPECT(a.has_value());
    EXPECT_EQ(a->status, 200);
    EXPECT_EQ(a->body, std::string(method_name(method)) + " /api/v1/aclk");
  }
  return {};
}

std::string local_call__nobody_or_somebody_else_there__says_so() {
  const aclk::test::TempDir dir;
  const auto missing = call_local(dir / "missing", HttpMethod::get, "/");
  EXPECT(!missing && missing.error().code == Errc::not_found);
  EXPECT(missing.error().what.find("missing: No such file") != std::string::npos);
  const auto long_path = call_local(dir / std::string(200, 'x'), HttpMethod::get, "/");
  EXPECT(!long_path && long_path.error().code == Errc::not_found);
  const auto path = (dir / "other").native();
  const FakeAgent other([](const std::string &) { return Canned{"220 mail.example.com ESMTP\r\n", true}; }, path);
  const auto mail = call_local(path, HttpMethod::get, "/");
  EXPECT(!mail && mail.error().code == Errc::io);
  EXPECT(mail.error().what.find("is not one of aclk.plugin") != std::string::npos);
  return {};
}

const CMUnitTest kTests[] = {
    ACLK_TEST(local_call__to_the_socket__has_its_answer),
    ACLK_TEST(local_call__nobody_or_somebody_else_there__says_so),
    ACLK_TEST(request__whole__is_taken_apart),
    ACLK_TEST(request__in_pieces__is_waited_for),
    ACLK_TEST(request__bad__is_refused),
    ACLK_TEST(request__too_long__is_refused),
    ACLK_TEST(socket_places__by_agent__are_in_order),
    ACLK_TEST(local_socket__asked__answers_and_goes_at_its_end),
    ACLK_TEST(local_socket__clients_that_say_nothing__hold_up_nobody),
    ACLK_TEST(local_socket__worker_comes_and_goes__whoever_asks_meanwhile_is_answered),
    ACLK_TEST(local_socket__stale_file__is_replaced),
    ACLK_TEST(local_socket__what_is_somebody_elses__stays),
};

}  // namespace
}  // namespace test_local

int local_tests() { return cmocka_run_group_tests_name("external local socket", test_local::kTests, nullptr, nullptr); }

}  // namespace aclk::external::test
