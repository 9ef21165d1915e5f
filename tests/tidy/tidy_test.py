#!/usr/bin/env python3
"""A planted violation of each rule must be found; a clean small house must pass."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import tidy  # noqa: E402

CLEAN = {
    "docs/architecture.md": "| `base/` | words |\n| `net/` | wire |\n| `results/` | results |\n| `store/` | truth |\n",
    "docs/metrics.md": "| name | help |\n|---|---|\n| `bl_http_requests_total` | counter | answered |\n",
    "docs/configuration.md": "| `http.port` | `80` | port |\n",
    "docs/commands.md": "| `token create` | makes one |\n",
    "src/base/result.h": "#pragma once\n#include <string>\nnamespace bl {\nclass Error {};\n}\n",
    "src/base/json_parse.cc": '#include <simdjson.h>\n#include "base/result.h"\nnamespace bl {\n}\n',
    "src/net/server.h": '#pragma once\n#include "base/result.h"\nnamespace bl::net {\n}\n',
    "src/net/server.cc": '#include <boost/asio.hpp>\n#include <sys/socket.h>\nnamespace bl::net {\n'
                         'auto a = metrics.counter(\n    "bl_http_requests_total", "answered");\n'
                         'ConfigKey b{"http.port", ConfigType::integer, "80"};\n}\n',
    "src/results/commands.cc": '#include "net/server.h"\nnamespace bl::results {\n'
                               'Command c{.path = "token create"};\n}\n',
    "src/store/sqlite/driver.cc": '#include <sqlite3.h>\nnamespace bl::store {\n}\n',
    "src/store/tests/store_test.cc": '#include <gtest/gtest.h>\n#include "base/testing/memory_disk.h"\n'
                                     'namespace bl::store {\n}\n',
    **{f"src/{folder}/{room}": "" for folder in ("base", "net", "results", "store")
       for room in ("README.md", "CMakeLists.txt")},
}


def found(changes: dict) -> list:
    files = {**CLEAN, **changes}
    return [str(v) for v in tidy.check(tidy.Tree({p: t for p, t in files.items() if t is not None}))]


class Tidy(unittest.TestCase):
    def planted(self, changes: dict, *expected: str) -> None:
        """Exactly one violation, and it says all of `expected`."""
        violations = found(changes)
        self.assertEqual(len(violations), 1, violations)
        for words in expected:
            self.assertIn(words, violations[0])

    def test_a_clean_house_passes(self):
        self.assertEqual(found({}), [])

    def test_a_lower_folder_may_not_include_a_higher_one(self):
        self.planted({"src/base/up.cc": '#include "net/server.h"\nnamespace bl {\n}\n'},
                     "src/base/up.cc:1: arrows", "base may not include net")

    def test_siblings_below_the_domains_do_not_know_each_other(self):
        self.planted({"src/store/wire.cc": '#include "net/server.h"\nnamespace bl::store {\n}\n'},
                     "store may not include net")

    def test_a_domain_may_not_include_another(self):
        self.planted({"src/results/x.cc": '#include "access/tokens.h"\nnamespace bl::results {\n}\n'},
                     "results may not include access", "port")

    def test_arrows_are_transitive(self):
        self.assertIn("base", tidy.reach("app"))
        self.assertIn("duck", tidy.reach("results"))
        self.assertNotIn("results", tidy.reach("access"))

    def test_a_subfolder_is_private(self):
        self.planted({"src/results/x.cc": '#include "store/sqlite/driver.h"\nnamespace bl::results {\n}\n'},
                     "private to store")

    def test_test_doubles_are_for_tests(self):
        self.planted({"src/store/x.cc": '#include "base/testing/memory_disk.h"\nnamespace bl::store {\n}\n'},
                     "private to base")

    def test_includes_are_relative_to_src(self):
        self.planted({"src/net/x.cc": '#include "server.h"\nnamespace bl::net {\n}\n'}, "relative to src/")

    def test_a_third_party_stays_in_its_folder(self):
        self.planted({"src/results/x.cc": "#include <sqlite3.h>\nnamespace bl::results {\n}\n"},
                     "SQLite stays in store/sqlite")
        self.planted({"src/store/x.cc": "#include <sqlite3.h>\nnamespace bl::store {\n}\n"},
                     "SQLite stays in store/sqlite")
        self.planted({"src/results/x.cc": "#include <boost/asio.hpp>\nnamespace bl::results {\n}\n"},
                     "Boost stays in net")

    def test_an_unknown_third_party_is_refused(self):
        self.planted({"src/net/x.cc": "#include <spdlog/spdlog.h>\nnamespace bl::net {\n}\n"}, "not among")

    def test_test_libraries_stay_in_tests(self):
        self.planted({"src/net/x.cc": "#include <gtest/gtest.h>\nnamespace bl::net {\n}\n"}, "is for tests")

    def test_a_public_header_hides_its_third_party(self):
        self.planted({"src/net/server.h": '#pragma once\n#include <boost/asio.hpp>\nnamespace bl::net {\n}\n'},
                     "stays behind .cc files")

    def test_lengths_are_bounded(self):
        self.planted({"src/base/long.cc": "namespace bl {\n}\n" + "//\n" * 699}, "701 lines")
        self.planted({"src/base/wide.cc": "namespace bl {\n}\n//" + "x" * 99 + "\n"}, "101 columns")
        body = "namespace bl {\nint f(int a) {\n" + "  a++;\n" * 90 + "}\n}\n"
        self.planted({"src/base/deep.cc": body}, "a function of 91 lines")

    def test_each_folder_has_its_rooms_and_its_place_in_the_map(self):
        self.planted({"src/net/README.md": None}, "src/net:1: rooms: no README.md")
        self.planted({"src/net/CMakeLists.txt": None}, "no CMakeLists.txt")
        self.planted({"docs/architecture.md": CLEAN["docs/architecture.md"].replace("`net/`", "net")},
                     "the map does not name `net/`")

    def test_a_folder_that_the_house_does_not_have_is_refused(self):
        violations = found({"src/utils/x.cc": "int a;\n"})
        self.assertTrue(any("the house has no folder src/utils" in v for v in violations), violations)

    def test_words_of_unfinished_work_are_refused(self):
        for word in ("TO" + "DO: later", "FIX" + "ME", "just for" + " now", "not " + "implemented", "XX" + "X"):
            self.planted({"src/base/README.md": f"text\n{word}\n"}, "src/base/README.md:2: unfinished")
        self.assertEqual(found({"src/base/README.md": "mastodon, hacksaw, todo list\n"}), [])

    def test_paths_of_a_machine_and_addresses_of_registries_are_refused(self):
        self.planted({"docs/a.md": "see /wo" + "rk/x\n"}, "machine path")
        self.planted({"docs/a.md": "see /ho" + "me/alice\n"}, "machine path")
        self.planted({"web/package-lock.json": '"https://registry.' + 'npmjs.org/a"\n'}, "registry")

    def test_the_namespace_is_the_folder(self):
        self.planted({"src/net/x.cc": "namespace bl::store {\n}\n"}, "is bl::store, the folder's is bl::net")
        self.planted({"src/net/x.h": "#pragma once\nint a;\n"}, "a header without namespace")
        self.planted({"src/net/x.h": "namespace bl::net {\n}\n"}, "no #pragma once")

    def test_names_that_say_nothing_are_refused(self):
        self.planted({"src/net/x.cc": "namespace bl::net {\nclass SocketManager {};\n}\n"}, "SocketManager")
        self.planted({"src/net/utils.cc": "namespace bl::net {\n}\n"}, "utils.cc")

    def test_metrics_settings_and_commands_are_documented(self):
        self.planted({"docs/metrics.md": ""}, "src/net/server.cc:4: docs", "bl_http_requests_total")
        self.planted({"docs/configuration.md": ""}, "http.port")
        self.planted({"docs/commands.md": ""}, "token create")

    def test_what_the_docs_list_exists(self):
        self.planted({"docs/metrics.md": CLEAN["docs/metrics.md"] + "| `bl_gone_total` | x |\n"},
                     "docs/metrics.md:4", "bl_gone_total")

    def test_the_docs_say_a_metrics_type_and_a_settings_default_as_they_are(self):
        self.planted({"docs/metrics.md": CLEAN["docs/metrics.md"].replace("counter", "gauge")},
                     "docs/metrics.md:3", "the sources say counter, the page says gauge")
        self.planted({"docs/configuration.md": "| `http.port` | `81` | port |\n"},
                     "docs/configuration.md:1", "the sources say 80, the page says `81`")

    def test_links_lead_somewhere(self):
        self.planted({"docs/a.md": "[x](gone.md)\n"}, "gone.md")
        self.assertEqual(found({"docs/a.md": "[x](metrics.md#top) [y](../src/net) [z](https://example.org)\n"}), [])


if __name__ == "__main__":
    unittest.main(verbosity=1)
