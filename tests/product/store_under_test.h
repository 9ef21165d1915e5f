#pragma once

#include <string>
#include <vector>

/// The store that the tests of the whole product run on: each data folder's own SQLite file, or,
/// with BL_TEST_STORE=postgres, a database of its own on a real PostgreSQL
/// (store/testing/postgres_server.h). The program learns of it by its environment, as an operator
/// would tell it; what a test says with --store goes before.
namespace bl::product {

bool on_postgres();

/// URI of the store of a data folder, always the same for the same folder; "" when it is the
/// folder's own file. Any thread.
std::string store_of(const std::string& data_folder);

/// The environment for `benchlake` called so: ours, and the store of the folder in `--data`.
std::vector<std::string> environment_for(const std::vector<std::string>& arguments);

}  // namespace bl::product

/// For a test about the SQLite file itself: says so, and ends the test.
#define BL_SKIP_ON_POSTGRES(why) \
  if (::bl::product::on_postgres()) GTEST_SKIP() << "on SQLite only: " << (why)
