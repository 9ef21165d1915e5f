"""Sign-in through an OpenID Connect issuer of somebody else (oidc-provider-mock, on Authlib): the browser's way,
then a token, and the login of a command."""
import http.client
import json
import os
import pathlib
import re
import socket
import subprocess
import time
import urllib.parse
from typing import Dict, Iterator, Tuple

import pytest
from conftest import Deployment, deploy
from product import PROGRAM, clean_environment

# People know the server by this name; this test sends what is meant for it to where it listens.
BASE_URL = "http://bench.test"
START_SECONDS_MAX = 30


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def send(method: str, url: str, form: Dict[str, str], cookies: Dict[str, str],
         json_body: bytes = b"") -> Tuple[int, str, bytes]:
    """Status, Location and body; keeps the cookies that come. Redirects are not followed."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())} if cookies else {}
    body = json_body or urllib.parse.urlencode(form).encode()
    if body:
        headers["Content-Type"] = "application/json" if json_body else "application/x-www-form-urlencoded"
    try:
        connection.request(method, parts.path + ("?" + parts.query if parts.query else ""), body or None, headers)
        answer = connection.getresponse()
        for field in answer.headers.get_all("Set-Cookie", []):
            name, _, value = field.split(";")[0].partition("=")
            if value:
                cookies[name] = value
            else:
                cookies.pop(name, None)
        return answer.status, answer.headers.get("Location", ""), answer.read()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen([os.environ["BENCHLAKE_CLIENTS_ISSUER"], "-m", "oidc_provider_mock", "-p", str(port),
                                "-n", "true"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + START_SECONDS_MAX
    while True:
        try:
            send("GET", url + "/.well-known/openid-configuration", {}, {})
            break
        except OSError:
            assert time.monotonic() < deadline and process.poll() is None, "the issuer did not start"
            time.sleep(0.1)
    claims = {"email": "ada@example.org", "email_verified": True, "name": "Ada Lovelace"}
    status, _, _ = send("PUT", url + "/users/ada", {}, {}, json.dumps(claims).encode())
    assert status in (200, 204)
    yield url
    process.terminate()
    process.wait(timeout=30)


@pytest.fixture
def signed_by(issuer: str, store: str, request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Deployment:
    return deploy(store, tmp_path, request, BENCHLAKE_SERVER_BASE_URL=BASE_URL, BENCHLAKE_ACCESS_OIDC_ISSUER=issuer,
                  BENCHLAKE_ACCESS_OIDC_CLIENT_ID="benchlake", BENCHLAKE_ACCESS_OIDC_CLIENT_SECRET="s3cret of 20 signs")


def sign_in(deployment: Deployment, start: str) -> Tuple[Dict[str, str], str]:
    """The browser's cookies, and where it ends: from `start` to the issuer, which asks who it is, and back."""
    cookies: Dict[str, str] = {}
    status, to_issuer, body = send("GET", deployment.url + start, {}, cookies)
    assert status == 302, body
    status, back, body = send("POST", to_issuer, {"sub": "ada"}, {})
    assert status in (302, 303), body
    assert back.startswith(BASE_URL + "/api/")
    status, target, body = send("GET", deployment.url + back[len(BASE_URL):], {}, cookies)
    assert status == 302, body
    return cookies, target


def test_a_person_signs_in_and_makes_a_token(signed_by: Deployment) -> None:
    cookies, target = sign_in(signed_by, "/api/auth/login?target=%2Fruns")
    assert target == "/runs"
    _, _, body = send("GET", signed_by.url + "/api/auth/capabilities", {}, cookies)
    may = json.loads(body)
    assert may["signed_in"] and may["can_write_results"] and may["oidc"]
    _, _, body = send("GET", signed_by.url + "/api/users/me", {}, cookies)
    me = json.loads(body)
    assert (me["email"], me["name"]) == ("ada@example.org", "Ada Lovelace")
    status, _, body = send("POST", signed_by.url + "/api/tokens", {}, cookies, b'{"name":"ci"}')
    assert status == 201, body
    token = json.loads(body)
    listed = signed_by.server.ask("GET", "/api/tokens", headers={"Authorization": f"Bearer {token['token']}"}).json()
    assert [one["id"] for one in listed["tokens"]] == [token["id"]]


def test_the_legacy_way_in_ends_in_the_same_person(signed_by: Deployment) -> None:
    cookies, target = sign_in(signed_by, "/api/google/?target=%2F")
    assert target == "/"
    status, _, body = send("GET", signed_by.url + "/api/users/", {}, cookies)
    assert status == 200
    assert "ada@example.org" in [user["email"] for user in json.loads(body)]


def test_a_command_logs_in_by_that_browser(signed_by: Deployment, tmp_path: pathlib.Path) -> None:
    environment = clean_environment({"XDG_CONFIG_HOME": str(tmp_path)})
    server = ["--server", signed_by.url, "--data", str(tmp_path / "none")]
    login = subprocess.Popen([PROGRAM, "auth", "login", "--no-browser", "--name", "laptop", *server], text=True,
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
    assert login.stderr is not None
    address = next(line.strip() for line in login.stderr if "/api/auth/cli-start" in line)
    # Nobody is signed in: the way leads over the issuer and comes back.
    status, to_login, _ = send("GET", address, {}, {})
    assert (status, to_login.startswith("/api/auth/login?target=")) == (302, True)
    cookies, again = sign_in(signed_by, to_login)
    # The page asks, with a form that this session alone can send.
    status, _, page = send("GET", signed_by.url + again, {}, cookies)
    assert status == 200, page
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.decode()))
    status, to_listener, body = send("POST", signed_by.url + "/api/auth/cli-start", fields, cookies)
    assert status == 303, body
    assert send("GET", to_listener, {}, {})[0] == 200
    assert login.wait(timeout=30) == 0, login.stderr.read()
    login.stderr.close()

    said = subprocess.run([PROGRAM, "auth", "status", "--json", *server], env=environment, check=True,
                          capture_output=True, text=True)
    assert json.loads(said.stdout)["email"] == "ada@example.org"
    subprocess.run([PROGRAM, "auth", "logout", *server], env=environment, check=True, capture_output=True)
    said = subprocess.run([PROGRAM, "auth", "status", "--json", *server], env=environment, check=True,
                          capture_output=True, text=True)
    assert json.loads(said.stdout)["signed_in"] is False
