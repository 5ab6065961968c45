// SPDX-License-Identifier: GPL-3.0-or-later
//
// What ends inside WsLink::open(), with the real libwebsockets. ASan judges who lives for how long.
#include <poll.h>
#include <sys/socket.h>

#include <memory>

#include "aclk/mqtt/ws_link.h"
#include "tests/sockets/mqtt/suites.h"
#include "tests/sockets/net/net.h"
#include "tests/sockets/net/on_loop.h"
#include "tests/unit/cmocka_main.h"

namespace test_ws_link {
using namespace aclk;
using namespace aclk::mqtt;
using namespace std::chrono_literals;

namespace {

Url endpoint(std::uint16_t port) { return parse_url("wss://127.0.0.1:" + std::to_string(port) + "/mqtt").value(); }

// The connection has ended before TLS begins: the first step of the handshake fails inside open(), and libwebsockets
// closes the connection later, in libuv's closing phase, when the WsLink may be gone.
std::string ended_before_tls(bool reset) {
  test::Server server([reset](test::Peer &peer) {
    const linger hard{1, 0};
    if (reset) ::setsockopt(peer.fd(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  });
  test::OnLoop loop;
  auto context = WsContext::make(loop.uv(), net::TlsPolicy{});
  EXPECT(context);
  for (int i = 0; i < 3; ++i) {
    int ended = 0;
    WsLink::WsEvents events;
    events.ended = [&ended](const WsEnd &) { ++ended; };
    auto link = std::make_unique<WsLink>(**context, std::move(events));
    auto socket = test::connect_to(server.port());
    EXPECT(socket);
    pollfd gone{socket.get(), POLLIN, 0};
    EXPECT_EQ(::poll(&gone, 1, 10'000), 1);
    const auto opened = link->open(std::move(socket), endpoint(server.port()), "the broker", {}, "/tmp");
    EXPECT_EQ(ended, 0);  // never from inside open()
    if (!opened) EXPECT(!opened.error().why.empty());
    if (opened) EXPECT(loop.until([&ended] { return ended == 1; }));
    EXPECT(reset ? !opened : true);
    link.reset();
    loop.during(10ms);
    EXPECT_EQ(ended, opened ? 1 : 0);
  }
  return {};
}

std::string ws_link__connection_reset_before_tls__fails_at_once_and_leaves_nothing() { return ended_before_tls(true); }

std::string ws_link__connection_closed_before_tls__fails_and_leaves_nothing() { return ended_before_tls(false); }

const CMUnitTest kTests[] = {
    ACLK_TEST(ws_link__connection_reset_before_tls__fails_at_once_and_leaves_nothing),
    ACLK_TEST(ws_link__connection_closed_before_tls__fails_and_leaves_nothing),
};

}  // namespace
}  // namespace test_ws_link

int run_ws_link_tests() { return cmocka_run_group_tests_name("ws_link", test_ws_link::kTests, nullptr, nullptr); }
