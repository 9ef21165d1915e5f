#!/usr/bin/env python3
"""The parts of ./dev that decide: which step runs, what is counted, what is said when one fails."""
import json
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[2]


class Dev(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def bash(self, script: str) -> subprocess.CompletedProcess:
        begin = f'set -euo pipefail; root="{self.folder.name}"; cd "{ROOT}"; ' \
                "source dev.d/steps.sh; source dev.d/needs.sh; source dev.d/build.sh; source dev.d/test.sh; "
        return subprocess.run(["bash", "-c", begin + script], capture_output=True, text=True, check=False)

    def counted(self, log: str) -> str:
        path = pathlib.Path(self.folder.name) / "log"
        path.write_text(log)
        return self.bash(f'count_log "{path}"; echo "$passed_of $failed_of"').stdout.strip()

    def test_the_runners_summaries_are_counted(self):
        self.assertEqual(self.counted("x\n100% tests passed, 0 tests failed out of 12\n"), "12 0")
        self.assertEqual(self.counted("92% tests passed, 1 tests failed out of 12\n"), "11 1")
        self.assertEqual(self.counted("\x1b[1m Tests \x1b[22m \x1b[32m82 passed\x1b[39m (82)\n"), "82 0")
        self.assertEqual(self.counted("      Tests  2 failed | 3 passed (5)\n"), "3 2")
        self.assertEqual(self.counted("# tests 9\n# pass 8\n# fail 1\n"), "8 1")
        self.assertEqual(self.counted("ℹ pass 8\nℹ fail 0\n"), "8 0")
        self.assertEqual(self.counted("== fuzz_json\n\n7 passed, 1 failed\n"), "7 1")
        self.assertEqual(self.counted("no summary\n"), "0 0")

    def test_junit_reports_are_counted_together_and_a_missing_one_is_a_failure(self):
        folder = pathlib.Path(self.folder.name)
        cases = "<testcase/>" * 5 + "".join(f"<testcase><{end}/></testcase>" for end in ("failure", "error", "skipped", "skipped"))
        (folder / "a.xml").write_text(f'<testsuites><testsuite tests="9" failures="1" errors="1">{cases}</testsuite></testsuites>')
        (folder / "b.xml").write_text("<testsuites><testcase/></testsuites>")  # as Node's runner: no suite

        def count(*names: str) -> tuple:
            ran = subprocess.run([ROOT / "dev.d/count_junit.py", *(folder / name for name in names)],
                                 capture_output=True, text=True, check=False)
            return ran.returncode, ran.stdout.splitlines()[-1]

        self.assertEqual(count("a.xml", "b.xml"), (1, "6 passed, 2 failed"))
        self.assertEqual(count("b.xml"), (0, "1 passed, 0 failed"))
        self.assertEqual(count("b.xml", "gone.xml"), (1, "1 passed, 1 failed"))
        self.assertEqual(count("gone.xml"), (1, "0 passed, 1 failed"))

    def test_coverage_is_told_of_each_folder_and_of_those_above_it(self):
        path = pathlib.Path(self.folder.name) / "summary.json"
        path.write_text(json.dumps({"files": [
            {"filename": f"src/{name}", "line_covered": covered, "line_total": 10, "branch_covered": 0, "branch_total": 0}
            for name, covered in (("lake/delta/a.cc", 10), ("lake/delta/b.cc", 5), ("lake/c.cc", 0))]}))
        ran = subprocess.run(["python3", ROOT / "dev.d/coverage_by_folder.py", path], capture_output=True, text=True,
                             check=True)
        self.assertEqual([line.split()[:3] for line in ran.stdout.splitlines()[1:]],
                         [["src", "30", "50.0"], ["src/lake", "30", "50.0"], ["src/lake/delta", "20", "75.0"]])

    def test_a_failed_step_is_explained_and_those_that_stand_on_it_do_not_run(self):
        ran = self.bash("queue one 'the first' 'mend it' ls /gone; after=one queue two second - echo B; "
                        "after=two queue three third - echo C; queue four fourth - true; "
                        'run_queue keep-going; echo "${failed_steps[*]}"')
        self.assertIn("[1/4] the first ... FAILED", ran.stdout)
        self.assertIn("[2/4] second: not run, because one failed", ran.stdout)
        self.assertIn("[3/4] third: not run, because two failed", ran.stdout)
        self.assertRegex(ran.stdout, r"\[4/4\] fourth \.\.\. [0-9.]+ s\none two three")
        self.assertIn("/gone", ran.stderr)
        self.assertIn("what to do: mend it", ran.stderr)

    def test_the_first_failure_ends_a_verb_that_does_not_keep_going(self):
        ran = self.bash("queue one first - false; queue two second - true; run_queue; echo going-on")
        self.assertEqual(ran.returncode, 1)
        self.assertNotIn("second", ran.stdout)
        self.assertNotIn("going-on", ran.stdout)

    def test_a_step_stops_at_its_first_failing_command(self):
        ran = self.bash("step() { echo one; false; echo two; }; queue a a - step; run_queue keep-going; "
                        'cat "$logs/a.log"')
        self.assertIn("one", ran.stdout)
        self.assertNotIn("two", ran.stdout)

    def test_one_failing_tier_makes_the_whole_fail_and_is_counted(self):
        ran = self.bash("""
          mkdir -p "$logs"; echo '100% tests passed, 0 tests failed out of 3' >"$logs/test-unit.log"
          echo crashed >"$logs/test-web.log"; failed_steps=(test-web)
          summarize "$EPOCHREALTIME" unit web""")
        self.assertEqual(ran.returncode, 1)
        self.assertEqual(ran.stdout.splitlines()[-1], "3 passed, 1 failed")

    def test_all_green_is_said_last(self):
        ran = self.bash("""
          mkdir -p "$logs"; echo '100% tests passed, 0 tests failed out of 3' >"$logs/test-unit.log"
          summarize "$EPOCHREALTIME" unit""")
        self.assertEqual((ran.returncode, ran.stdout.splitlines()[-1]), (0, "3 passed, 0 failed"))

    def dev(self, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run([ROOT / "dev", *arguments], capture_output=True, text=True, check=False, timeout=10)

    def test_asking_for_help_starts_nothing(self):
        for arguments in (("help",), ("test", "--help"), ("build", "-h"), ("run", "--help"), ()):
            ran = self.dev(*arguments)
            self.assertEqual((ran.returncode, ran.stderr), (0, ""), arguments)
            self.assertTrue(ran.stdout.startswith("usage: ./dev VERB"), arguments)

    def test_what_is_not_there_is_named_with_what_is(self):
        for arguments, sentence in ((("frobnicate",), "unknown verb: frobnicate"),
                                    (("test", "nosuch"), "unknown tier: nosuch (there are: unit web browser samples schema clients fuzz asan)"),
                                    (("coverage", "events", "nosuch"), "no folder of src: nosuch"),
                                    (("bench", "nosuch"), "unknown benchmark: nosuch (there are: "),
                                    (("fuzz", "soon"), "seconds must be a whole number above 0: soon")):
            ran = self.dev(*arguments)
            self.assertEqual(ran.returncode, 2, arguments)
            self.assertIn(sentence, ran.stderr)

    def test_every_tier_queues_its_own_step(self):
        ran = self.bash("""
          source dev.d/samples.sh; source dev.d/schema.sh; source dev.d/clients.sh
          need() { :; }; need_page() { :; }; need_build() { :; }; need_npm() { :; }; queue_packages() { :; }
          for tier in "${tiers_all[@]}"; do "need_$tier"; "queue_$tier"; done
          printf "%s\\n" "${step_names[@]}"; echo "${tiers_all[@]/#/test-}" """)
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        *steps, tiers = ran.stdout.splitlines()
        self.assertEqual(steps, tiers.split())

    def test_every_verb_of_the_help_exists_and_every_verb_has_a_line(self):
        text = self.dev("help").stdout
        named = {verb for line in text.splitlines() if line.startswith("  ") and line[2] != " "
                 for verb in line[2:19].replace(",", " ").split() if verb.isalpha() and verb.islower()}
        listed = self.bash('source dev.d/samples.sh; source dev.d/verbs.sh; compgen -A function verb_').stdout.split()
        self.assertEqual(named - {"help"}, {verb.removeprefix("verb_") for verb in listed})

    def test_what_a_verb_sets_is_read_by_a_test(self):
        tests = [*(ROOT / "tests").rglob("*.cc"), *(ROOT / "src").rglob("tests/*.cc"),
                 *(ROOT / "src").rglob("tests/*.h")]
        for name in re.findall(r"export (BENCHLAKE_\w+|BL_\w+)=", (ROOT / "dev.d/verbs.sh").read_text()):
            readers = [path for path in tests if f'"{name}"' in path.read_text()]
            self.assertTrue(readers, f"no test reads {name}")

    def perf(self, arguments: str, status: int) -> subprocess.CompletedProcess:
        """./dev perf with a program in place of benchlake's that says how it was called and ends with `status`."""
        return self.bash(f"""
          source dev.d/perf.sh; cd "$root"; mkdir -p build/perf bin; logs="$root"
          need_perf_tier() {{ :; }}; run_queue() {{ :; }}; perf_image() {{ perf_image_name="" perf_image_missing="no docker"; }}
          program="$root/bin/gate"
          printf '%s\\n' '#!/bin/sh' 'echo "called: $*"' \
            'echo "<testcase name=a><failure /></testcase>
                   <testcase name=b/>" >build/perf/gate.xml' 'exit {status}' >"$program"
          sed -i 's/<failure /<failure type=x /' "$program"; chmod +x "$program"
          perf_tier {arguments}""")

    def test_perf_ends_as_the_gate_does_and_counts_its_benchmarks(self):
        for status in (0, 1, 3):
            ran = self.perf("", status)
            self.assertEqual(ran.returncode, status, ran.stderr)
            self.assertIn("skipped: cold_start[container]: no docker", ran.stdout)
            self.assertEqual(ran.stdout.splitlines()[-1], "performance: 1 passed, 1 failed")

    def test_only_perf_record_writes_a_baseline_and_only_ci_leaves_times_out(self):
        def called(arguments: str) -> str:
            return next(line for line in self.perf(arguments, 0).stdout.splitlines() if line.startswith("called: "))

        self.assertTrue(called("").startswith("called: gate check --config "))
        self.assertNotIn("--counters-only", called("--scenario insert_all"))
        self.assertTrue(called("--scenario insert_all").endswith("--scenario insert_all"))
        self.assertIn("gate check ", called("--ci"))
        self.assertIn("--arch linux-x86_64 --counters-only-on-foreign-machine", called("--ci"))
        self.assertTrue(called("--record --message why").startswith("called: gate record --config "))
        self.assertTrue(called("--record --message why").endswith(" --message why"))

    def test_packages_of_several_needs_are_one_step(self):
        ran = self.bash('queue_packages no-such-b bash; queue other o - true; queue_packages no-such-a; '
                        'printf "%s\\n" "${step_titles[@]}" "${step_commands[@]}"')
        self.assertEqual(ran.stdout.splitlines(),
                         ["installing system packages (2)", "o", "install_packages no-such-a no-such-b", "true"])

    def test_packages_that_are_here_cost_no_step(self):
        self.assertEqual(self.bash('queue_packages bash coreutils; echo "${#step_names[@]}"').stdout.strip(), "0")
        self.assertEqual(self.bash('queue_packages bash no-such-package; echo "${step_commands[0]}"').stdout.strip(),
                         "install_packages no-such-package")


if __name__ == "__main__":
    unittest.main(verbosity=1)
