#!/usr/bin/env python3
"""The performance tier (bench/bigquery) is what it says: five scenarios, each a program, each in every recorded baseline."""
import hashlib
import json
import pathlib
import re
import shutil
import tempfile
import tomllib
import unittest
from typing import Iterator, List, Set

TIER = pathlib.Path(__file__).parents[2] / "bench/bigquery"
SCENARIOS = ("cold_start", "query_latency", "storage_read", "insert_all", "storage_write")


def scenarios(tier: pathlib.Path) -> List[dict]:
    return tomllib.loads((tier / "gate.toml").read_text())["scenario"]


def programs(tier: pathlib.Path) -> Set[str]:
    """Files with cells of their own."""
    return {path.stem for path in tier.glob("*.py") if re.search(r"^class \w+\(Cell\)", path.read_text(), re.MULTILINE)}


def baselines(tier: pathlib.Path) -> Iterator[pathlib.Path]:
    return (path for path in sorted((tier / "baselines").glob("*.json")) if not path.name.endswith(".detail.json"))


def violations(tier: pathlib.Path) -> Iterator[str]:
    named = [scenario["name"] for scenario in scenarios(tier)]
    for name in sorted(set(named) ^ programs(tier)):
        yield f"a scenario needs a program and an entry in gate.toml: {name}"
    for scenario in scenarios(tier):
        if f"{scenario['name']}.py" not in scenario["command"]:
            yield f"the command is not the scenario's own program: {scenario['name']}"
    for path in baselines(tier):
        flat = json.loads(path.read_text())
        if flat["arch"] != path.stem:
            yield f"{path.name} is of another architecture: {flat['arch']}"
        recorded = {entry["name"].split(".py::")[0] for entry in flat["benchmarks"]}
        for name in sorted(set(named) - recorded):
            yield f"{path.name} has no entry of the scenario: {name}"
        for name in sorted(recorded - set(named)):
            yield f"{path.name} has an entry of no scenario: {name}"
        detail = path.with_name(path.stem + ".detail.json")
        if not detail.is_file():
            yield f"{path.name} has no sidecar"
        elif json.loads(detail.read_text())["baseline_sha256"] != hashlib.sha256(path.read_bytes()).hexdigest():
            yield f"{detail.name} belongs to another file"


class PerfTier(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.copy = pathlib.Path(folder.name) / "tier"
        shutil.copytree(TIER, self.copy)
        shutil.rmtree(self.copy / "baselines", ignore_errors=True)
        self.record("linux-x86_64", *SCENARIOS)

    def record(self, architecture: str, *names: str) -> None:
        (self.copy / "baselines").mkdir(exist_ok=True)
        flat = self.copy / f"baselines/{architecture}.json"
        flat.write_text(json.dumps({"version": 1, "arch": architecture, "benchmarks": [
            {"name": f"{name}.py::a[1]", "median": 1, "stddev": 0, "rounds": 5, "unit": "seconds"} for name in names]}))
        flat.with_name(f"{architecture}.detail.json").write_text(
            json.dumps({"baseline_sha256": hashlib.sha256(flat.read_bytes()).hexdigest()}))

    def found(self) -> List[str]:
        return list(violations(self.copy))

    def add_scenario(self) -> None:
        with open(self.copy / "gate.toml", "a", encoding="utf-8") as gate:
            gate.write('\n[[scenario]]\nname = "sixth"\ncommand = ["python3", "sixth.py"]\n')

    def test_the_committed_tier_is_whole(self):
        self.assertEqual(list(violations(TIER)), [])
        self.assertEqual(sorted(scenario["name"] for scenario in scenarios(TIER)), sorted(SCENARIOS))

    def test_a_sixth_scenario_needs_a_file(self):
        self.add_scenario()
        self.assertIn("a scenario needs a program and an entry in gate.toml: sixth", self.found())

    def test_a_sixth_file_needs_an_entry_in_gate_toml(self):
        (self.copy / "sixth.py").write_text("from tier import Cell\n\n\nclass Sixth(Cell):\n    pass\n")
        self.assertEqual(self.found(), ["a scenario needs a program and an entry in gate.toml: sixth"])

    def test_a_sixth_scenario_needs_an_entry_for_every_recorded_architecture(self):
        self.record("linux-arm64", *SCENARIOS)
        (self.copy / "sixth.py").write_text("class Sixth(Cell):\n    pass\n")
        self.add_scenario()
        self.record("linux-x86_64", *SCENARIOS, "sixth")
        self.assertEqual(self.found(), ["linux-arm64.json has no entry of the scenario: sixth"])
        self.record("linux-arm64", *SCENARIOS, "sixth")
        self.assertEqual(self.found(), [])

    def test_a_baseline_has_no_other_entries_and_its_own_sidecar(self):
        self.record("linux-x86_64", *SCENARIOS, "gone")
        self.assertEqual(self.found(), ["linux-x86_64.json has an entry of no scenario: gone"])
        self.record("linux-x86_64", *SCENARIOS)
        flat = self.copy / "baselines/linux-x86_64.json"
        flat.write_text(flat.read_text() + "\n")
        self.assertEqual(self.found(), ["linux-x86_64.detail.json belongs to another file"])
        (self.copy / "baselines/linux-x86_64.detail.json").unlink()
        self.assertEqual(self.found(), ["linux-x86_64.json has no sidecar"])

    def test_every_scenario_warms_up_and_counts_enough_rounds(self):
        gate = tomllib.loads((TIER / "gate.toml").read_text())["gate"]
        for scenario in scenarios(TIER):
            least = 3 if scenario["name"] == "cold_start" else 5
            self.assertGreaterEqual(scenario.get("rounds", gate["rounds"]), least, scenario["name"])
        cold = next(scenario for scenario in scenarios(TIER) if scenario["name"] == "cold_start")
        self.assertEqual(cold["time_max"], "60s")


if __name__ == "__main__":
    unittest.main(verbosity=1)
