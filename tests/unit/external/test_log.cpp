// SPDX-License-Identifier: GPL-3.0-or-later
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>

#include "claim/base/files.h"
#include "plugin-api/external/config/agent_log.h"
#include "tests/unit/external/tests.h"
#include "tests/unit/temp_dir.h"

namespace aclk::external::test {
namespace test_log {
namespace {

const auto kNow = std::chrono::system_clock::from_time_t(1795226400) + std::chrono::milliseconds(123);

std::string line(LogStyle style, naclk_log_source source, naclk_log_level level, std::string_view text) {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  return format_log_line(style, source, level, kNow, text);
}

std::string log__of_1_37__has_the_agents_form() {
  EXPECT_EQ(line(LogStyle::classic, NACLK_LOG_DAEMON, NACLK_LOG_INFO, "hello"),
            "2026-11-21 02:00:00: aclk.plugin INFO  : MAIN : ACLK: hello\n");
  EXPECT_EQ(line(LogStyle::classic, NACLK_LOG_DAEMON, NACLK_LOG_ERROR, "ACLK: hello"),
            "2026-11-21 02:00:00: aclk.plugin ERROR : MAIN : ACLK: hello\n");
  EXPECT_EQ(line(LogStyle::classic, NACLK_LOG_ACCESS, NACLK_LOG_INFO, "ACLK CONNECTED"),
            "2026-11-21 02:00:00: ACLK CONNECTED\n");
  return {};
}

std::string log__of_2_x__is_logfmt() {
  EXPECT_EQ(line(LogStyle::logfmt, NACLK_LOG_DAEMON, NACLK_LOG_WARNING, "say \"hi\" to C:\\"),
            "time=2026-11-21T02:00:00.123+00:00 comm=aclk.plugin source=collector level=warning "
            "msg=\"ACLK: say \\\"hi\\\" to C:\\\\\"\n");
  return {};
}

std::string log__text_with_line_feeds__stays_one_line() {
  const auto l = line(LogStyle::classic, NACLK_LOG_DAEMON, NACLK_LOG_INFO, "a\nb\rc\x1b[31m");
  EXPECT_EQ(l.find('\n'), l.size() - 1);
  EXPECT(l.find('\x1b') == std::string::npos);
  EXPECT(line(LogStyle::classic, NACLK_LOG_DAEMON, NACLK_LOG_INFO, std::string(1'000'000, 'x')).size() < 9000);
  return {};
}

std::string log__access_lines__go_to_the_agents_file_and_follow_its_rotation() {
  const aclk::test::TempDir d;
  const Fd err(::open((d / "stderr").c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600));
  AgentLog log({LogStyle::classic, d.path(), false, err.get()});
  log.line(NACLK_LOG_ACCESS, NACLK_LOG_INFO, "ACLK one");
  EXPECT(read_file(d / "stderr")->find("ACLK one") != std::string::npos);
  EXPECT(!std::filesystem::exists(d / "access.log"));
  EXPECT(write_file_atomically(d / "access.log", "", 0600));
  log.line(NACLK_LOG_ACCESS, NACLK_LOG_INFO, "ACLK two");
  std::filesystem::rename(d / "access.log", d / "access.log.1");
  EXPECT(write_file_atomically(d / "access.log", "", 0600));
  log.line(NACLK_LOG_ACCESS, NACLK_LOG_INFO, "ACLK three");
  EXPECT(read_file(d / "access.log.1")->find("ACLK two\n") != std::string::npos);
  EXPECT(read_file(d / "access.log")->find("ACLK three\n") != std::string::npos);
  EXPECT(read_file(d / "access.log")->find("two") == std::string::npos);
  return {};
}

// The agent opens its own log anew; what its plugins have as stderr stays the file that was renamed.
std::string log__daemon_lines__follow_the_rotation_of_the_agents_log() {
  const aclk::test::TempDir d;
  const auto file = d / "error.log";
  const Fd err(::open(file.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600));
  AgentLog log({LogStyle::classic, d.path(), false, err.get()});
  log.info("one");
  std::filesystem::rename(file, d / "error.log.1");
  log.info("two");
  EXPECT(write_file_atomically(file, "", 0600));
  log.info("three");
  EXPECT_EQ(::write(err.get(), "of a library\n", 13), 13);
  EXPECT(read_file(d / "error.log.1")->find("two\n") != std::string::npos);
  EXPECT(read_file(d / "error.log.1")->find("three") == std::string::npos);
  EXPECT(read_file(file)->find("three\nof a library\n") != std::string::npos);
  EXPECT((::fcntl(err.get(), F_GETFD) & FD_CLOEXEC) == 0);  // a process that is started now has it as well
  return {};
}

std::string log__stderr_that_is_no_file_with_a_name__stays_what_it_is() {
  const aclk::test::TempDir d;
  const Fd err(::open((d / "gone").c_str(), O_CREAT | O_RDWR | O_APPEND, 0600));
  std::filesystem::remove(d / "gone");
  AgentLog log({LogStyle::classic, d.path(), false, err.get()});
  EXPECT(write_file_atomically(d / "gone", "", 0600));
  log.info("one");
  EXPECT_EQ(*read_file(d / "gone"), "");
  std::array<int, 2> pipe{};
  EXPECT_EQ(::pipe(pipe.data()), 0);
  const Fd in(pipe[0]), out(pipe[1]);
  AgentLog(AgentLog::Options{LogStyle::classic, d.path(), false, out.get()}).info("two");
  std::array<char, 200> got{};
  const auto n = ::read(in.get(), got.data(), got.size());
  EXPECT(n > 0 && std::string(got.data(), static_cast<std::size_t>(n)).ends_with("two\n"));
  return {};
}

std::string log__debug_lines__only_when_wanted() {
  const aclk::test::TempDir d;
  const Fd err(::open((d / "stderr").c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600));
  AgentLog quiet({LogStyle::classic, d.path(), false, err.get()});
  quiet.line(NACLK_LOG_DAEMON, NACLK_LOG_DEBUG, "one");
  AgentLog loud({LogStyle::classic, d.path(), true, err.get()});
  loud.line(NACLK_LOG_DAEMON, NACLK_LOG_DEBUG, "two");
  EXPECT(read_file(d / "stderr")->find("one") == std::string::npos);
  EXPECT(read_file(d / "stderr")->find("two") != std::string::npos);
  EXPECT(write_file_atomically(d / "debug.log", "", 0600));
  quiet.line(NACLK_LOG_TRACE, NACLK_LOG_DEBUG, "three");
  loud.line(NACLK_LOG_TRACE, NACLK_LOG_DEBUG, "four");
  EXPECT(read_file(d / "debug.log")->find("three") == std::string::npos);
  EXPECT(read_file(d / "debug.log")->find("four") != std::string::npos);
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(log__of_1_37__has_the_agents_form),
    ACLK_TEST(log__of_2_x__is_logfmt),
    ACLK_TEST(log__text_with_line_feeds__stays_one_line),
    ACLK_TEST(log__access_lines__go_to_the_agents_file_and_follow_its_rotation),
    ACLK_TEST(log__daemon_lines__follow_the_rotation_of_the_agents_log),
    ACLK_TEST(log__stderr_that_is_no_file_with_a_name__stays_what_it_is),
    ACLK_TEST(log__debug_lines__only_when_wanted),
};

}  // namespace
}  // namespace test_log

int log_tests() { return cmocka_run_group_tests_name("log and watch", test_log::tests, nullptr, nullptr); }

}  // namespace aclk::external::test
