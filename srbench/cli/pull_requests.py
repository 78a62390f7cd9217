"""Comments on a pull request of GitHub, by its REST API."""

import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from srbench.errors import SrbenchError

MARK = "<!-- srbench -->"  # in the first line of our comment
LONGEST = 65_000  # characters; GitHub refuses more than 65,536
TIMEOUT = 20  # seconds
ATTEMPTS = 3
PAUSE = 2.0  # seconds before a second attempt
PAGE = 100  # comments
BUSY = (429, 500, 502, 503, 504)


class CommentError(Exception):
    """The comment could not be written, for the reason that it says."""


@dataclass(frozen=True)
class PullRequest:
    """A pull request: its API, repository and number, and the token that comments."""

    api: str
    repository: str
    number: int
    token: str

    @classmethod
    def of_workflow(cls, variables: Mapping[str, str] = os.environ) -> Self | None:
        """The pull request that a workflow runs for, None if it runs for something else.

        Raises SrbenchError outside a workflow.
        """
        api, repository = variables.get("GITHUB_API_URL"), variables.get("GITHUB_REPOSITORY")
        event = variables.get("GITHUB_EVENT_PATH")
        if not (api and repository and event):
            raise SrbenchError(
                "this is not a workflow of GitHub",
                "run it in a step of a workflow, on pull_request",
            )
        if not api.startswith(("https://", "http://")):
            raise SrbenchError(
                f"GITHUB_API_URL is {api!r}", "give an address that begins with https://"
            )
        number = _number(Path(event))
        token = variables.get("GITHUB_TOKEN", "").strip()
        if not (token.isascii() and token.isprintable()):
            raise SrbenchError("GITHUB_TOKEN is no token", "give the one of the workflow")
        return None if number is None else cls(api.rstrip("/"), repository, number, token)

    def say(self, text: str) -> str:
        """Write our comment, or replace it if there is one; returns what was done.

        Raises CommentError if that is not possible.
        """
        body = f"{MARK}\n{shortened(text)}"
        ours = next(self._ours(), None)
        if ours is None:
            self._ask("POST", f"issues/{self.number}/comments", {"body": body})
            return "wrote the comment"
        if ours["body"].replace("\r\n", "\n").rstrip() == body.rstrip():
            return "the comment says so already"
        self._ask("PATCH", f"issues/comments/{int(ours['id'])}", {"body": body})
        return "updated the comment"

    def _ours(self) -> Iterator[dict[str, Any]]:
        """Our comments. Anyone may write the mark, so that the author counts, too."""
        author = self._author()
        for page in range(1, 100):
            found = self._ask("GET", f"issues/{self.number}/comments?per_page={PAGE}&page={page}")
            if not isinstance(found, list):
                raise CommentError("GitHub's answer is not a list of comments")
            yield from (one for one in found if _is_ours(one, author))
            if len(found) < PAGE:
                return

    def _author(self) -> str | None:
        """Who the token belongs to; None for a workflow's own, which may not ask that."""
        try:
            found = self._send("GET", f"{self.api}/user")
        except CommentError:
            return None
        login = found.get("login") if isinstance(found, dict) else None
        return login if isinstance(login, str) else None

    def _ask(self, method: str, path: str, content: Any = None) -> Any:
        return self._send(method, f"{self.api}/repos/{self.repository}/{path}", content)

    def _send(self, method: str, address: str, content: Any = None) -> Any:
        """GitHub's answer. A busy server is asked again."""
        from urllib.error import HTTPError, URLError
        from urllib.request import Request, build_opener

        data = None if content is None else json.dumps(content).encode()
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "application/json",
            "User-Agent": "srbench",
        }
        request = Request(address, data, headers, method=method)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with build_opener(_no_redirects()).open(request, timeout=TIMEOUT) as answer:
                    return json.load(answer)
            except HTTPError as error:
                if error.code not in BUSY or attempt == ATTEMPTS:
                    raise CommentError(_refusal(error.code, error.read())) from error
            except ValueError as error:  # its text may hold the token
                raise CommentError("GitHub's answer cannot be read") from error
            except (URLError, TimeoutError, ConnectionError) as error:
                if attempt == ATTEMPTS:
                    raise CommentError(f"GitHub cannot be reached: {error}") from error
            time.sleep(PAUSE * attempt)
        raise AssertionError


def shortened(text: str) -> str:
    """A text that GitHub accepts: a longer one is cut at the end of a line, and says so."""
    if len(text) <= LONGEST:
        return text
    kept = text[:LONGEST].rpartition("\n")[0] or text[:LONGEST]
    fences = [line for line in kept.splitlines() if line.startswith("```")]
    close = f"\n{fences[-1].rstrip()}" if len(fences) % 2 else ""
    return f"{kept}{close}\n\nThe rest is in the job summary."


def _number(event: Path) -> int | None:
    try:
        found = json.loads(event.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SrbenchError(
            f"cannot read {event}: {error}", "run it in a step of a workflow"
        ) from error
    pull_request = found.get("pull_request") if isinstance(found, dict) else None
    number = pull_request.get("number") if isinstance(pull_request, dict) else None
    return number if isinstance(number, int) else None


def _is_ours(comment: Any, author: str | None) -> bool:
    if not (isinstance(comment, dict) and isinstance(comment.get("id"), int)):
        return False
    user, body = comment.get("user"), comment.get("body")
    who = user if isinstance(user, dict) else {}
    is_us = who.get("login") == author if author else who.get("type") == "Bot"
    return is_us and isinstance(body, str) and body.startswith(MARK)


def _no_redirects() -> Any:
    """A handler with which a redirection is an error: the token must not go to another host."""
    from urllib.request import HTTPRedirectHandler

    class NoRedirects(HTTPRedirectHandler):
        def redirect_request(self, *_: Any) -> None:
            return None

    return NoRedirects()


def _refusal(code: int, answer: bytes) -> str:
    try:
        said = json.loads(answer).get("message", "")
    except (ValueError, AttributeError):
        said = ""
    return f"GitHub answers {code}{f', {said}' if said else ''}"
