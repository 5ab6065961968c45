// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

#include "aclk/sync/store.h"
#include "claim/base/files.h"
#include "tests/unit/cmocka_main.h"
#include "tests/unit/sync/tests.h"

using namespace aclk;
using namespace aclk::sync;
namespace fs = std::filesystem;

namespace {

struct Dir {
  fs::path path;
  Dir() {
    char d[] = "/tmp/aclk-unit-XXXXXX";
    path = ::mkdtemp(d);
  }
  Dir(const Dir &) = delete;
  Dir &operator=(const Dir &) = delete;
  ~Dir() { fs::remove_all(path); }
};

std::string store__opened_again__remembers_by_claim() {
  const Dir d;
  {
    auto s = Store::open(d.path / "aclk.db");
    EXPECT(s);
    EXPECT(s->put_node("claim-a", {"g1", "n1", "host", 0}));
    EXPECT(s->put_node("claim-a", {"g1", "n2", "host", 1}));
    EXPECT(s->put_node("claim-b", {"g1", "n3", "host", 0}));
  }
  auto s = Store::open(d.path / "aclk.db");
  EXPECT(s);
  const auto nodes = s->nodes("claim-a");
  EXPECT(nodes && nodes->size() == 1);
  EXPECT_EQ(nodes->at(0).node_id, "n2");
  EXPECT_EQ(nodes->at(0).hops, 1);
  EXPECT(s->keep_only("claim-b"));
  EXPECT(s->nodes("claim-a")->empty());
  EXPECT_EQ(s->nodes("claim-b")->size(), 1U);
  struct stat st {};
  EXPECT_EQ(::stat((d.path / "aclk.db").c_str(), &st), 0);
  EXPECT_EQ(st.st_mode & 0777U, 0600U);
  return {};
}

std::string store__damaged_file__is_set_aside_with_a_note() {
  const Dir d;
  const auto file = d.path / "aclk.db";
  EXPECT(write_file_atomically(file, std::string(8192, 'x'), 0600));
  std::string note;
  auto s = Store::open(file, &note);
  EXPECT(s);
  EXPECT(note.find("aclk.db.damaged") != std::string::npos);
  EXPECT(fs::exists(d.path / "aclk.db.damaged"));
  EXPECT(s->put_node("c", {"g", "n", "h", 0}));
  EXPECT_EQ(s->nodes("c")->size(), 1U);
  return {};
}

std::string store__impossible_place__is_an_error_with_the_file_named() {
  const auto s = Store::open("/nonexistent/aclk.db");
  EXPECT(!s);
  EXPECT(s.error().what.find("/nonexistent/aclk.db") != std::string::npos);
  return {};
}

const CMUnitTest tests[] = {
    ACLK_TEST(store__opened_again__remembers_by_claim),
    ACLK_TEST(store__damaged_file__is_set_aside_with_a_note),
    ACLK_TEST(store__impossible_place__is_an_error_with_the_file_named),
};

}  // namespace

int run_store_tests() { return cmocka_run_group_tests_name("store", tests, nullptr, nullptr); }
