"""GitHub and Slack as benchalerts sees them: what cannot be had in a test. Everything that is sent to them is
kept; nothing leaves the machine."""
import json
from typing import Any, Dict, List, NamedTuple

import requests
from requests.adapters import BaseAdapter


class Sent(NamedTuple):
    method: str
    url: str
    body: Any
    authorization: str


class FakeServices(BaseAdapter):
    """A transport of `requests` that answers itself."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: List[Sent] = []

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        body = json.loads(request.body) if request.body else None
        url = request.url or ""
        self.sent.append(Sent(request.method or "", url, body, str(request.headers.get("Authorization"))))
        answer = requests.Response()
        answer.status_code, document = self._answer(url)
        answer._content = json.dumps(document).encode()
        answer.request, answer.url = request, url
        return answer

    def close(self) -> None:
        pass

    @staticmethod
    def _answer(url: str) -> tuple:
        answers: Dict[str, tuple] = {
            "https://api.github.com/app/installations": (200, [{"id": 7}]),
            "https://api.github.com/app/installations/7/access_tokens": (201, {"token": "a-github-token"}),
            "https://api.github.com/repos/org/repo/check-runs": (201, {"html_url": "https://github.example/check"}),
            "https://api.github.com/repos/org/repo/issues/12/comments": (
                201, {"html_url": "https://github.example/comment"}),
            "https://slack.com/api/chat.postMessage": (200, {"ok": True}),
        }
        return answers.get(url, (404, {"message": f"the fake does not know {url}"}))

    def to(self, ending: str) -> List[Sent]:
        return [sent for sent in self.sent if sent.url.endswith(ending)]
