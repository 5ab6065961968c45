// SPDX-License-Identifier: GPL-3.0-or-later
#include "claim/base/text.h"
#include "tests/unit/base/tests.h"
#include "tests/unit/cmocka_main.h"

namespace test_text {
using namespace aclk;

namespace {

std::string trimmed__white_space_at_the_ends__goes_and_stays_within() {
  EXPECT_EQ(trimmed(" \t\n\v\f\r a b \r\n"), "a b");
  EXPECT_EQ(trimmed(" \t "), "");
  EXPECT_EQ(trimmed(""), "");
  EXPECT_EQ(trimmed(" \xc2\xa0"), "\xc2\xa0");
  EXPECT_EQ(trimmed(" a\n", kBlanks), "a\n");  // HTTP does not know it as space: it must be seen, and refused
  EXPECT_EQ(trimmed_start(" \ta ", kBlanks), "a ");
  EXPECT_EQ(trimmed_start("  "), "");
  EXPECT_EQ(trimmed_end(" a \r"), " a");
  EXPECT_EQ(trimmed_end("  "), "");
  return {};
}

std::string case__of_ascii_letters__is_all_that_is_ignored() {
  EXPECT_EQ(lower("AbZ[@`{\xc3\x84"), "abz[@`{\xc3\x84");
  EXPECT(iequals("Content-TYPE", "content-type"));
  EXPECT(iequals("", ""));
  EXPECT(!iequals("a", "ab"));
  EXPECT(!iequals("@", "`"));  // one bit apart, as letters are
  EXPECT(!iequals("[", "{"));
  EXPECT(icontains("deflate, GZip", "gzip"));
  EXPECT(icontains("", "") && icontains("a", ""));
  EXPECT(!icontains("gzi", "gzip"));
  return {};
}

std::string hex__every_byte__is_two_digits_that_read_back() {
  EXPECT_EQ(hex(std::string_view("\0\x0f\xa5\xff", 4)), "000fa5ff");
  for (int c = 0; c < 256; ++c) {
    const auto digits = hex(std::string(1, static_cast<char>(c)));
    EXPECT_EQ(hex_digit(digits.at(0)) * 16 + hex_digit(digits.at(1)), c);
  }
  EXPECT_EQ(hex_digit('F'), 15);
  for (const char c : std::string_view("/:@G`g\0 \xff", 9)) EXPECT_EQ(hex_digit(c), -1);
  return {};
}

std::string percent_encode__every_byte__is_unreserved_or_an_escape_and_reads_back() {
  EXPECT_EQ(percent_encode("aZ09-._~ /%+?\n\xc3"), "aZ09-._~%20%2F%25%2B%3F%0A%C3");
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  EXPECT_EQ(percent_decode(percent_encode(all)).value_or(""), all);
  return {};
}

std::string percent_decode__broken_escape__is_nothing_or_stands_for_itself() {
  for (const auto *bad : {"%", "a%", "%4", "a%4", "%g1", "%1g", "%%41", "%-1"}) {
    EXPECT(!percent_decode(bad));
    EXPECT(percent_decode_leniently(bad).find('%') != std::string::npos);
  }
  EXPECT_EQ(percent_decode("%41%2b+%2525").value_or(""), "A++%25");
  EXPECT_EQ(percent_decode("%00").value_or("x"), std::string(1, '\0'));
  EXPECT_EQ(percent_decode_leniently("50%&%41%4"), "50%&A%4");
  EXPECT_EQ(percent_decode_leniently("%%41"), "%A");
  EXPECT_EQ(percent_escape_at("a%7e", 1), 0x7e);
  EXPECT_EQ(percent_escape_at("a%7e", 0), -1);
  return {};
}

std::string one_line__control_characters__are_spaces_and_other_bytes_stay() {
  EXPECT_EQ(one_line("a\nb\r\t\x7f"
                     "c\xff\xc3\xa9"),
            "a b   c\xff\xc3\xa9");
  EXPECT_EQ(one_line(std::string_view("\0", 1)), " ");
  EXPECT(has_control("a\x7f") && has_control("\x1f") && has_control(std::string_view("\0", 1)));
  EXPECT(!has_control("") && !has_control(" ~\x80\xff"));
  return {};
}

std::string printable__control_characters_and_length__are_tamed() {
  EXPECT_EQ(printable("a\nb\x1b[31mc\x7f"), "a?b?[31mc?");
  EXPECT_EQ(printable(std::string_view("\0\t", 2)), "??");
  EXPECT_EQ(printable(std::string(500, 'x')).size(), 200U);
  EXPECT_EQ(printable("abc", 0), "");
  return {};
}

std::string printable__characters_of_people__stay_and_those_that_act_do_not() {
  EXPECT_EQ(printable("Zo\xc3\xab \xe2\x82\xac \xf0\x9f\x90\xa7"), "Zo\xc3\xab \xe2\x82\xac \xf0\x9f\x90\xa7");
  EXPECT_EQ(printable("a\xc2\x9b"
                      "31m"),
            "a??31m");                           // CSI in one character
  EXPECT_EQ(printable("\xc2\xa0"), "\xc2\xa0");  // the first behind C1
  EXPECT_EQ(printable("a\xe2\x80\xa8"
                      "b\xe2\x80\xae"
                      "c"),
            "a???b???c");  // ends a line; turns the direction
  EXPECT_EQ(printable("\xe2\x81\xa6\xe2\x81\xa9"), "??????");
  EXPECT_EQ(printable("\xe2\x80\xa7\xe2\x80\xaf"), "\xe2\x80\xa7\xe2\x80\xaf");  // their neighbours show something
  return {};
}

std::string printable__what_is_no_utf8__is_a_question_mark_for_each_byte() {
  EXPECT_EQ(printable("\xff"
                      "a\x80"),
            "?a?");
  EXPECT_EQ(printable("\xc3"), "?");
  EXPECT_EQ(printable("\xc0\xaf\xe0\x80\x80"), "?????");  // longer than needed
  EXPECT_EQ(printable("\xed\xa0\x80"), "???");            // half of a pair of UTF-16
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "????");       // above U+10FFFF
  EXPECT_EQ(printable("\xe2\x82"
                      "a"),
            "??a");
  return {};
}

std::string excerpt__cut__says_so_and_cuts_no_character_in_two() {
  EXPECT_EQ(excerpt("a\nb\x1b[0m\x7f"), "a?b?[0m?");
  EXPECT_EQ(excerpt("abc", 3), "abc");
  EXPECT_EQ(excerpt("abcdef", 3), "abc...");
  EXPECT_EQ(excerpt("ab\xc3\xa9", 3), "ab...");
  EXPECT_EQ(excerpt("ab\xc3\xa9", 4), "ab\xc3\xa9");
  EXPECT_EQ(excerpt("ab\xc3\xa9"
                    "c",
                    4),
            "ab\xc3\xa9...");
  EXPECT_EQ(excerpt("\xf0\x9f\x90\xa7", 3), "...");
  EXPECT_EQ(excerpt(std::string(10, '\x80'), 5), "...");
  EXPECT_EQ(printable("ab\xc3\xa9", 3), "ab");
  return {};
}

std::string terminal_text__lines_and_tabs__stay_and_nothing_that_a_terminal_obeys() {
  EXPECT_EQ(terminal_text("a\tb\n\x1b]0;x\x07\r\xc2\x9b\xff\xc3\xa9"), "a\tb\n?]0;x??\?\?\?\xc3\xa9");
  const std::string much(5000, 'x');
  EXPECT_EQ(terminal_text(much), much);
  EXPECT_EQ(terminal_text(""), "");
  return {};
}

std::string html_escape__what_a_browser_would_read__is_an_entity() {
  EXPECT_EQ(html_escape("<a href=\"x\">'&amp;'"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;amp;&#39;");
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(trimmed__white_space_at_the_ends__goes_and_stays_within),
    ACLK_TEST(case__of_ascii_letters__is_all_that_is_ignored),
    ACLK_TEST(hex__every_byte__is_two_digits_that_read_back),
    ACLK_TEST(percent_encode__every_byte__is_unreserved_or_an_escape_and_reads_back),
    ACLK_TEST(percent_decode__broken_escape__is_nothing_or_stands_for_itself),
    ACLK_TEST(one_line__control_characters__are_spaces_and_other_bytes_stay),
    ACLK_TEST(printable__control_characters_and_length__are_tamed),
    ACLK_TEST(printable__characters_of_people__stay_and_those_that_act_do_not),
    ACLK_TEST(printable__what_is_no_utf8__is_a_question_mark_for_each_byte),
    ACLK_TEST(excerpt__cut__says_so_and_cuts_no_character_in_two),
    ACLK_TEST(terminal_text__lines_and_tabs__stay_and_nothing_that_a_terminal_obeys),
    ACLK_TEST(html_escape__what_a_browser_would_read__is_an_entity),
};

}  // namespace
}  // namespace test_text

int aclk::test::text_suite() { return cmocka_run_group_tests_name("text", test_text::tests, nullptr, nullptr); }
