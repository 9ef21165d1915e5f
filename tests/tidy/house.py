"""The house as data: folders, arrows, who may include which third party. See docs/architecture.md."""
import re
from typing import NamedTuple, Tuple

CPP_SUFFIXES = (".h", ".cc")
LENGTH_LIMITED_SUFFIXES = (".h", ".cc", ".py", ".ts", ".mjs", ".svelte", ".sh", ".css")

# Folders below src/FOLDER that only tests (of any folder) may include.
OPEN_TO_TESTS = ("tests", "testing")

DOMAINS = ("access", "results", "inference", "traces", "events", "gate", "bigquery", "advice", "ops")
_BELOW_A_DOMAIN = ("engine", "store", "net", "formats", "verdict")

# A folder may include where its arrows lead, directly or on their way.
ARROWS = {
    "base": (),
    "net": ("base",),
    "store": ("base",),
    "formats": ("base",),
    "verdict": ("base",),
    "objects": ("net",),
    "columns": ("base",),
    "duck": ("columns",),
    "lake": ("duck", "objects"),
    "engine": ("lake",),
    **{domain: _BELOW_A_DOMAIN for domain in DOMAINS},
    "app": DOMAINS,
}


class ThirdParty(NamedTuple):
    name: str
    header: re.Pattern
    homes: Tuple[str, ...] = ()  # folders of src/ that may include it
    anywhere: bool = False
    only_tests: bool = False
    behind_cc: bool = True  # never in a header that other folders include


def _party(name: str, header: str, *homes: str, **more) -> ThirdParty:
    return ThirdParty(name, re.compile(header), homes, **more)


THIRD_PARTIES = (
    _party("SQLite", r"sqlite3\.h$", "store/sqlite"),
    _party("libpq", r"libpq", "store/postgres"),
    _party("DuckDB", r"duckdb", "duck"),
    _party("Arrow", r"arrow/", "columns"),
    _party("Boost", r"boost/(?!multiprecision/)", "net"),
    _party("Boost.Multiprecision", r"boost/multiprecision/", "duck"),
    _party("gRPC", r"^grpc(pp)?/", "net", "traces", "events", "bigquery", "engine"),
    _party("curl", r"curl/", "net"),
    _party("OpenSSL", r"openssl/", "base", "net", "access"),
    _party("simdjson", r"simdjson", "base"),
    _party("RE2", r"re2/", "traces"),
    _party("toml++", r"toml\+\+/", "base"),
    _party("CLI11", r"CLI/", "base"),
    _party("prometheus-cpp", r"prometheus/", "base"),
    _party("zlib", r"zlib\.h$", "base"),
    _party("libzip", r"^zip\.h$", "inference"),
    _party("zstd", r"zstd", "base"),
    _party("xxHash", r"xxhash\.h$", "base"),
    _party("libsodium", r"sodium", "base", "access"),
    _party("cjose", r"cjose/", "access"),
    _party("fmt", r"fmt/", anywhere=True, behind_cc=False),
    _party("GoogleTest", r"g(test|mock)/", only_tests=True),
    _party("RapidCheck", r"rapidcheck", only_tests=True),
    _party("Google Benchmark", r"benchmark/", only_tests=True),
)

# The C++ library (no suffix) and the system's C headers.
STANDARD_HEADER = re.compile(
    r"[a-z_0-9]+|(sys|netinet|arpa|net|linux)/[a-z_0-9]+\.h|"
    r"(unistd|fcntl|dirent|errno|signal|pthread|poll|netdb|grp|termios|sched|time|pwd|stdint|string|stdlib|stdio|"
    r"limits|locale|spawn|glob|dlfcn|ucontext|execinfo)\.h")
