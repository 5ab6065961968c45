// SPDX-License-Identifier: GPL-3.0-or-later
#include <cerrno>
#include <cstddef>
#include <string>

#include "aclk/host/requests.h"
#include "aclk/query/reply.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/query/tests.h"

namespace test_lent {
namespace {

using namespace aclk;

// A body that a host lends, and how often it has got it back.
struct Lender {
  std::string memory;
  std::size_t room;
  int back = 0;
  explicit Lender(const std::string &body, std::size_t before = kHeadRoom) : memory(before, '.'), room(before) {
    memory += body;
  }
  [[nodiscard]] const char *body() const { return memory.data() + room; }
  naclk_reply reply() {
    naclk_reply r{};
    r.size = sizeof r;
    r.status = 200;
    r.body = {body(), memory.size() - room};
    r.head_room = room;
    r.release = [](void *self) { ++static_cast<Lender *>(self)->back; };
    r.lent = this;
    return r;
  }
};

query::Asker asker(bool gzip = false) {
  query::Asker a;
  a.msg_id = "m";
  a.topic = "/t";
  a.accept_gzip = gzip;
  return a;
}

// What the module makes of the host's answer.
struct Asked {
  host::Requests requests{[](const std::string &) {}};
  host::RequestId id = 0;
  Result<host::Answer> answer = fail(Errc::io, "none");
  int answers = 0;
  Asked() {
    id = requests.open([this](Result<host::Answer> a, host::HostWork) {
      answer = std::move(a);
      ++answers;
    });
  }
  query::FramedReply frame(const query::Asker &a) { return query::frame(a, std::move(*answer), {}); }
};

std::string lent__with_room_for_the_head__goes_out_from_where_it_stands_and_back_when_it_is_sent() {
  Lender lender(std::string(5000, 'x'));
  Asked a;
  const auto r = lender.reply();
  a.requests.complete(a.id, 0, &r);
  {
    auto out = a.frame(asker());
    a.answer = fail(Errc::io, "");
    EXPECT_EQ(lender.back, 0);
    const auto payload = out.payload.view();
    EXPECT_EQ(payload.data() + payload.size(), lender.body() + 5000);
    EXPECT(payload.ends_with("\r\n\r\n" + std::string(5000, 'x')));
    EXPECT(payload.find("Content-Length: 5000\r\n") != std::string_view::npos);
    const auto moved = std::move(out);
    EXPECT_EQ(moved.payload.view().data(), payload.data());
  }
  EXPECT_EQ(lender.back, 1);
  return {};
}

std::string lent__without_room__is_copied_and_given_back_at_once() {
  for (const std::size_t room : {std::size_t{0}, std::size_t{10}}) {
    Lender lender("the body", room);
    Asked a;
    const auto r = lender.reply();
    a.requests.complete(a.id, 0, &r);
    const auto out = a.frame(asker());
    EXPECT_EQ(lender.back, 1);
    EXPECT(out.payload.view().ends_with("\r\n\r\nthe body"));
    EXPECT_EQ(lender.memory, std::string(room, '.') + "the body");
  }
  return {};
}

std::string lent__compressed_for_the_asker__is_given_back_at_once_and_never_written_to() {
  Lender lender(std::string(5000, 'x'));
  const auto before = lender.memory;
  Asked a;
  const auto r = lender.reply();
  a.requests.complete(a.id, 0, &r);
  const auto out = a.frame(asker(true));
  EXPECT_EQ(lender.back, 1);
  EXPECT_EQ(lender.memory, before);
  EXPECT_EQ(out.size_bytes, 5000U);
  EXPECT(out.sent_bytes < 100);
  return {};
}

std::string lent__whatever_becomes_of_the_answer__is_given_back_once_for_each_reply_shown() {
  Lender lender("body");
  const auto r = lender.reply();
  {
    Asked a;
    a.requests.complete(a.id, 0, &r);
    a.requests.complete(a.id, 0, &r);  // the second is ignored
    EXPECT_EQ(lender.back, 1);
    EXPECT_EQ(a.answers, 1);
  }
  EXPECT_EQ(lender.back, 2);
  {
    Asked a;
    EXPECT(a.requests.give_up(a.id));
    a.requests.complete(a.id, 0, &r);  // too late
    EXPECT_EQ(lender.back, 3);
    EXPECT_EQ(a.answers, 0);
  }
  {
    Asked a;
    a.requests.complete(a.id, -EIO, &r);  // an error, and a reply that nobody asked for
    EXPECT_EQ(lender.back, 4);
    EXPECT(!a.answer);
  }
  {
    Asked a;
    auto empty = r;
    empty.body = {};
    a.requests.complete(a.id, 0, &empty);
    EXPECT(a.answer && a.answer->body.empty());
    const auto out = a.frame(asker());
    EXPECT(out.payload.view().ends_with("\r\n\r\n"));
    EXPECT_EQ(lender.memory, std::string(kHeadRoom, '.') + "body");
  }
  EXPECT_EQ(lender.back, 5);
  return {};
}

std::string lent__by_a_host_that_does_not_know_of_it__is_copied() {
  const Lender lender("old");
  naclk_reply r{};
  r.size = offsetof(naclk_reply, release);
  r.status = 200;
  r.body = {lender.body(), 3};
  r.release = [](void *) {};  // behind its end: not looked at
  Asked a;
  a.requests.complete(a.id, 0, &r);
  EXPECT(a.answer && !a.answer->body.is_lent());
  EXPECT_EQ(a.answer->body.view(), "old");
  EXPECT(a.answer->body.view().data() != lender.body());
  return {};
}

const CMUnitTest kTests[] = {
    ACLK_TEST(lent__with_room_for_the_head__goes_out_from_where_it_stands_and_back_when_it_is_sent),
    ACLK_TEST(lent__without_room__is_copied_and_given_back_at_once),
    ACLK_TEST(lent__compressed_for_the_asker__is_given_back_at_once_and_never_written_to),
    ACLK_TEST(lent__whatever_becomes_of_the_answer__is_given_back_once_for_each_reply_shown),
    ACLK_TEST(lent__by_a_host_that_does_not_know_of_it__is_copied),
};

}  // namespace
}  // namespace test_lent

int aclk::query::test::lent_tests() {
  return cmocka_run_group_tests_name("query: bodies that are lent", test_lent::kTests, nullptr, nullptr);
}
