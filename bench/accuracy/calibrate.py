'''Fits the weights and the trees of src/verdict/evidence.h; writes evidence_weights.h and evidence_trees.h.

usage: calibrate.py DIR OUT_FOLDER            fit on all sets of DIR (what is committed)
       calibrate.py DIR OUT_FOLDER SUITE      fit without a suite; cross_validate.py scores on it

DIR holds the sets of generate.py and what `calibration_rows features DIR/SET` wrote of each. Online: the mean of
a logistic regression (ridge of 3) and of boosted trees; segments: a logistic regression (ridge of 1). Needs
numpy and lightgbm.
'''
import json
import sys
from pathlib import Path

import lightgbm
import numpy as np

SETS = ('pub', 'numpy', 'scipy', 'enso', 'django', 'synthetic')
# Series of the benchmark itself count more; those of one noisy project, of which there are many, less.
WEIGHTS = {'pub': 4, 'django': 0.3}
ONLINE_KEY, SEGMENT_KEY = 6, 3
FRESH = 30          # results for which a change may be told
EASY, THIN = -3.5, 6  # of the candidates that are clearly none, one in six is kept, six times as heavy
TREES, LEAVES, RATE = 120, 8, 0.09


class Set:
    def __init__(self, folder, name, online_features, segment_features):
        labels = {l['id']: l for l in json.loads(Path(folder, f'{name}.lab').read_text(encoding='utf-8'))}
        self.labels, self.lower, self.weight = [], [], WEIGHTS.get(name, 1)
        with open(Path(folder, f'{name}.txt'), encoding='utf-8') as text:
            while head := text.readline().split():
                self.labels.append(labels[head[0]])
                self.lower.append(head[2] == '0')
                text.readline()
                text.readline()
        self.suites = np.array([l['suite'] for l in self.labels])
        self.read_online(np.fromfile(Path(folder, f'{name}.online'), np.float32)
                         .reshape(-1, ONLINE_KEY + online_features))
        self.read_segments(np.fromfile(Path(folder, f'{name}.segments'), np.float32)
                           .reshape(-1, SEGMENT_KEY + segment_features))

    def is_larger(self, change, number):
        return (change['direction'] == 'regression') == self.lower[number]

    def read_online(self, rows):
        '''A candidate is right when its window begins at a change of its direction that is fresh.'''
        number, newest, first = (rows[:, k].astype(int) for k in (0, 1, 3))
        window, larger = rows[:, 2], rows[:, 4] > 0
        right, kept = np.zeros(len(rows), bool), np.ones(len(rows), bool)
        bounds = np.searchsorted(number, np.arange(len(self.labels) + 1))
        for k, label in enumerate(self.labels):
            s = slice(bounds[k], bounds[k + 1])
            t, i = newest[s], first[s]
            if label['family'] == 'drift':
                kept[s] = False
            for a, b in label['ignore']:
                kept[s] &= ~(((a <= i) & (i <= b)) | ((a <= t) & (t <= b)))
            near = np.zeros(len(t), bool)
            for change in label['changes']:
                fresh = (change['i'] <= t) & (t < change['i'] + FRESH)
                off = i - change['i']
                near |= fresh
                right[s] |= (fresh & (off <= 2) & (off >= -np.minimum(2, window[s] - 1))
                             & (larger[s] == self.is_larger(change, k)))
            kept[s] &= ~(near & ~right[s])  # neither right nor wrong
        easy = ~right & (rows[:, 5] < EASY)
        kept &= ~easy | (np.random.default_rng(1).random(len(rows)) < 1 / THIN)
        self.features, self.window, self.right = rows[kept, ONLINE_KEY:], window[kept], right[kept]
        self.heavy = np.where(easy, THIN, 1.0)[kept] * self.weight
        self.suite = self.suites[number[kept]]

    def read_segments(self, rows):
        '''A proposal is right within 5 results of a change of its direction; long series count by their root.'''
        number = rows[:, 0].astype(int)
        right, kept = np.zeros(len(rows), bool), np.ones(len(rows), bool)
        for j, (k, i, larger) in enumerate(zip(number, rows[:, 1], rows[:, 2] > 0)):
            label = self.labels[k]
            kept[j] = label['family'] != 'tcpd' and not any(a <= i <= b for a, b in label['ignore'])
            right[j] = any(abs(i - c['i']) <= 5 and self.is_larger(c, k) == larger for c in label['changes'])
        count = np.bincount(number, minlength=len(self.labels))
        self.segments, self.segment_right = rows[kept, SEGMENT_KEY:], right[kept]
        self.segment_heavy = (3 / np.sqrt(count[number]) * self.weight)[kept]
        self.segment_suite = self.suites[number[kept]]


def logistic(rows, right, heavy, ridge):
    rows = rows.astype(float)
    scale = rows.std(0)
    scale[0] = 1
    scale[scale < 1e-9] = 1e9
    rows /= scale
    weights = np.zeros(rows.shape[1])
    for _ in range(60):
        p = 1 / (1 + np.exp(-np.clip(rows @ weights, -30, 30)))
        curvature = (rows * (heavy * p * (1 - p))[:, None]).T @ rows + ridge * np.eye(len(weights))
        step = np.linalg.solve(curvature, rows.T @ (heavy * (right - p)) - ridge * weights)
        weights += step
        if abs(step).max() < 1e-3:
            break
    return weights / scale


def boosted(rows, right, heavy):
    '''Nodes of all trees in pre-order, and where each tree begins.'''
    options = dict(objective='binary', num_leaves=LEAVES, learning_rate=RATE, min_data_in_leaf=150, lambda_l2=5,
                   max_bin=127, feature_fraction=.7, seed=1, num_threads=1, deterministic=True, verbose=-1)
    model = lightgbm.train(options, lightgbm.Dataset(rows, right, weight=heavy), TREES)
    nodes, roots = [], []

    def add(node):
        at = len(nodes)
        if 'leaf_value' in node:
            nodes.append(('k_leaf', node['leaf_value'], 0))
            return
        nodes.append(None)
        add(node['left_child'])
        nodes[at] = (node['split_feature'], node['threshold'], len(nodes) - at)
        add(node['right_child'])

    for tree in model.dump_model()['tree_info']:
        roots.append(len(nodes))
        add(tree['tree_structure'])
    return nodes, roots


def array(kind, name, count, values, width=100):
    lines, line = [], '   '
    for value in values:
        if len(line) + len(value) + 2 > width:
            lines.append(line)
            line = '   '
        line += f' {value},'
    return f'inline constexpr std::array<{kind}, {count}> {name} = {{\n' + '\n'.join(lines + [line]) + '\n};\n'


HEADER = '''#pragma once

#include <array>
{includes}
#include "verdict/evidence.h"

/// Written by bench/accuracy/calibrate.py: {what}
namespace bl::verdict {{

{body}
}}  // namespace bl::verdict
'''

TREE = '''/// One node of a tree, the nodes of a tree in pre-order. A split goes to the next node when the
/// feature is at most `value`, else to the node `above` further on; a leaf holds its addend.
struct TreeNode {
  std::uint8_t feature;  // of OnlineFeature; the one after the last is the window
  float value;
  std::int16_t above;
};
inline constexpr std::uint8_t k_leaf = 255;
constexpr bool is_leaf(const TreeNode& node) { return node.feature == k_leaf; }

'''


def write_weights(folder, online, segments):
    numbers = [f'{w:.5g}' for w in online]
    n = len(numbers) // 3
    body = (array('double', 'k_online_weights', 'k_online_features', numbers[:n])
            + '/// Added for each doubling of the window.\n'
            + array('double', 'k_online_weights_per_octave', 'k_online_features', numbers[n:2 * n])
            + '/// Added for a window of one result.\n'
            + array('double', 'k_online_weights_of_one', 'k_online_features', numbers[2 * n:]) + '\n'
            + array('double', 'k_segment_weights', 'k_segment_features', [f'{w:.5g}' for w in segments]))
    Path(folder, 'evidence_weights.h').write_text(HEADER.format(
        includes='', what='the weights of evidence.h, in the order of its features.', body=body), encoding='utf-8')


def write_trees(folder, nodes, roots):
    def real(x):
        text = f'{np.float32(x):.6g}'
        return text + ('f' if '.' in text or 'e' in text else '.0f')
    texts = [f'{{{feature}, {real(value)}, {above}}}' for feature, value, above in nodes]
    body = (TREE + '// clang-format off\n'
            + array('TreeNode', 'k_tree_nodes', len(nodes), ['{' + texts[0]] + texts[1:]).replace('\n};', '\n}};')
            + '// clang-format on\n' + array('std::int16_t', 'k_tree_roots', len(roots), [str(r) for r in roots]))
    Path(folder, 'evidence_trees.h').write_text(HEADER.format(
        includes='#include <cstdint>\n', what='the trees of evidence.h.', body=body), encoding='utf-8')


def main(folder, out, without=None):
    evidence = Path(__file__).parents[2] / 'src/verdict/evidence.h'
    counts = [part.split('  count\n')[0].count('///<') for part in evidence.read_text().split('enum class')[1:]]
    sets = [Set(folder, name, *counts) for name in SETS]

    def joined(rows, suite):
        return [np.concatenate([getattr(s, name)[getattr(s, suite) != without] for s in sets]) for name in rows]
    features, window, right, heavy = joined(('features', 'window', 'right', 'heavy'), 'suite')
    by_window = np.c_[features, features * np.log2(window)[:, None], features * (window == 1)[:, None]]
    segments = joined(('segments', 'segment_right', 'segment_heavy'), 'segment_suite')
    write_weights(out, logistic(by_window, right, heavy, 3), logistic(*segments, 1))
    write_trees(out, *boosted(np.c_[features, window], right, heavy))


if __name__ == '__main__':
    main(*sys.argv[1:])
