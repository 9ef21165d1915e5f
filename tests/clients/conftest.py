"""Each test of this folder runs on both stores: a server of the built program over SQLite, and one over a
database of a real PostgreSQL."""
import importlib.util
import pathlib
import uuid
from typing import Iterator, NamedTuple, Optional

import pytest
from product import Postgres, Server

EMAIL = "bench@example.com"
PASSWORD = "a pass phrase of a CI job"
REGISTRATION_KEY = "the key of this deployment"
SETTINGS = {
    "BENCHLAKE_ACCESS_REGISTRATION_KEY": REGISTRATION_KEY,
    "BENCHLAKE_COMMITS_SOURCE": "canned",
    "BENCHLAKE_LOG_LEVEL": "debug",
}


class Deployment(NamedTuple):
    """A server with one user, who registered as users of Conbench do."""
    server: Server
    store: str
    conninfo: Optional[str]  # of the database, when it is one of PostgreSQL

    @property
    def url(self) -> str:
        return self.server.url


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    # A socket's path has at most 107 characters: not below pytest's deep folders.
    cluster = Postgres(short_folder(tmp_path_factory))
    yield cluster
    cluster.stop()


def short_folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.getbasetemp() / "pg"
    folder.mkdir()
    assert len(str(folder)) < 90, "a socket's path would be too long; set TMPDIR to a shorter folder"
    return folder


def deploy(store: str, folder: pathlib.Path, request: pytest.FixtureRequest, **settings: str) -> Deployment:
    uri, conninfo = "", None
    if store == "postgres":
        cluster: Postgres = request.getfixturevalue("postgres")
        database = cluster.create_database()
        uri, conninfo = cluster.uri(database), cluster.conninfo(database)
    server = Server(folder, uri, {**SETTINGS, **settings})
    request.addfinalizer(server.stop)
    registered = server.ask("POST", "/api/register/", {
        "email": EMAIL, "password": PASSWORD, "name": "A CI job", "secret": REGISTRATION_KEY})
    assert registered.status == 201, registered
    return Deployment(server, store, conninfo)


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="session")
def deployment(store: str, request: pytest.FixtureRequest,
               tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """Shared by many tests; each keeps to a repository of its own."""
    return deploy(store, tmp_path_factory.mktemp(store), request)


@pytest.fixture
def fresh_deployment(store: str, request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Deployment:
    """An empty store of the test's own."""
    return deploy(store, tmp_path, request)


@pytest.fixture
def repository() -> str:
    return f"https://github.com/org/{uuid.uuid4().hex}"


def set_clients_environment(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a CI job sets for Conbench's clients, and nothing that this machine has set."""
    for name in ("CONBENCH_PROJECT_PR_NUMBER", "BENCHMARKABLE_PR_NUMBER", "CONBENCH_PROJECT_REPOSITORY",
                 "CONBENCH_PROJECT_COMMIT", "GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CONBENCH_URL", url)
    monkeypatch.setenv("CONBENCH_EMAIL", EMAIL)
    monkeypatch.setenv("CONBENCH_PASSWORD", PASSWORD)
    monkeypatch.setenv("CONBENCH_MACHINE_INFO_NAME", "bench-host")


@pytest.fixture
def as_a_ci_job(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    set_clients_environment(deployment.url, monkeypatch)
    return deployment


@pytest.fixture
def as_a_fresh_ci_job(fresh_deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    set_clients_environment(fresh_deployment.url, monkeypatch)
    return fresh_deployment


@pytest.fixture(autouse=True)
def no_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Conbench's clients try again for half an hour after a 429, a 5xx or a lost connection. Whatever a test
    does here, right or wrong, the server must give no reason for that."""
    if importlib.util.find_spec("benchclients") is None:
        return  # the environment of BigQuery's clients
    from benchclients.http import RetryingHTTPClient
    once = RetryingHTTPClient._make_request_retry_guts

    def refuse(self, method, url, expected_status_code, **more):  # type: ignore[no-untyped-def]
        answer = once(self, method, url, expected_status_code, **more)
        if answer == "retry":
            pytest.fail(f"the client would wait and try again: {method} {url}")
        return answer

    monkeypatch.setattr(RetryingHTTPClient, "_make_request_retry_guts", refuse)
