"""What Conbench's own API tests demand of a server that they are redirected to: another process writes and
deletes straight in the database, links come from the Host header, commits are canned, bodies of errors are exact,
and nothing has to be waited for."""
import concurrent.futures
import datetime
import decimal
import gzip
import hashlib
import json
import pathlib
import uuid
from typing import Any, Dict, Iterator, List, Optional, Tuple

import psycopg
import pytest
from commits import CHILD, ELDER, GRANDPARENT, PARENT
from conftest import EMAIL, PASSWORD, Deployment, deploy
from payloads import MACHINE, submission
from product import Answer, Postgres, Server
from psycopg.types.json import Jsonb

TABLES = ("benchmark_result", "case", "context", "info", "hardware", "commit", "user")


class Session:
    """One who is logged in; `as_host` is what the Host header says."""

    def __init__(self, deployment: Deployment, email: str = EMAIL, password: str = PASSWORD):
        self.server = deployment.server
        self.login = self.server.ask("POST", "/api/login/", {"email": email, "password": password})
        cookies = self.login.headers.get_all("Set-Cookie") or []
        self._cookie = "; ".join(cookie.split(";")[0] for cookie in cookies)

    def ask(self, method: str, path: str, body: Any = None, as_host: Optional[str] = None) -> Answer:
        headers = {"Cookie": self._cookie, **({"Host": as_host} if as_host else {})}
        return self.server.ask(method, path, body, headers)


@pytest.fixture
def session(as_a_ci_job: Deployment) -> Session:
    session = Session(as_a_ci_job)
    assert session.login.status == 204
    return session


# The database below the server ------------------------------------------------------------------------------


class Neighbour:
    """Another process on the same database, as the fixtures of the upstream tests are. Each statement commits."""

    def __init__(self, conninfo: str):
        self.connection = psycopg.connect(conninfo, autocommit=True)

    def insert(self, table: str, **row: Any) -> str:
        row.setdefault("id", uuid.uuid4().hex)
        names = ", ".join(f'"{name}"' for name in row)
        values = [Jsonb(value) if isinstance(value, dict) else value for value in row.values()]
        places = ", ".join(["%s"] * len(row))
        self.connection.execute(f'insert into "{table}" ({names}) values ({places})', values)  # type: ignore[arg-type]
        return str(row["id"])

    def empty_all_tables(self) -> None:
        for table in TABLES:
            self.connection.execute(f'delete from "{table}"')  # type: ignore[arg-type]

    def insert_user(self, email: str, password: str) -> str:
        salt = "Y6sgPHBx3O5kXVbW"
        digest = hashlib.pbkdf2_hmac("sha256", password.encode(), salt.encode(), 260000).hex()
        return self.insert("user", email=email, name="A user", password=f"pbkdf2:sha256:260000${salt}${digest}")

    def insert_result(self, repository: str, sha: str, day: int, value: float, **row: Any) -> Tuple[str, str]:
        """A result with all its dimension rows, as the legacy server writes it: (its id, its fingerprint)."""
        case_id = self.get_or_insert("case", name="planted", tags={"size": "10"})
        context_id = self.get_or_insert("context", tags={"benchmark_language": "Python"})
        info_id = self.insert("info", tags={"compiler": "gcc"})
        hardware_id = self.hardware()
        commit_id = self.commit(repository, sha, day)
        text = f"{case_id}{context_id}bench-host-0-2-4-17179869184{repository}"
        fingerprint = hashlib.md5(text.encode()).hexdigest()
        fact: Dict[str, Any] = {
            "case_id": case_id, "context_id": context_id, "info_id": info_id, "hardware_id": hardware_id,
            "commit_id": commit_id, "run_id": uuid.uuid4().hex, "batch_id": uuid.uuid4().hex, "run_tags": {},
            "run_reason": "commit", "timestamp": datetime.datetime(2024, 8, day, 12), "unit": "s",
            "time_unit": "s", "iterations": 1, "mean": decimal.Decimal(str(value)),
            "data": [decimal.Decimal(str(value))], "times": [], "change_annotations": {},
            "validation": Jsonb(None), "optional_benchmark_info": Jsonb(None), "commit_repo_url": repository,
            "history_fingerprint": fingerprint, **row}
        return self.insert("benchmark_result", **fact), fingerprint

    def get_or_insert(self, table: str, **row: Any) -> str:
        wanted = " and ".join(f"{name} = %s" for name in row)
        values = [Jsonb(value) if isinstance(value, dict) else value for value in row.values()]
        found = self.connection.execute(
            f'select id from "{table}" where {wanted}', values).fetchone()  # type: ignore[arg-type]
        return found[0] if found else self.insert(table, **row)

    def hardware(self) -> str:
        found = self.connection.execute("select id from hardware where name = 'bench-host'").fetchone()
        return found[0] if found else self.insert(
            "hardware", type="machine", hash="bench-host-0-2-4-17179869184",
            **{name: int(value) if isinstance(value, str) and value.isdigit() and not name.startswith("os")
               else value for name, value in MACHINE.items()})

    def commit(self, repository: str, sha: str, day: int) -> str:
        found = self.connection.execute("select id from commit where sha = %s and repository = %s",
                                        [sha, repository]).fetchone()
        return found[0] if found else self.insert(
            "commit", sha=sha, repository=repository, message="a message", author_name="An author",
            timestamp=datetime.datetime(2024, 8, day), branch="org:main", fork_point_sha=sha)


@pytest.fixture
def neighbour(as_a_ci_job: Deployment) -> Iterator[Neighbour]:
    if not as_a_ci_job.conninfo:
        pytest.skip("SQLite's file belongs to the server alone")
    neighbour = Neighbour(as_a_ci_job.conninfo)
    yield neighbour
    neighbour.connection.close()


@pytest.fixture
def fresh_neighbour(as_a_fresh_ci_job: Deployment) -> Iterator[Neighbour]:
    if not as_a_fresh_ci_job.conninfo:
        pytest.skip("SQLite's file belongs to the server alone")
    neighbour = Neighbour(as_a_fresh_ci_job.conninfo)
    yield neighbour
    neighbour.connection.close()


def test_a_user_whom_another_process_inserted_may_log_in_at_once(
        as_a_ci_job: Deployment, neighbour: Neighbour, repository: str) -> None:
    email = f"{uuid.uuid4().hex}@example.com"
    assert Session(as_a_ci_job, email, "test").login.status == 400
    neighbour.insert_user(email, "test")
    session = Session(as_a_ci_job, email, "test")
    assert session.login.status == 204
    assert session.ask("POST", "/api/benchmark-results/", submission(repository)).status == 201


def test_a_user_whom_another_process_deleted_is_nobody_at_once(
        as_a_ci_job: Deployment, neighbour: Neighbour, repository: str) -> None:
    email = f"{uuid.uuid4().hex}@example.com"
    user_id = neighbour.insert_user(email, "test")
    session = Session(as_a_ci_job, email, "test")
    neighbour.connection.execute('delete from "user" where id = %s', [user_id])
    assert session.ask("POST", "/api/benchmark-results/", submission(repository)).status == 401
    assert Session(as_a_ci_job, email, "test").login.status == 400


def test_results_that_another_process_inserted_are_read_at_once(
        as_a_ci_job: Deployment, neighbour: Neighbour, session: Session, repository: str) -> None:
    planted = [neighbour.insert_result(repository, f"{day:040x}", day, 10 + day / 10) for day in range(1, 5)]
    ids, fingerprint = [id for id, _ in planted], planted[0][1]
    result = session.ask("GET", f"/api/benchmark-results/{ids[0]}/").json()
    assert (result["tags"], result["stats"]["mean"]) == ({"name": "planted", "size": "10"}, 10.1)
    assert (result["validation"], result["optional_benchmark_info"]) == (None, None), "jsonb null is null"
    history = session.ask("GET", f"/api/history/{ids[0]}/").json()["data"]
    assert [row["benchmark_result_id"] for row in history] == ids
    samples = session.ask("GET", f"/api/history?fingerprint={fingerprint}").json()["samples"]
    assert [row["benchmark_result_id"] for row in samples] == ids
    compared = session.ask("GET", f"/api/compare/benchmark-results/{ids[0]}...{ids[3]}/").json()
    assert compared["history_fingerprint"] == fingerprint
    assert compared["analysis"]["pairwise"]["percent_change"] == -2.97
    listed = session.ask("GET", f"/api/benchmark-results/?run_id={result['run_id']}").json()["data"]
    assert [row["id"] for row in listed] == ids[:1]
    run = session.ask("GET", f"/api/runs/{result['run_id']}/").json()
    assert run["commit"]["sha"] == f"{1:040x}"
    assert run["links"]["self"].endswith(f"/api/runs/{result['run_id']}/") if "links" in run else True


def test_the_servers_own_results_join_a_series_that_others_wrote(
        as_a_ci_job: Deployment, neighbour: Neighbour, session: Session, repository: str) -> None:
    _, fingerprint = neighbour.insert_result(repository, PARENT, 1, 10.0)
    posted = session.ask("POST", "/api/benchmark-results/", submission(
        repository, commit=PARENT, tags={"name": "planted", "size": 10},
        context={"benchmark_language": "Python"})).json()
    assert posted["history_fingerprint"] == fingerprint


def test_a_result_that_another_process_deleted_is_gone_at_once(
        as_a_ci_job: Deployment, neighbour: Neighbour, session: Session, repository: str) -> None:
    posted = session.ask("POST", "/api/benchmark-results/", submission(repository, commit=CHILD)).json()
    neighbour.connection.execute("delete from benchmark_result where id = %s", [posted["id"]])
    for path in (f"/api/benchmark-results/{posted['id']}/", f"/api/benchmark-results/{posted['id']}",
                 f"/api/history/{posted['id']}/", f"/api/runs/{posted['run_id']}/",
                 f"/api/compare/benchmark-results/{posted['id']}...{posted['id']}/"):
        assert session.ask("GET", path).status == 404, path
    assert session.ask("GET", f"/api/benchmark-results/?run_id={posted['run_id']}").json()["data"] == []


READS = ("/api/benchmark-results/", "/api/commits/", "/api/contexts/", "/api/info/", "/api/hardware/",
         "/api/benchmark-results", "/api/series", "/api/runs/recent?include_attention=true", "/api/ping/",
         f"/api/runs/?commit_hash={CHILD}", f"/api/history/{uuid.uuid4().hex}/", "/api/v1/facts")


def test_a_database_that_is_emptied_between_two_requests_is_an_empty_answer(
        as_a_fresh_ci_job: Deployment, fresh_neighbour: Neighbour, repository: str) -> None:
    """As every upstream test begins: submit, empty all seven tables, log in anew, submit again."""
    for turn in range(3):
        fresh_neighbour.empty_all_tables()
        fresh_neighbour.insert_user(EMAIL, PASSWORD)
        session = Session(as_a_fresh_ci_job)
        assert session.login.status == 204, turn
        for path in READS:
            assert session.ask("GET", path).status in (200, 404), (turn, path)
        assert session.ask("GET", "/api/benchmark-results/").json()["data"] == []
        for kind in ("commits", "contexts", "info", "hardware"):
            assert session.ask("GET", f"/api/{kind}/").json() == [], (turn, kind)
        posted = session.ask("POST", "/api/benchmark-results/", submission(repository, commit=CHILD))
        assert posted.status == 201, (turn, posted.body)
        result = posted.json()
        assert session.ask("GET", f"/api/benchmark-results/{result['id']}/").json() == result
        assert session.ask("GET", f"/api/history/{result['id']}/").json()["data"][0][
            "benchmark_result_id"] == result["id"]
        assert [run["id"] for run in session.ask(
            "GET", f"/api/runs/?commit_hash={CHILD}").json()["data"]] == [result["run_id"]]


# Links --------------------------------------------------------------------------------------------------------


def test_links_are_built_from_the_host_header(session: Session, repository: str) -> None:
    answer = session.ask("POST", "/api/benchmark-results/", submission(repository, commit=CHILD), "localhost")
    posted = answer.json()
    own = f"http://localhost/api/benchmarks/{posted['id']}/"
    assert answer.headers["Location"] == own
    links = posted["links"]
    assert links.pop("context").startswith("http://localhost/api/contexts/")
    assert links.pop("info").startswith("http://localhost/api/info/")
    assert links == {"list": "http://localhost/api/benchmarks/", "self": own,
                     "run": f"http://localhost/api/runs/{posted['run_id']}/"}
    for path in (f"/api/commits/{posted['commit']['id']}/", f"/api/hardware/{posted['hardware']['id']}/"):
        assert session.ask("GET", path, as_host="bench.example:8443").json()["links"]["self"] == \
            f"http://bench.example:8443{path}"


@pytest.mark.parametrize("host", ["evil\"><script>", "a b", "a/b", "a@b", "", "x" * 5000])
def test_a_host_header_that_is_none_does_not_get_into_a_link(session: Session, repository: str, host: str) -> None:
    answer = session.ask("POST", "/api/benchmark-results/", submission(repository), as_host=host or " ")
    assert answer.status in (201, 400)
    assert answer.headers.get_content_subtype() in ("json", "problem+json")
    for link in [answer.headers["Location"] or "", *(answer.json().get("links") or {}).values()]:
        assert "script" not in link and " " not in link and "x" * 300 not in link


def test_the_entrance_lists_where_everything_is(session: Session) -> None:
    answer = session.ask("GET", "/api/", as_host="localhost")
    links = answer.json()["links"]
    assert set(links) == {"benchmarks", "commits", "contexts", "docs", "hardware", "info", "login", "logout", "ping",
                          "register", "runs", "users"}
    assert links["benchmarks"] in ("http://localhost/api/benchmarks/", "http://localhost/api/benchmark-results/")
    assert session.server.ask("GET", "/api/").status == 401


# Commits ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sha", "parent", "date"), [
    (CHILD, PARENT, "2021-02-25T01:02:51"), (PARENT, GRANDPARENT, "2021-02-24T22:12:11"),
    (GRANDPARENT, ELDER, "2021-02-24T21:48:05"), (ELDER, None, "2021-02-24T20:27:21")])
def test_the_canned_commits(session: Session, repository: str, sha: str, parent: Optional[str], date: str) -> None:
    posted = session.ask("POST", "/api/benchmark-results/", submission(repository, commit=sha))
    commit = posted.json()["commit"]
    assert (commit["sha"], commit["timestamp"], commit["fork_point_sha"]) == (sha, date, sha)
    assert commit["url"] == f"{repository}/commit/{sha}"
    if parent:
        assert commit["parent_sha"] == parent


@pytest.mark.parametrize("sha", ["unknown commit", "testing repository with just org/repo"])
def test_a_commit_that_nobody_knows_is_kept_without_its_facts(session: Session, repository: str, sha: str) -> None:
    posted = session.ask("POST", "/api/benchmark-results/", submission(repository, commit=sha)).json()
    commit = posted["commit"]
    assert commit["sha"] == sha and commit["message"] == "" and commit["author_name"] == ""
    assert {commit[name] for name in ("branch", "fork_point_sha", "parent_sha", "timestamp", "author_login")} == {None}
    assert session.ask("GET", f"/api/history/{posted['id']}/").json()["data"] == []


def test_a_pull_request_s_branch_and_a_given_branch(session: Session, repository: str) -> None:
    def branch_of(**github: Any) -> Any:
        body = submission(repository, github={"repository": repository, "commit": CHILD, **github})
        return session.ask("POST", "/api/benchmark-results/", body).json()["commit"]["branch"]

    assert branch_of(pr_number=12345678) == "some_user_or_org:some_branch"


# Bodies of errors ---------------------------------------------------------------------------------------------


def schema(description: Any) -> Dict[str, Any]:
    return {"code": 400, "description": description, "name": "Bad Request"}


def business(text: str) -> Dict[str, Any]:
    return {"description": text}


MISSING, NULL, UNKNOWN = (["Missing data for required field."], ["Field may not be null."], ["Unknown field."])
REPOSITORY_PATTERN = "'repository' must be a URL, starting with 'https://github.com', got `org/repo`"


ERRORS = "https://github.com/org/errors"


def without(name: str, *inner: str) -> Dict[str, Any]:
    body = submission(ERRORS)
    part = body
    for step in (name, *inner)[:-1]:
        part[step] = dict(part[step])
        part = part[step]
    part.pop((name, *inner)[-1])
    return body


def given(**fields: Any) -> Dict[str, Any]:
    return submission(ERRORS, **fields)


REFUSED: List[Tuple[str, Any, Any]] = [
    *[(f"no {name}", without(name), schema({name: MISSING}))
      for name in ("run_id", "batch_id", "context", "github", "tags", "timestamp")],
    ("no data", without("stats", "data"), schema({"stats": {"data": MISSING}})),
    ("no unit", without("stats", "unit"), schema({"stats": {"unit": MISSING}})),
    ("no machine name", without("machine_info", "name"), schema({"machine_info": {"name": MISSING}})),
    ("no gpu_count", without("machine_info", "gpu_count"), schema({"machine_info": {"gpu_count": MISSING}})),
    ("no repository", given(github={}), schema({"github": {"repository": MISSING}})),
    ("a cluster's parts", {**without("machine_info"), "cluster_info": {"name": "c"}},
     schema({"cluster_info": {"info": MISSING, "optional_info": MISSING}})),
    ("null run_id", given(run_id=None), schema({"run_id": NULL})),
    ("blank run_id", given(run_id="  "), schema({"run_id": NULL})),
    ("null stats", given(stats=None), schema({"stats": NULL})),
    ("null error", given(error=None), schema({"error": NULL})),
    ("number as run_id", given(run_id=7), schema({"run_id": ["Not a valid string."]})),
    ("text as tags", given(tags="x"), schema({"tags": ["Not a valid mapping type."]})),
    ("text as time", given(timestamp="yesterday"), schema({"timestamp": ["Not a valid datetime."]})),
    ("date as time", given(timestamp="2024-08-01"), schema({"timestamp": ["Not a valid datetime."]})),
    ("number as time", given(timestamp=1722513600), schema({"timestamp": ["Not a valid datetime."]})),
    ("scalar as data", given(stats={"data": 1, "unit": "s"}), schema({"stats": {"data": ["Not a valid list."]}})),
    ("bad sample", given(stats={"data": ["x"], "unit": "s"}),
     schema({"stats": {"data": {"0": ["Not a valid number."]}}})),
    ("boolean sample", given(stats={"data": [1, True], "unit": "s"}),
     schema({"stats": {"data": {"1": ["Not a valid number."]}}})),
    ("NaN", given(stats={"data": ["NaN"], "unit": "s"}), schema({"stats": {"data": {
        "0": ["Special numeric values (nan or infinity) are not permitted."]}}})),
    ("bad count", given(machine_info={**MACHINE, "gpu_count": "many"}),
     schema({"machine_info": {"gpu_count": ["Not a valid integer."]}})),
    ("unknown key", given(nonsense=1), schema({"nonsense": UNKNOWN})),
    ("unknown inner key", given(stats={"data": [1], "unit": "s", "nonsense": 1}),
     schema({"stats": {"nonsense": UNKNOWN}})),
    ("all at once", {**without("run_id"), "nonsense": 1}, schema({"run_id": MISSING, "nonsense": UNKNOWN})),
    ("no hardware", without("machine_info"),
     schema({"_schema": ["Either machine_info or cluster_info field is required"]})),
    ("both hardware", given(cluster_info={"name": "c", "info": {}, "optional_info": {}}),
     schema({"_schema": ["machine_info and cluster_info fields can not be used at the same time"]})),
    ("no outcome", without("stats"), schema({"_schema": ["Either stats or error field is required"]})),
    ("empty key of run_tags", given(run_tags={"": "x"}),
     schema({"_schema": ["run_tags keys must be non-empty strings"]})),
    ("number in run_tags", given(run_tags={"x": 1}), schema({"_schema": ["run_tags values must be strings"]})),
    ("repository", given(github={"repository": "org/repo"}), schema({"github": {"_schema": [REPOSITORY_PATTERN]}})),
    ("empty commit", given(github={"repository": ERRORS, "commit": ""}),
     schema({"github": {"_schema": ["'commit' must be a non-empty string"]}})),
    ("unit", given(stats={"data": [1], "unit": "kg"}),
     business("invalid unit string `kg`, pick one of: B, B/s, s, ns, i/s")),
    ("no name", given(tags={"size": 1}), business(
        "`name` property must be present in `tags` (the name of the conceptual benchmark)")),
    ("empty key of tags", given(tags={"name": "x", "": 1}), business(
        "tags: zero-length string as key is not allowed")),
]


@pytest.mark.parametrize(("body", "wanted"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_is_refused_is_refused_in_the_same_words(session: Session, body: Any, wanted: Any) -> None:
    answer = session.ask("POST", "/api/benchmark-results/", body)
    assert (answer.status, answer.json()) == (400, wanted)
    assert answer.headers.get_content_type() == "application/json"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b"null", b"\xff\xfe", b'"text"', b"[[[[" * 2000])
def test_a_body_that_is_no_object_is_a_400_and_never_a_5xx(session: Session, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = session.server.ask("POST", "/api/benchmark-results/", body, {**headers, "Cookie": session._cookie})
    assert answer.status == 400 and answer.json()["description"]


def test_an_update_of_nothing_is_named(session: Session, repository: str) -> None:
    posted = session.ask("POST", "/api/benchmark-results/", submission(repository)).json()
    answer = session.ask("PUT", f"/api/benchmark-results/{posted['id']}/", {})
    assert (answer.status, answer.json()) == (400, schema({"_errors": ["Empty request body."]}))
    answer = session.ask("PUT", f"/api/benchmark-results/{posted['id']}/", {"run_id": "other"})
    assert (answer.status, answer.json()) == (400, schema({"run_id": UNKNOWN}))


def test_page_sizes(session: Session) -> None:
    wanted = schema({"_errors": ["page_size must be a positive integer no greater than 1000"]})
    for size in ("0", "1001", "-1", "x", "1.5"):
        answer = session.ask("GET", f"/api/benchmark-results/?page_size={size}")
        assert (answer.status, answer.json()) == (400, wanted), size


def test_errors_of_the_framework(session: Session) -> None:
    for path in ("/api/benchmark-results/nothing/", "/api/runs/nothing/", "/api/history/nothing/",
                 "/api/commits/nothing/", "/api/contexts/nothing/", "/api/info/nothing/", "/api/hardware/nothing/"):
        answer = session.ask("GET", path)
        assert (answer.status, answer.json()["code"], answer.json()["name"]) == (404, 404, "Not Found"), path
    answer = session.server.ask("POST", "/api/benchmark-results/", {})
    assert (answer.status, answer.json()["code"], answer.json()["name"]) == (401, 401, "Unauthorized")
    answer = session.ask("PATCH", "/api/benchmark-results/", {})
    assert answer.status == 405 and "POST" in answer.headers["Allow"]
    for path, description in (("a", "last URL path segment must be of pattern <id>...<id>"),
                              ("...b", "empty baseline ID"), ("a...", "empty contender ID"),
                              ("a...b", "no benchmark result found with ID: 'a'")):
        answer = session.ask("GET", f"/api/compare/benchmark-results/{path}/")
        assert answer.status == 404 and answer.json()["description"] == description, path
    answer = session.ask("GET", "/api/compare/runs/a...b/")
    assert answer.status == 404 and answer.json()["description"] == "no benchmark results found for run ID: 'a'"


# Read-your-writes ---------------------------------------------------------------------------------------------


def test_every_write_is_read_at_once_without_a_pause(session: Session, repository: str) -> None:
    for n in range(5):
        posted = session.ask("POST", "/api/benchmark-results/", submission(repository, commit=CHILD)).json()
        path = f"/api/benchmark-results/{posted['id']}/"
        assert session.ask("GET", path).json() == posted
        assert len(session.ask("GET", f"/api/history/{posted['id']}/").json()["data"]) == n + 1
        changed = session.ask("PUT", path, {"change_annotations": {"begins_distribution_change": True, "x": n}})
        assert changed.status == 200
        assert session.ask("GET", path).json()["change_annotations"] == {"begins_distribution_change": True, "x": n}
        session.ask("PUT", path, {"change_annotations": {"x": None}})
        assert session.ask("GET", path).json()["change_annotations"] == {"begins_distribution_change": True}
    last = session.ask("GET", f"/api/benchmark-results/?run_id={posted['run_id']}").json()["data"][0]["id"]
    assert session.ask("DELETE", f"/api/benchmark-results/{last}/").status == 204
    assert session.ask("GET", f"/api/benchmark-results/{last}/").status == 404
    assert session.ask("GET", f"/api/benchmark-results/?run_id={posted['run_id']}").json() == {
        "data": [], "metadata": {"next_page_cursor": None}}


def test_log_out_ends_the_session(as_a_ci_job: Deployment, repository: str) -> None:
    session = Session(as_a_ci_job)
    assert session.ask("GET", "/api/users/").status == 200
    assert session.ask("GET", "/api/logout/").status == 204
    assert session.ask("POST", "/api/benchmark-results/", submission(repository)).status == 401


def test_both_cookies_are_set_and_not_for_scripts(session: Session) -> None:
    cookies = session.login.headers.get_all("Set-Cookie") or []
    assert "session" in {cookie.split("=")[0] for cookie in cookies} or \
        "conbench_session" in {cookie.split("=")[0] for cookie in cookies}
    assert cookies and all("HttpOnly" in cookie and "Path=/" in cookie for cookie in cookies)
    assert json.dumps(cookies).count(PASSWORD) == 0


# Deployments with other settings ------------------------------------------------------------------------------


@pytest.fixture(params=["BENCHLAKE_ACCESS_PUBLIC_READS=false", "BENCHMARKS_DATA_PUBLIC=off"])
def private(request: pytest.FixtureRequest, store: str, tmp_path: pathlib.Path) -> Deployment:
    """In the words of our settings, and of an old deployment's."""
    name, value = request.param.split("=")
    return deploy(store, tmp_path, request, **{name: value})


def test_a_private_deployment_shows_its_data_to_who_is_logged_in(private: Deployment, repository: str) -> None:
    session = Session(private)
    posted = session.ask("POST", "/api/benchmark-results/", submission(repository, commit=CHILD)).json()
    id, pair = posted["id"], f"{posted['id']}...{posted['id']}"
    for path in ("/api/benchmark-results/", f"/api/benchmark-results/{id}/", f"/api/benchmarks/{id}/",
                 f"/api/history/{id}/", f"/api/history/download/{id}/", f"/api/compare/benchmark-results/{pair}/",
                 f"/api/compare/runs/{posted['run_id']}...{posted['run_id']}/", f"/api/runs/{posted['run_id']}/",
                 f"/api/runs/?commit_hash={CHILD}", "/api/commits/", f"/api/commits/{posted['commit']['id']}/",
                 "/api/contexts/", "/api/info/", "/api/hardware/", f"/api/hardware/{posted['hardware']['id']}/",
                 "/api/users/", "/api/"):
        refused = session.server.ask("GET", path)
        assert (refused.status, refused.json()["name"]) == (401, "Unauthorized"), path
        assert session.ask("GET", path).status == 200, path
    for path in (f"/api/benchmark-results/{id}", "/api/series", "/api/runs/recent", f"/api/ci/report?run_ids={id}"):
        assert session.server.ask("GET", path).status == 401, path
    assert session.server.ask("GET", "/api/ping/").status == 200


def test_the_test_aids_are_there_when_they_are_asked_for(
        request: pytest.FixtureRequest, store: str, tmp_path: pathlib.Path, repository: str) -> None:
    """FLASK_ENV=development is how an old deployment asks."""
    deployment = deploy(store, tmp_path, request, FLASK_ENV="development")
    session = Session(deployment)
    posted = session.ask("POST", "/api/benchmark-results/", submission(repository, commit=CHILD)).json()
    assert session.ask("GET", "/api/raise-httperr").status >= 400
    assert session.ask("GET", "/api/wipe-db").status < 300
    assert session.ask("GET", f"/api/benchmark-results/{posted['id']}/").status == 404
    assert Session(deployment).login.status == 204, "the results are wiped, users are not"


def test_the_test_aids_are_not_there_otherwise(as_a_ci_job: Deployment, session: Session) -> None:
    for path in ("/api/wipe-db", "/api/raise-httperr", "/api/raise-unexpected"):
        assert session.ask("GET", path).status == 404, path


def test_a_containers_settings_carry_over_as_they_are(
        postgres: Postgres, request: pytest.FixtureRequest, tmp_path: pathlib.Path, repository: str) -> None:
    """The environment of the legacy server's container, and nothing else."""
    database = postgres.create_database()
    server = Server(tmp_path, environment={
        "DB_HOST": "127.0.0.1", "DB_PORT": str(postgres.port), "DB_NAME": database, "DB_USERNAME": "postgres",
        "DB_PASSWORD": "anything", "REGISTRATION_KEY": "conbench", "SECRET_KEY": "a secret of this deployment",
        "CONBENCH_INTENDED_BASE_URL": "http://conbench.example", "BENCHMARKS_DATA_PUBLIC": "on", "SVS_TYPE": "best",
        "DISTRIBUTION_COMMITS": "100", "APPLICATION_NAME": "Conbench", "CREATE_ALL_TABLES": "false"})
    request.addfinalizer(server.stop)
    registered = server.ask("POST", "/api/register/", {
        "email": EMAIL, "password": PASSWORD, "name": "A user", "secret": "conbench"})
    assert registered.status == 201, registered.body
    session = Session(Deployment(server, "postgres", postgres.conninfo(database)))
    posted = session.ask("POST", "/api/benchmark-results/", submission(repository))
    assert posted.status == 201
    with psycopg.connect(postgres.conninfo(database)) as connection:
        stored = connection.execute("select id, run_id from benchmark_result").fetchall()
        hashed = connection.execute('select password from "user"').fetchall()
    assert stored == [(posted.json()["id"], posted.json()["run_id"])]
    assert hashed[0][0].startswith("pbkdf2:sha256:"), "the legacy server could read it"
    assert PASSWORD not in server.log() and "a secret of this deployment" not in server.log()


# Manners of the wire ------------------------------------------------------------------------------------------


def test_large_answers_are_compressed_for_who_takes_it(session: Session, repository: str) -> None:
    posted = session.ask("POST", "/api/benchmark-results/", submission(repository, commit=CHILD)).json()
    path = f"/api/benchmark-results/{posted['id']}/"
    plain = session.server.ask("GET", path)
    packed = session.server.ask("GET", path, headers={"Accept-Encoding": "gzip, deflate"})
    assert plain.headers["Content-Encoding"] is None and packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body and len(plain.body) >= 500
    assert "Accept-Encoding" in (packed.headers["Vary"] or "")
    small = session.server.ask("GET", "/api/ping/", headers={"Accept-Encoding": "gzip"})
    assert small.headers["Content-Encoding"] is None


def test_comparisons_in_parallel_are_all_answered(session: Session, repository: str) -> None:
    """The legacy server answered all but one of them 429."""
    run_id = uuid.uuid4().hex
    for n in range(5):
        session.ask("POST", "/api/benchmark-results/", submission(
            repository, commit=CHILD, run_id=run_id, tags={"name": "parallel", "n": n}))
    path = f"/api/compare/runs/{run_id}...{run_id}/?page_size=500"
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: session.ask("GET", path), range(64)))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body for answer in answers}) == 1 and len(answers[0].json()["data"]) == 5


def test_objects_are_compact_and_sorted_and_lists_are_indented(session: Session, repository: str) -> None:
    posted = session.ask("POST", "/api/benchmark-results/", submission(repository, commit=CHILD))
    assert posted.body.rstrip(b"\n") == json.dumps(posted.json(), separators=(",", ":"), sort_keys=True).encode()
    listed = session.ask("GET", f"/api/benchmark-results/?run_id={posted.json()['run_id']}").body
    assert listed.startswith(b'{\n  "data": [\n    {\n      "id": ')


@pytest.mark.parametrize("agent", ["Mozilla/5.0 (compatible; DotBot/1.2)", "PetalBot", "DataForSeoBot"])
def test_crawlers_are_sent_away(session: Session, agent: str) -> None:
    answer = session.server.ask("GET", "/api/benchmark-results/", headers={"User-Agent": agent})
    assert answer.status == 403
    assert b"Disallow: /" in session.server.ask("GET", "/robots.txt").body
