"""What a result says of its commit, found in a git checkout and in the environment of a CI job."""
from __future__ import annotations

import re
import subprocess
from typing import Any, Dict, List, Mapping, Optional

GIT_SECONDS_MAX = 30


def github_of(environment: Mapping[str, str], folder: str = ".", *, repository: Optional[str] = None,
              commit: Optional[str] = None) -> Optional[Dict[str, Any]]:
    """The field `github` of a submission; None when no repository is known. What is given is not looked for."""
    found_repository = _web_address(_git(folder, "config", "--get", "remote.origin.url") or "")
    repository = repository or found_repository
    if not repository:
        return None
    github: Dict[str, Any] = {"repository": repository}
    if not commit and found_repository and _same(repository, found_repository):
        commit = _git(folder, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if not commit:
        return github
    github["commit"] = commit
    pull_request = detect_pull_request(environment)
    if pull_request:
        github["pr_number"] = pull_request
    info = commit_info_of(commit, folder, is_pull_request=pull_request is not None) if found_repository else None
    if info:
        github["commit_info"] = info
    return github


def commit_info_of(commit: str, folder: str = ".", *, is_pull_request: bool = False) -> Optional[Dict[str, Any]]:
    """Author date, message, parent and fork point of a commit of the checkout; None when the checkout does not know
    all that is needed (a shallow clone, no default branch): then the server finds it out."""
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", commit + "^{commit}") or ""
    fork_point = fork_point_of(commit, folder) if commit else None
    shown = _git(folder, "show", "-s", "--format=%aI%n%P%n%an%n%s", commit) if fork_point else None
    if not shown:
        return None
    date, parents, author, message = (shown.split("\n", 3) + ["", "", ""])[:4]
    info = {"timestamp": date, "message": message[:240], "author_name": author[:100], "fork_point_sha": fork_point}
    if parents:
        info["parent"] = parents.split()[0]
    branch = _git(folder, "symbolic-ref", "--quiet", "--short", "HEAD")
    if fork_point != commit and branch and not is_pull_request:
        info["branch"] = branch[:510]
    return info


def fork_point_of(commit: str, folder: str = ".") -> Optional[str]:
    """The newest commit that the default branch once stood at and that `commit` descends from, or is. The default
    branch is what origin says, else main, else master; commits that it has here and not there yet count, too."""
    if _git(folder, "rev-parse", "--is-shallow-repository") != "false":
        return None
    there = _git(folder, "symbolic-ref", "--quiet", "refs/remotes/origin/HEAD")
    names = [there.rsplit("/", 1)[-1]] if there else ["main", "master"]
    references = ([there] if there else []) + [f"refs/heads/{name}" for name in names]
    best: Optional[str] = None
    ancestors: Optional[set[str]] = None
    for reference in references:
        line = _lines(folder, "rev-list", "--first-parent", reference)
        if commit in line:
            return commit
        if ancestors is None:
            ancestors = set(_lines(folder, "rev-list", commit))
        best = best or next((sha for sha in line if sha in ancestors), None)
    return best


def detect_pull_request(environment: Mapping[str, str]) -> Optional[int]:
    """The number that GitHub's or GitLab's CI says; None on a branch."""
    match = re.match(r"refs/pull/([0-9]+)/", environment.get("GITHUB_REF", ""))
    text = match[1] if match else environment.get("CI_MERGE_REQUEST_IID", "")
    return (int(text) or None) if text.isascii() and text.isdigit() else None


def _same(one: str, other: str) -> bool:
    return _web_address(one) == other


def _lines(folder: str, *arguments: str) -> List[str]:
    return (_git(folder, *arguments) or "").split("\n")


def _git(folder: str, *arguments: str) -> Optional[str]:
    try:
        ran = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, text=True, check=False,
                             errors="replace", timeout=GIT_SECONDS_MAX)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return ran.stdout.strip() or None if ran.returncode == 0 else None


def _web_address(remote: str) -> Optional[str]:
    scp = re.fullmatch(r"git@([^:/]+):(.+)", remote)
    if scp:
        remote = f"https://{scp[1]}/{scp[2]}"
    match = re.fullmatch(r"(https?|ssh|git)://(?:[^/@]*@)?([^/]+)(/.+)", remote)
    if not match:
        return None
    host = match[2].split(":")[0] if match[1] == "ssh" else match[2]
    path = re.sub(r"\.git$", "", match[3].rstrip("/"))
    return f"https://{host}{path}" if path else None
