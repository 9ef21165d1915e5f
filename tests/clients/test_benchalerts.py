"""benchalerts: whole pipelines. The reads are real; GitHub and Slack are fakes."""
import re
import uuid
from typing import Any, Dict, List, Optional

import pytest
from benchalerts import AlertPipeline
from benchalerts.integrations.github import GitHubRepoClient
from benchalerts.integrations.slack import SlackClient
from benchalerts.pipeline_steps import (GetConbenchZComparisonForRunsStep, GetConbenchZComparisonStep,
                                        GitHubCheckErrorHandler, GitHubCheckStep, GitHubPRCommentAboutCheckStep,
                                        SlackErrorHandler, SlackMessageAboutBadCheckStep)
from benchalerts.pipeline_steps.conbench import BaselineRunCandidates
from benchclients import ConbenchClient
from commits import CHILD, ELDER, GRANDPARENT, PARENT
from conftest import Deployment
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from fake_services import FakeServices
from payloads import submission


@pytest.fixture(scope="module")
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption()).decode()


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch, private_key: str) -> FakeServices:
    monkeypatch.setenv("GITHUB_APP_ID", "123")
    monkeypatch.setenv("GITHUB_APP_PRIVATE_KEY", private_key)
    monkeypatch.setenv("SLACK_TOKEN", "xoxb-a-token")
    return FakeServices()


def history(repository: str, contender: Optional[Dict[str, Any]] = None) -> Dict[str, str]:
    """Two results on each of three commits, then one on the fourth. Gives the run of each commit."""
    client, runs = ConbenchClient(), {}
    values = {ELDER: (10.0, 10.05), GRANDPARENT: (10.1, 10.15), PARENT: (10.2, 10.25)}
    for day, (commit, samples) in enumerate(values.items(), 1):
        runs[commit] = uuid.uuid4().hex
        for value in samples:
            client.post("/benchmark-results/", submission(
                repository, commit=commit, run_id=runs[commit], timestamp=f"2021-03-0{day}T12:00:00Z",
                stats={"data": [value], "unit": "s"}))
    runs[CHILD] = uuid.uuid4().hex
    client.post("/benchmark-results/", submission(
        repository, commit=CHILD, run_id=runs[CHILD], timestamp="2021-03-05T12:00:00Z",
        **(contender or {"stats": {"data": [10.2], "unit": "s"}})))
    return runs


def whole_pipeline(services: FakeServices) -> AlertPipeline:
    """All steps that there are, for the newest commit."""
    github = GitHubRepoClient("org/repo", adapter=services)
    slack = SlackClient()
    slack.session.mount("https://", services)
    return AlertPipeline(
        steps=[
            GetConbenchZComparisonStep(commit_hash=CHILD, baseline_run_type=BaselineRunCandidates.parent),
            GitHubCheckStep(commit_hash=CHILD, comparison_step_name="GetConbenchZComparisonStep",
                            github_client=github, build_url="https://ci.example/7"),
            GitHubPRCommentAboutCheckStep(pr_number=12, github_client=github),
            SlackMessageAboutBadCheckStep(channel_id="C1", slack_client=slack,
                                          pr_comment_step_name="GitHubPRCommentAboutCheckStep")],
        error_handlers=[GitHubCheckErrorHandler(commit_hash=CHILD, github_client=github),
                        SlackErrorHandler(channel_id="C1", slack_client=slack)])


def links_of(texts: List[str], url: str) -> List[str]:
    return sorted({link[len(url):] for text in texts for link in re.findall(r"\((http[^)]+)\)", text)
                   if link.startswith(url)})


def test_a_regression_fails_the_check_and_is_told(as_a_fresh_ci_job: Deployment, repository: str,
                                                   services: FakeServices) -> None:
    runs = history(repository, {"stats": {"data": [20.0], "unit": "s"}})
    outputs = whole_pipeline(services).run_pipeline()
    [comparison] = outputs["GetConbenchZComparisonStep"].run_comparisons
    assert (comparison.baseline_id, comparison.baseline_commits_skipped) == (runs[PARENT], [])
    # Two results of the baseline match the one of the contender.
    assert [row["analysis"]["lookback_z_score"]["z_score"] for row in comparison.compare_results] == [-137.4] * 2
    [check] = services.to("/check-runs")
    assert check.body["conclusion"] == "failure" and check.body["head_sha"] == CHILD
    assert check.body["details_url"] == as_a_fresh_ci_job.url
    assert check.authorization == "Bearer a-github-token"
    assert "2 regressions" in check.body["output"]["title"]
    [comment] = services.to("/comments")
    assert "indicating a performance regression" in comment.body["body"]
    [message] = services.to("chat.postMessage")
    assert "`failure`" in message.body["text"] and "comment link" in message.body["text"]


def test_every_link_of_an_alert_leads_to_the_page(as_a_fresh_ci_job: Deployment, repository: str,
                                                  services: FakeServices) -> None:
    runs = history(repository, {"stats": {"data": [20.0], "unit": "s"}})
    whole_pipeline(services).run_pipeline()
    [check], [comment] = services.to("/check-runs"), services.to("/comments")
    output = check.body["output"]
    links = links_of([output["summary"], output["text"], comment.body["body"]], as_a_fresh_ci_job.url)
    assert f"/compare/runs/{runs[PARENT]}...{runs[CHILD]}/" in links
    assert any(link.startswith("/compare/benchmarks/") for link in links)
    for link in links:
        answer = as_a_fresh_ci_job.server.ask("GET", link)
        assert answer.status == 200 and answer.headers.get_content_type() == "text/html", link


def test_no_change_is_a_success_and_slack_stays_quiet(as_a_fresh_ci_job: Deployment, repository: str,
                                                      services: FakeServices) -> None:
    history(repository)
    whole_pipeline(services).run_pipeline()
    [check] = services.to("/check-runs")
    assert check.body["conclusion"] == "success"
    assert services.to("chat.postMessage") == []


def test_a_threshold_of_the_pipelines_own(as_a_fresh_ci_job: Deployment, repository: str) -> None:
    runs = history(repository, {"stats": {"data": [10.6], "unit": "s"}})
    regressions = {}
    for threshold in (1.0, 1000.0):
        step = GetConbenchZComparisonForRunsStep(run_ids=[runs[CHILD]], z_score_threshold=threshold,
                                                 baseline_run_type=BaselineRunCandidates.parent)
        comparison = step.run_step({})
        assert comparison.z_score_threshold == threshold
        regressions[threshold] = len(comparison.results_with_z_regressions)
    assert regressions == {1.0: 2, 1000.0: 0}


def test_a_benchmark_that_failed_asks_for_action(as_a_fresh_ci_job: Deployment, repository: str,
                                                 services: FakeServices) -> None:
    history(repository, {"stats": {"data": [], "unit": "s"}, "error": {"stack_trace": "boom"}})
    whole_pipeline(services).run_pipeline()
    [check] = services.to("/check-runs")
    assert check.body["conclusion"] == "action_required"
    assert check.body["output"]["title"] == "Some benchmarks had errors"


def test_the_first_run_of_a_repository_is_skipped(as_a_fresh_ci_job: Deployment, repository: str,
                                                  services: FakeServices) -> None:
    """No baseline: the pipeline reads the run's results instead of a comparison."""
    run_id = uuid.uuid4().hex
    for n in range(3):
        ConbenchClient().post("/benchmark-results/", submission(
            repository, commit=CHILD, run_id=run_id, tags={"name": "first", "n": n}))
    outputs = whole_pipeline(services).run_pipeline()
    [comparison] = outputs["GetConbenchZComparisonStep"].run_comparisons
    assert comparison.baseline_error == "no matching baseline run was found" or \
        comparison.baseline_error == "this baseline commit type does not exist for this run"
    assert len(comparison.contender_benchmark_result_info) == 3
    [check] = services.to("/check-runs")
    assert check.body["conclusion"] == "skipped"


def test_a_commit_that_nobody_benchmarked(as_a_fresh_ci_job: Deployment, services: FakeServices) -> None:
    whole_pipeline(services).run_pipeline()
    [check] = services.to("/check-runs")
    assert check.body["conclusion"] == "action_required"
    assert "None of the specified runs were found" in check.body["output"]["summary"]


def test_runs_that_do_not_exist_are_left_out(as_a_fresh_ci_job: Deployment, repository: str) -> None:
    runs = history(repository)
    step = GetConbenchZComparisonForRunsStep(run_ids=["nothing", runs[CHILD]],
                                             baseline_run_type=BaselineRunCandidates.latest_default)
    assert len(step.run_step({}).run_comparisons) == 1


def test_a_run_without_a_reason_breaks_the_clients_formatter(as_a_fresh_ci_job: Deployment, repository: str,
                                                             services: FakeServices) -> None:
    """A bug of the client that is known: it calls .title() of the reason. The server answers null, as Conbench does;
    the pipeline's error handlers tell GitHub and Slack."""
    history(repository, {"stats": {"data": [20.0], "unit": "s"}, "run_reason": None})
    with pytest.raises(AttributeError):
        whole_pipeline(services).run_pipeline()
    assert services.to("/check-runs")[-1].body["conclusion"] == "neutral"
    assert "Error in benchalerts pipeline" in services.to("chat.postMessage")[-1].body["text"]
