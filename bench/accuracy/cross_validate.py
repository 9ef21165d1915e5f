'''How good are the verdicts on projects that the fit has not seen? Fits without each suite of sources in turn,
builds the detector with that, and scores it on the suite's sets and on the suite's series of the public part.

usage: cross_validate.py DIR ACCURACY_FOLDER BUILD_FOLDER

DIR: the sets of generate.py with their features (calibrate.py). BUILD_FOLDER: a configured build; the program
calibration_rows is built there. src/verdict/evidence_weights.h and evidence_trees.h are put back at the end.
'''
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
VERDICT = HERE.parents[1] / 'src/verdict'
GENERATED = ('evidence_weights.h', 'evidence_trees.h')
SUITES = ('numpy', 'scipy', 'enso', 'django', 'synthetic')


def module(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


class Counts:
    '''What score.py counts, over the series of a set.'''

    def __init__(self, score):
        self.score = score
        self.within = {1: 0, 3: 0, 10: 0, 20: 0}
        self.false_alarms = self.results = self.changes = 0
        self.found = self.invented = self.missed = self.exact = 0

    def add(self, label, verdict, count):
        if label['online'] and label['family'] != 'drift':
            told = self.score.on_one(label, verdict, count)
            for limit in self.within:
                self.within[limit] += sum(1 for f in told['first'] if f and f[0] < limit)
            self.false_alarms += told['fa']
            self.results += told['commits']
            self.changes += len(told['first'])
        if label['kind'] == 'semi' and label['family'] != 'drift':
            found, invented, missed, off = self.score.off_one(label, verdict)
            self.found += found
            self.invented += invented
            self.missed += missed
            self.exact += sum(d == 0 for d in off)

    def line(self):
        gate = ' '.join(f'gF1@{k} {2 * n / (n + self.false_alarms + self.changes):.3f}' for k, n in self.within.items())
        offline = 2 * self.found / (2 * self.found + self.invented + self.missed)
        return (f'{gate} d10 {self.within[10] / self.changes:.3f} FA/1000 {1000 * self.false_alarms / self.results:.2f}'
                f' offline {offline:.3f} exact {self.exact / self.found:.3f}')


def judge(build, stem):
    subprocess.run([Path(build, 'bench/calibration_rows'), 'verdicts', stem], check=True)
    return {v['id']: v for v in map(json.loads, open(f'{stem}.verdicts', encoding='utf-8'))}


def main(folder, accuracy, build):
    score = module(Path(accuracy, 'score.py'))
    kept = {name: (VERDICT / name).read_text() for name in GENERATED}
    public, real = Counts(score), Counts(score)
    try:
        for suite in SUITES:
            subprocess.run([sys.executable, HERE / 'calibrate.py', folder, VERDICT, suite], check=True)
            subprocess.run(['ninja', '-C', build, 'calibration_rows'], check=True, stdout=subprocess.DEVNULL)
            own = Counts(score)
            for name in ('pub', suite):
                verdicts = judge(build, Path(folder, name))
                for label in json.loads(Path(folder, f'{name}.lab').read_text()):
                    if label['suite'] != suite or label['family'] == 'tcpd':
                        continue
                    for counts in (public,) if name == 'pub' else (own, real) if suite != 'synthetic' else (own,):
                        counts.add(label, verdicts[label['id']], label['n'])
            print(f'{suite:10}', own.line(), flush=True)
        print('all real  ', real.line())
        print('public    ', public.line())
    finally:
        for name, text in kept.items():
            (VERDICT / name).write_text(text)


if __name__ == '__main__':
    main(*sys.argv[1:])
