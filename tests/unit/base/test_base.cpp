// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

#include <memory>
#include <string>

#include "claim/base/files.h"
#include "claim/base/url.h"
#include "claim/base/uuid.h"
#include "tests/unit/base/tests.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/temp_dir.h"

namespace test_base {
using namespace aclk;

namespace {

std::string uuid__any_spelling__becomes_lower_case_with_dashes() {
  EXPECT_EQ(parse_uuid(" C2CA106CDE7D490CBE70C5DD7438BA1E\n").value_or(""), "c2ca106c-de7d-490c-be70-c5dd7438ba1e");
  EXPECT_EQ(parse_uuid("C2CA106C-DE7D-490C-BE70-C5DD7438BA1E").value_or(""), "c2ca106c-de7d-490c-be70-c5dd7438ba1e");
  for (const auto *bad : {"", "x", "c2ca106c-de7d-490c-be70-c5dd7438ba1", "c2ca106cxde7d-490c-be70-c5dd7438ba1e",
                          "g2ca106cde7d490cbe70c5dd7438ba1e", "c2ca106c-de7d-490c-be70c-5dd7438ba1e"})
    EXPECT(!parse_uuid(bad));
  return {};
}

std::string uuid__sixteen_bytes__are_a_text_and_other_numbers_of_them_are_none() {
  EXPECT_EQ(uuid_text(std::string_view("\x00\x01\x23\x45\x67\x89\xab\xcd\xef\x10\x20\x30\x40\x50\x60\xff", 16)),
            "00012345-6789-abcd-ef10-2030405060ff");
  EXPECT_EQ(uuid_text("123456789012345") + uuid_text("12345678901234567") + uuid_text(""), "");
  return {};
}

std::string uuid__random__is_version_4_and_new_each_time() {
  const auto a = random_uuid();
  EXPECT_EQ(a[14], '4');
  EXPECT(a != random_uuid());
  EXPECT_EQ(parse_uuid(a).value_or(""), a);
  return {};
}

std::string uuid__named__matches_the_example_of_rfc_9562() {
  EXPECT_EQ(named_uuid("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "www.example.com"),
            "2ed6657d-e927-568b-95e1-2665a8aea6a2");
  return {};
}

std::string url__all_forms__are_taken_apart() {
  const auto check = [](const char *text, const char *scheme, const char *host, int port, const char *path) {
    const auto u = parse_url(text);
    return u && u->scheme == scheme && u->host == host && u->port == port && u->path == path;
  };
  EXPECT(check("https://app.netdata.cloud", "https", "app.netdata.cloud", 443, "/"));
  EXPECT(check("app.netdata.cloud", "https", "app.netdata.cloud", 443, "/"));
  EXPECT(check("http://h:8080/a/b?c=d", "http", "h", 8080, "/a/b?c=d"));
  EXPECT(check("wss://h/mqtt", "wss", "h", 443, "/mqtt"));
  EXPECT(check("ws://h", "ws", "h", 80, "/"));
  EXPECT(check("https://[::1]:99/x", "https", "::1", 99, "/x"));
  EXPECT(check("HTTPS://H?x", "https", "h", 443, "/?x"));
  EXPECT_EQ(parse_url("https://[::1]:99/x")->str(), "https://[::1]:99/x");
  EXPECT_EQ(parse_url("wss://h:443/x")->str(), "wss://h/x");
  EXPECT(parse_url("https://h")->encrypted() && parse_url("WSS://h")->encrypted());
  EXPECT(!parse_url("http://h:443")->encrypted() && !parse_url("ws://h")->encrypted());
  return {};
}

std::string url__broken__is_refused_with_a_reason_and_without_secrets() {
  for (const auto *bad :
       {"", "https://", "https://:1", "https://h:", "https://h:0", "https://h:65536", "https://h:x", "ftp://h",
        "https://h h", "https://[::1", "https://[zz]", "https://[::1]x", "https://h:123456"})
    EXPECT(!parse_url(bad));
  const auto r = parse_url("https://user:secret@h/");
  EXPECT(!r);
  EXPECT(r.error().what.find("secret") == std::string::npos);
  for (const auto *bad : {"https://user:secret", "user:secret", "https://user:secret/", "https://[user:secret@h",
                          "http://user:secret@h:x", "htp://user:secret@h", "http//user:secret@h"}) {
    const auto broken = parse_url(bad);
    if (broken || broken.error().what.find("secret") != std::string::npos) return std::string(bad) + " is shown";
    EXPECT(masked_url(bad).find("secret") == std::string::npos);
  }
  EXPECT_EQ(masked_url("https://app.netdata.cloud/a?b=c"), "https://app.netdata.cloud/a?b=c");
  return {};
}

std::string file__written_atomically__has_text_mode_and_no_leftovers() {
  const aclk::test::TempDir temp;
  const auto &d = temp.path();
  EXPECT(write_file_atomically(d / "f", "one", 0600));
  EXPECT(write_file_atomically(d / "f", "two", 0640));
  EXPECT_EQ(read_file(d / "f").value_or(""), "two");
  struct stat st {};
  EXPECT_EQ(::stat((d / "f").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777U, 0640U);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(d), {}), 1);
  EXPECT(read_file(d / "f", 2).error().code == Errc::too_big);
  EXPECT(read_file(d / "nope").error().code == Errc::not_found);
  EXPECT(!read_file(d));
  EXPECT(!write_file_atomically(d / "no" / "f", "x", 0600));
  return {};
}

Result<int> number(int n) {
  if (n < 0) return tl::unexpected<Error>(Error{Errc::denied, std::to_string(n)});
  return n;
}
Result<void> noted(std::string &seen, int n) {
  ACLK_TRY(const auto value, number(n));
  seen += std::to_string(value) + " ";
  return {};
}
Result<std::unique_ptr<std::string>> story(int first, int second) {
  std::string seen;
  for (const int n : {first, second}) ACLK_CHECK(noted(seen, n));
  ACLK_TRY(auto owned, Result<std::unique_ptr<std::string>>(std::make_unique<std::string>(seen)));  // moved, not copied
  return owned;
}

std::string tried__value__is_there_and_an_error_ends_the_function_with_it() {
  EXPECT_EQ(**story(1, 2), "1 2 ");
  const auto first = story(-1, -2);
  EXPECT(!first && first.error().code == Errc::denied);
  EXPECT_EQ(first.error().what, "-1");
  EXPECT_EQ(story(1, -2).error().what, "-2");
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(tried__value__is_there_and_an_error_ends_the_function_with_it),
    ACLK_TEST(uuid__any_spelling__becomes_lower_case_with_dashes),
    ACLK_TEST(uuid__sixteen_bytes__are_a_text_and_other_numbers_of_them_are_none),
    ACLK_TEST(uuid__random__is_version_4_and_new_each_time),
    ACLK_TEST(uuid__named__matches_the_example_of_rfc_9562),
    ACLK_TEST(url__all_forms__are_taken_apart),
    ACLK_TEST(url__broken__is_refused_with_a_reason_and_without_secrets),
    ACLK_TEST(file__written_atomically__has_text_mode_and_no_leftovers),
};

}  // namespace
}  // namespace test_base

int main() {
  return cmocka_run_group_tests_name("base", test_base::tests, nullptr, nullptr) + aclk::test::log_budget_suite() +
                     aclk::test::text_suite() ==
                 0
             ? 0
             : 1;
}
