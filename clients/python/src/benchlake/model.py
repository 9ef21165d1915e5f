"""The shapes of what is sent and answered, for type checkers. At run time they are plain dictionaries; a server
that is newer than this package may answer with more keys. All described at `/docs` of a running server."""
from __future__ import annotations

from typing import Any, Dict, List, Optional, TypedDict

Numbers = List[Optional[float]]


class Commit(TypedDict):
    id: str
    sha: str
    repository: str
    message: str
    timestamp: Optional[str]


class Hardware(TypedDict):
    id: str
    type: str
    name: str
    hash: str


class Aggregates(TypedDict):
    min: Optional[float]
    max: Optional[float]
    mean: Optional[float]
    median: Optional[float]
    stdev: Optional[float]
    q1: Optional[float]
    q3: Optional[float]
    iqr: Optional[float]


class Submitted(TypedDict):
    id: str
    run_id: str
    history_fingerprint: str


class Result(TypedDict):
    """All of one result."""

    id: str
    run_id: str
    run_tags: Dict[str, str]
    run_reason: Optional[str]
    batch_id: Optional[str]
    timestamp: str
    commit_repo_url: str
    history_fingerprint: str
    tags: Dict[str, Any]
    context: Dict[str, Any]
    info: Dict[str, Any]
    hardware: Hardware
    commit: Optional[Commit]
    unit: Optional[str]
    less_is_better: Optional[bool]
    time_unit: Optional[str]
    iterations: Optional[int]
    data: Numbers
    times: Numbers
    stats: Aggregates
    error: Optional[Dict[str, Any]]
    optional_benchmark_info: Optional[Dict[str, Any]]
    validation: Optional[Dict[str, Any]]
    change_annotations: Dict[str, Any]
    single_value_summary: Optional[float]
    single_value_summary_type: str


class ResultRow(TypedDict):
    """A result in a list."""

    id: str
    run_id: str
    run_reason: Optional[str]
    run_tags: Dict[str, str]
    batch_id: Optional[str]
    timestamp: str
    unit: Optional[str]
    single_value_summary: Optional[float]
    single_value_summary_type: str
    history_fingerprint: str
    case_name: str
    case_tags: Dict[str, Any]
    commit: Optional[Dict[str, Any]]
    has_error: bool


class ZScoreStats(TypedDict):
    begins_distribution_change: bool
    is_step: bool
    is_outlier: bool
    segment_id: int
    rolling_mean_excluding_this_commit: Optional[float]
    rolling_mean: Optional[float]
    residual: Optional[float]
    rolling_stddev: Optional[float]


class HistorySample(TypedDict):
    benchmark_result_id: str
    result_timestamp: str
    mean: Optional[float]
    single_value_summary: Optional[float]
    single_value_summary_type: str
    unit: str
    hardware_hash: str
    commit_hash: str
    commit_repository: str
    commit_message: str
    commit_timestamp: str
    data: Numbers
    run_tags: Dict[str, str]
    info: Dict[str, Any]
    change_annotations: Dict[str, Any]
    zscorestats: Optional[ZScoreStats]


class Pairwise(TypedDict):
    percent_change: float
    percent_threshold: float
    regression_indicated: bool
    improvement_indicated: bool


class LookbackZScore(TypedDict):
    z_score: float
    z_threshold: float
    regression_indicated: bool
    improvement_indicated: bool


class Analysis(TypedDict):
    """Negative is worse; what cannot be judged is None."""

    pairwise: Optional[Pairwise]
    lookback_z_score: Optional[LookbackZScore]


class _VerdictChangeAlways(TypedDict):
    result_id: str
    """The first result of the new level."""
    commit_sha: str
    commit_timestamp: str
    before: float
    after: float
    percent: float
    """Positive: the value grew, whatever is better."""
    is_worse: bool
    is_recovery: bool
    confidence: float


class VerdictChange(_VerdictChangeAlways, total=False):
    of_unit: bool
    """Where true: a step from one unit to another; the benchmark changed sooner than the code."""


class VerdictDrift(TypedDict):
    first_result_id: str
    last_result_id: str
    percent: float
    is_worse: bool


class Verdict(TypedDict):
    """Of a series on the default branch."""

    detector: str
    version: int
    decision: str
    """slower, faster, steady, wait or unknown"""
    confidence: Optional[float]
    repeats: Optional[int]
    """wait: so many further results decide"""
    change: Optional[VerdictChange]
    drift: Optional[VerdictDrift]
    judged_result_id: Optional[str]
    results: int
    noise_percent: Optional[float]
    sentence: str


class WorstSeries(TypedDict):
    history_fingerprint: str
    name: str
    percent: float
    commit_sha: str
    sentence: str


class RunVerdict(TypedDict):
    """Series by decision."""

    slower: int
    faster: int
    wait: int
    steady: int
    unknown: int
    worst: Optional[WorstSeries]


class ComparedSide(TypedDict):
    benchmark_result_id: str
    single_value_summary: Optional[float]
    run_id: str


class Comparison(TypedDict):
    unit: Optional[str]
    less_is_better: Optional[bool]
    baseline: ComparedSide
    contender: ComparedSide
    analysis: Analysis
    verdict: Optional[Verdict]


class Unit(TypedDict):
    symbol: str
    long_name: str
    less_is_better: bool
    built_in: bool


class ResultSettings(TypedDict):
    units: List[Unit]
    hardware_keys: List[str]
    """Fields of a machine; the name is always among them."""
    hardware_keys_configured: bool
    summary: str
    """best or mean"""
    distribution_commits: int


class Series(TypedDict):
    history_fingerprint: str
    name: str
    tags: Dict[str, Any]
    context: Dict[str, Any]
    hardware: str
    repository: str
    unit: Optional[str]
    less_is_better: Optional[bool]
    status: str
    z_score: Optional[float]
    change_percent: Optional[float]
    latest_result_id: str
    latest_single_value_summary: Optional[float]
    latest_single_value_summary_type: str
    latest_commit_sha: Optional[str]
    latest_commit_timestamp: Optional[str]
    latest_result_timestamp: str
    point_count: int
    sparkline: Numbers
    verdict: Optional[Verdict]


class _RunAlways(TypedDict):
    run_id: str
    run_reason: Optional[str]
    run_tags: Dict[str, str]
    batch_count: int
    latest_batch_id: Optional[str]
    result_count: int
    error_count: int
    series_count: int
    latest_result_id: str
    repository: str
    commit_sha: Optional[str]
    first_result_at: str
    last_result_at: str
    commit: Optional[Dict[str, Any]]
    verdict: Optional[RunVerdict]


class Run(_RunAlways, total=False):
    attention: Optional[Dict[str, Any]]


class _CiReportAlways(TypedDict):
    repository: Optional[str]
    commit_sha: Optional[str]
    selected_run_ids: List[str]
    missing_run_ids: List[str]
    baseline: Optional[str]
    status: str
    status_reason: str
    threshold: float
    threshold_z: float
    threshold_source: str
    notify_improvements: bool
    summary: Dict[str, int]
    verdict: Optional[RunVerdict]
    runs: List[Dict[str, Any]]
    report_url: str


class CiReport(_CiReportAlways, total=False):
    """`status` is success, failure, action_required or skipped; see the API reference for the rows."""

    contender_verdict: RunVerdict
    """Of runs off the default branch, as if their results came next on it."""


class _TokenAlways(TypedDict):
    id: str
    name: str
    prefix: str
    created_at: str


class Token(_TokenAlways, total=False):
    role: str
    user_id: str
    repository: str
    last_used_at: Optional[str]
    revoked_at: Optional[str]


class NewToken(Token):
    token: str


class _CapabilitiesAlways(TypedDict):
    signed_in: bool
    auth_disabled: bool
    can_write_results: bool


class Capabilities(_CapabilitiesAlways, total=False):
    role: str
    oidc: bool
