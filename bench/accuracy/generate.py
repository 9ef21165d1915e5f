'''New series for calibration: real and made-up noise with new changes injected, one set for each suite of
sources (sources.py), so that calibrate.py can fit without a suite and score on it.

usage: generate.py ACCURACY_FOLDER OUT_FOLDER [ASV_RESULTS_FOLDER ...]

Writes OUT_FOLDER/SET.txt (series) and SET.lab (labels) for SET in numpy scipy enso django synthetic, and
pub: the public part itself, which takes part in the fit. Needs numpy.
'''
import json
import math
import sys
from pathlib import Path

import numpy as np

import sources

# Family, and how many series of it in a set of size one: as the benchmark has them, and some that it lacks.
FAMILIES = {'step': 18, 'none': 12, 'revert': 6, 'outlier': 6, 'variance': 4, 'multimodal': 6, 'hardware': 6,
            'counter': 4, 'early': 12}
LENGTH = 300
SIZES = (0.02, 0.05, 0.10, 0.20)


class Series:
    '''Noise with changes added, on a logarithmic scale.'''

    def __init__(self, rng, noise):
        self.rng = rng
        self.log = np.array(noise)
        self.env = np.zeros(len(noise), int)
        self.changes = []

    def between(self, low, high):
        return int(self.rng.integers(int(low * len(self.log)), int(high * len(self.log))))

    def signed(self, size):
        '''So much more, or what takes so much more back.'''
        return size if self.rng.random() < 0.5 else -size / (1 + size)

    def change(self, at, size):
        self.log[at:] += math.log1p(size)
        self.changes.append((at, math.log1p(size)))


def inject(family, s):
    rng = s.rng
    if family == 'step':
        s.change(s.between(.22, .45), s.signed(rng.choice(SIZES)))
        s.change(s.between(.6, .85), s.signed(rng.choice(SIZES)))
    elif family == 'early':
        at = int(rng.integers(15, 60))
        for _ in range(rng.integers(1, 4)):
            if at >= len(s.log) - 12:
                break
            s.change(at, s.signed(math.exp(rng.normal(-2.2, .9))))
            at += int(rng.integers(10, 60))
    elif family == 'counter':
        for low, high in ((.22, .45), (.6, .85)):
            s.change(s.between(low, high), rng.choice([-1, 1]) * rng.choice([.003, .005, .01]))
    elif family == 'revert':
        size, at, gap = rng.choice([.05, .1, .2]), s.between(.3, .42), int(rng.choice([5, 8, 12, 15, 20, 30]))
        s.change(at, size)
        s.change(at + gap, -size / (1 + size))
        s.change(s.between(.65, .83), s.signed(rng.choice([.05, .1, .2])))
    elif family == 'outlier':
        sign = rng.choice([1, 1, 1, -1])
        for at in rng.choice(np.arange(70, len(s.log)), 5, replace=False):
            s.log[at] += sign * math.log1p(rng.uniform(.15, 1))
    elif family == 'variance':
        s.log[s.between(.4, .6):] *= rng.uniform(2, 4)
    elif family == 'multimodal':
        gap, share, sticky, mode = rng.uniform(.04, .12), rng.uniform(.2, .5), rng.random() < .5, False
        for at in range(len(s.log)):
            if not sticky or rng.random() < .2:
                mode = rng.random() < share
            s.log[at] += gap * mode
        if rng.random() < .4:
            s.change(s.between(.3, .6), rng.choice([.2, -1 / 6]))
    elif family == 'hardware':
        at = s.between(.3, .4)
        s.log[at:] += rng.choice([-1, 1]) * rng.uniform(.15, .4)
        s.env[at:] = 1
        s.change(s.between(.63, .82), s.signed(rng.choice([.05, .1])))


def noise_from(rng, pool, length):
    '''A stretch as it was, or blocks of 10 to 40 results. Half of the time from the benchmark, where a suite has
    more sources.'''
    known = [p for p in pool if p.of_benchmark]
    if len(known) < len(pool) and rng.random() < .5:
        pool = known
    noise = pool[rng.integers(len(pool))].noise
    if len(noise) >= length and rng.random() < .4:
        at = rng.integers(0, len(noise) - length + 1)
        return noise[at:at + length]
    blocks, total = [], 0
    while total < length:
        at, size = rng.integers(0, max(1, len(noise) - 10)), rng.integers(10, 41)
        blocks.append(noise[at:at + size])
        total += len(blocks[-1])
    return np.concatenate(blocks)[:length]


def make(name, pool, seed, size):
    '''`pool` None: made-up noise.'''
    rng = np.random.default_rng(seed)
    series, labels = [], []
    for family, count in FAMILIES.items():
        for _ in range(round(count * size)):
            length = 160 if family == 'early' else LENGTH
            if pool:
                usable = [p for p in pool if not p.modes or family == 'none']
                noise = noise_from(rng, usable, length)
            else:
                noise = sources.synthetic(rng, length)
            if family == 'counter':
                noise = noise * (.0002 / 1.48 / (np.median(np.abs(noise)) or 1e-4))
            s = Series(rng, noise)
            inject(family, s)
            lower = bool(rng.random() < 2 / 3)
            key = f'{name}-{family}-{len(series)}'
            base = 10 ** rng.uniform(-5, 5)
            series.append((key, lower, True, s.env.tolist(), (base * np.exp(s.log)).tolist()))
            labels.append({
                'id': key, 'n': length, 'family': family, 'kind': 'semi', 'online': True, 'ignore': [], 'meta': {}, 'suite': name,
                'changes': [{'i': int(at), 'direction': 'regression' if (g > 0) == lower else 'improvement',
                             'size': math.expm1(abs(g)) if g > 0 else -math.expm1(-abs(g))}
                            for at, g in sorted(s.changes)]})
    return series, labels


def public(folder):
    labels = [json.loads(line) for line in open(Path(folder, 'labels.jsonl'), encoding='utf-8')]
    known = {d['id']: d for d in map(json.loads, open(Path(folder, 'series.jsonl'), encoding='utf-8'))}
    series = []
    for label in labels:
        meta = label.get('meta') or {}
        label['suite'] = sources.suite_of(str(meta.get('pool') or meta.get('source') or ''))
        d = known[label['id']]
        label['n'] = d['n']
        names = {e: k for k, e in enumerate(dict.fromkeys(d['env']))}
        series.append((d['id'], d['direction'] == 'lower', label['online'], [names[e] for e in d['env']], d['value']))
    return series, labels


def write(folder, name, series, labels):
    with open(Path(folder, f'{name}.txt'), 'w', encoding='utf-8') as out:
        for key, lower, online, env, value in series:
            print(key, len(value), int(not lower), int(online), file=out)
            print(*env, file=out)
            print(*map(repr, value), file=out)
    Path(folder, f'{name}.lab').write_text(json.dumps(labels), encoding='utf-8')


def main(accuracy, out, asv_folders):
    pools = {}
    found = list(sources.of_benchmark(accuracy))
    for folder in asv_folders:
        found += sources.of_asv(folder)
    for source in found:
        pools.setdefault(source.suite, []).append(source)
    write(out, 'pub', *public(accuracy))
    for seed, suite in enumerate(sources.SUITES, 1):
        write(out, suite, *make(suite, pools.get(suite), seed, 4))


if __name__ == '__main__':
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
