"""A small server that answers as GitHub's API does to a workflow's token."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

BOT = {"login": "github-actions[bot]", "type": "Bot"}
REPOSITORY = "someone/blocks"


class FakeGitHub:
    """Comments of one pull request, and what was asked.

    ``refusals`` are answers by method, for as many requests as there are; ``login`` is the user of
    the token, None for a workflow's own.
    """

    def __init__(self) -> None:
        self.comments: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.tokens: set[str] = set()
        self.refusals: dict[str, list[int]] = {}
        self.login: str | None = None
        self.address = ""

    def add(self, body: str, user: dict[str, Any] = BOT) -> None:
        """Write a comment as someone else would."""
        self.comments.append({"id": 100 + len(self.comments), "body": body, "user": user})

    def answer(self, method: str, path: str, content: Any) -> tuple[int, Any]:
        """The status and the JSON for a request."""
        self.asked.append(f"{method} {path}")
        if self.refusals.get(method):
            return self.refusals[method].pop(0), {"message": "Resource not accessible"}
        if path == "/user":
            return (200, {"login": self.login}) if self.login else (403, {"message": "no"})
        comments = rf"/repos/{REPOSITORY}/issues/7/comments"
        if found := re.fullmatch(rf"{comments}\?per_page=(\d+)&page=(\d+)", path):
            size, page = map(int, found.groups())
            return 200, self.comments[size * (page - 1) : size * page]
        if method == "POST" and path == comments:
            user = {"login": self.login, "type": "User"} if self.login else BOT
            self.add(content["body"], user)
            return 201, self.comments[-1]
        if found := re.fullmatch(rf"/repos/{REPOSITORY}/issues/comments/(\d+)", path):
            (comment,) = [one for one in self.comments if one["id"] == int(found[1])]
            comment["body"] = content["body"]
            return 200, comment
        return 404, {"message": "Not Found"}

    def variables(self, folder: Path, event: object = None) -> dict[str, str]:
        """The variables of a workflow's step; by default it runs for pull request 7."""
        path = folder / "event.json"
        path.write_text(json.dumps({"pull_request": {"number": 7}} if event is None else event))
        return {
            "GITHUB_API_URL": self.address,
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_EVENT_PATH": str(path),
            "GITHUB_TOKEN": "secret",
            "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
            "GITHUB_OUTPUT": str(folder / "outputs"),
        }


@contextmanager
def serving() -> Iterator[FakeGitHub]:
    """The server, until the block ends."""
    github = FakeGitHub()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            content = json.loads(self.rfile.read(length)) if length else None
            github.tokens.add(self.headers["Authorization"])
            code, found = github.answer(self.command, self.path, content)
            self.send_response(code)
            if code in (301, 302, 307):
                self.send_header("Location", f"{github.address}/elsewhere")
            self.end_headers()
            self.wfile.write(json.dumps(found).encode())

        do_GET = do_POST = do_PATCH = _answer  # noqa: N815 - names of the standard library

        def log_message(self, *_: Any) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        github.address = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield github
        server.shutdown()
