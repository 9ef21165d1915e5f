'''Noise of real histories and of made-up ones, for generate.py. Needs numpy.

A source is the noise of one history on a logarithmic scale, its changes of level taken out; its suite says
whose it is. Cross-validation holds a whole suite back, so that no machine and no project is on both sides.
'''
import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

SUITES = ('numpy', 'scipy', 'enso', 'django', 'synthetic')


@dataclass
class Source:
    name: str
    suite: str
    noise: np.ndarray
    modes: bool = False  # modes were injected into it
    of_benchmark: bool = True


def suite_of(name):
    for suite in ('numpy', 'scipy', 'django'):
        if suite in name:
            return suite
    return 'enso'  # and the few of other projects


def level_free(values, cuts):
    parts = [values[a:b] - np.median(values[a:b]) for a, b in zip(cuts, cuts[1:]) if b > a]
    return np.concatenate(parts)


def of_benchmark(folder):
    '''The injected series of the accuracy benchmark, at their labels.'''
    series = {s['id']: s for s in map(json.loads, open(Path(folder, 'series.jsonl'), encoding='utf-8'))}
    for label in map(json.loads, open(Path(folder, 'labels.jsonl'), encoding='utf-8')):
        if label['kind'] != 'semi' or label['family'] == 'drift':
            continue
        meta = label['meta']
        values = np.log(series[label['id']]['value'])
        cuts = [0, len(values)] + [c['i'] for c in label['changes']]
        if 'env_at' in meta:
            cuts.append(meta['env_at'])
        noise = level_free(values, sorted(cuts))
        if label['family'] == 'variance':
            noise = noise[:meta['i']]
        if 'spikes' in meta:
            noise = np.delete(noise, meta['spikes'])
        yield Source(meta['pool'], suite_of(meta['pool']), noise, label['family'] == 'multimodal')


def steps_of(values, first, last, cuts, sure=7.0, shortest=8):
    '''Binary segmentation by the means of limited values; `cuts` receives where.'''
    if last - first < 2 * shortest:
        return
    part = values[first:last]
    middle = np.median(part)
    unit = max(1.4826 * np.median(np.abs(np.diff(part))) / math.sqrt(2), 1e-5)
    limited = np.clip(part, middle - 12 * unit, middle + 12 * unit)
    total = np.cumsum(limited)
    n = np.arange(shortest, len(part) - shortest + 1)
    low = total[n - 1] / n
    high = (total[-1] - total[n - 1]) / (len(part) - n)
    surprise = np.abs(high - low) * np.sqrt(n * (len(part) - n) / len(part)) / unit
    best = int(np.argmax(surprise))
    if surprise[best] < sure:
        return
    at = first + int(n[best])
    cuts.append(at)
    steps_of(values, first, at, cuts, sure, shortest)
    steps_of(values, at, last, cuts, sure, shortest)


def of_asv(folder):
    '''Every benchmark of a folder of asv's result files, oldest first, its steps taken out.'''
    runs = [json.load(open(p, encoding='utf-8')) for p in sorted(Path(folder).glob('*-*.json'))]
    histories = {}
    for run in sorted(runs, key=lambda r: r['date']):
        for name, columns in run['results'].items():
            for k, value in enumerate((columns[0] if columns else None) or []):
                if value is not None and value > 0:
                    histories.setdefault(f'{name}#{k}', []).append(math.log(value))
    for name, values in histories.items():
        values = np.array(values)
        if len(values) < 100:
            continue
        cuts = [0, len(values)]
        steps_of(values, 0, len(values), cuts)
        yield Source(name, suite_of(str(folder)), level_free(values, sorted(cuts)), of_benchmark=False)


def synthetic(rng, length):
    '''One made-up noise; its kinds are those that real histories show, and some that are worse.'''
    size = 10 ** rng.uniform(-3.3, -1.4)
    kind = rng.integers(10)
    normal = rng.standard_normal(length)
    if kind == 1:  # heavy tails
        normal = rng.standard_t(3, length)
    elif kind == 2:  # skew
        normal = np.exp(0.8 * normal) - 1
    elif kind == 3:  # each result depends on the one before
        normal = autoregressive(normal, rng.uniform(0.3, 0.8))
    elif kind == 4:  # a coarse clock
        step = rng.uniform(0.5, 2)
        normal = step * np.round(normal / step)
    elif kind == 5:  # bursts of slow results
        burst = np.zeros(length)
        for at in np.flatnonzero(rng.random(length) < 0.02):
            burst[at:at + rng.geometric(0.4)] = 1
        normal = normal + burst * np.abs(8 * rng.standard_normal(length))
    elif kind == 6:  # the spread changes now and then
        spread = np.repeat(np.exp(0.6 * rng.standard_normal(length)), rng.geometric(0.03, length))[:length]
        normal = normal * spread
    elif kind == 7:  # slow wander
        normal = normal + rng.uniform(0.5, 1.5) * autoregressive(rng.standard_normal(length), 0.97)
    elif kind == 8:  # two or three modes, sticky or not
        stay = rng.choice([0.0, 0.5, 0.8, 0.9])
        places = np.concatenate([[0], rng.uniform(3, 12, rng.integers(1, 3)) * rng.choice([-1, 1])])
        weights = rng.dirichlet(np.full(len(places), 2.0))
        mode = 0
        for j in range(length):
            if rng.random() > stay:
                mode = rng.choice(len(places), p=weights)
            normal[j] += places[mode]
    elif kind == 9:  # a rhythm of days or weeks
        period = rng.uniform(5, 40)
        normal = normal + rng.uniform(0.5, 2) * np.sin(2 * math.pi * (np.arange(length) / period + rng.random()))
    return size * normal


def autoregressive(normal, share):
    out = np.empty_like(normal)
    last = normal[0]
    for j, n in enumerate(normal):
        last = share * last + math.sqrt(1 - share * share) * n
        out[j] = last
    return out
