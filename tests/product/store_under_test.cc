#include "product/store_under_test.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string_view>

#include "store/testing/postgres_server.h"

namespace bl::product {

bool on_postgres() {
  const char* store = std::getenv("BL_TEST_STORE");
  return store != nullptr && std::string_view(store) == "postgres";
}

std::string store_of(const std::string& data_folder) {
  static std::mutex mutex;
  static std::map<std::string, std::string> databases;  // guarded by mutex
  if (!on_postgres()) return "";
  auto& server = store::testing::PostgresServer::shared();
  const std::lock_guard lock(mutex);
  std::string& database = databases[data_folder];
  if (database.empty()) database = server.create_database();
  return server.uri(database);
}

std::vector<std::string> environment_for(const std::vector<std::string>& arguments) {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable)
    variables.emplace_back(*variable);
  const auto data = std::find(arguments.begin(), arguments.end(), "--data");
  if (data == arguments.end() || data + 1 == arguments.end()) return variables;
  const std::string store = store_of(data[1]);
  if (!store.empty()) variables.push_back("BENCHLAKE_SERVER_STORE=" + store);
  return variables;
}

}  // namespace bl::product
