// What alerts cost: numbers as the server says them, an answer that a person gives, a refusal by name.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  api,
  desktop,
  mobile,
  open,
  screenshot,
  skip,
  skip_writes,
  with_browser,
  with_page,
} from './harness.mjs';
import { signed_in, with_user } from './people.mjs';

with_browser();

/** The demo's results are of days long ago: all of them. */
const k_days = 3660;

async function cost() {
  const { repositories } = await api('/api/v1/facts');
  for (const repository of repositories) {
    const query = new URLSearchParams({ repository, days: k_days });
    const answer = await api(`/api/v1/advice/alert-cost?${query}`);
    if (answer.alerts.some(({ answer, series }) => answer === 'unknown' && series.length > 0))
      return answer;
  }
  throw new Error('the demo has an alert that nobody answered');
}

const path_of = ({ repository }) =>
  `/alert-cost?${new URLSearchParams({ repository, days: k_days })}`;

test('the page says the numbers of the server, and what it does not know', { skip }, async () => {
  const known = await cost();
  for (const viewport of [desktop, mobile]) {
    await with_page({ viewport }, async (page) => {
      await open(page, path_of(known));
      const numbers = page.getByRole('region', { name: 'Alerts in numbers' });
      for (const [label, value] of [
        ['Alerts told', known.alerts_told],
        ['Unknown', known.unknown],
        ['Missed', known.missed],
      ]) {
        const fact = numbers.locator('div', { has: page.getByText(label, { exact: true }) }).last();
        assert.equal(await fact.locator('dd').innerText(), String(value), label);
      }
      const rows = page.getByRole('region', { name: 'What was told' }).locator('tbody tr');
      assert.equal(await rows.count(), Math.min(known.alerts.length, 50));
      for (const { threshold, refusal, points } of known.thresholds) {
        const title = threshold === 'z' ? 'Threshold in σ' : 'Threshold in percent';
        const panel = page.getByRole('region', { name: title });
        assert.equal(await panel.locator('tbody tr').count(), points.length);
        assert.equal(await panel.locator('circle').count(), points.length);
        assert.equal(await panel.locator(`[data-refusal=${refusal}]`).count(), refusal ? 1 : 0);
      }
      await screenshot(page, `alert-cost-${viewport.width}`);
      const over = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      assert.ok(over <= 1, `the page is ${over} pixels too wide`);
    });
  }
});

test('an unknown alert leads to its result, where a person answers', { skip: skip_writes }, () =>
  with_user('writer', async (user) => {
    const before = await cost();
    const of = before.alerts.find(
      ({ answer, series }) => answer === 'unknown' && series.length > 0,
    );
    const { result_id } = of.series[0];
    await with_page({}, async (page) => {
      await signed_in(page, user);
      await open(page, `/results/${result_id}`);
      await page.getByRole('button', { name: 'It did get slower here' }).click();
      await page.getByRole('button', { name: 'It did get slower here', pressed: true }).waitFor();
      await open(page, path_of(before));
      const row = page.locator('tbody tr', {
        has: page.locator(`a[href="/results/${result_id}"]`),
      });
      assert.equal(await row.locator('[data-answer]').innerText(), 'Right');
      await row.getByText('somebody confirmed it').waitFor();
      // Taken back, so that other tests find what was there.
      await open(page, `/results/${result_id}`);
      await page.getByRole('button', { name: 'It did get slower here', pressed: true }).click();
      await page.getByRole('button', { name: 'It did get slower here', pressed: false }).waitFor();
    });
  }),
);

test('a proposal is set by a button, and keeps the rest of the rule', { skip: skip_writes }, () =>
  with_user('writer', (user) =>
    with_page({}, async (page) => {
      const answer = await cost();
      const { repository } = answer;
      Object.assign(answer.thresholds[0], {
        proposed: 7,
        refusal: null,
        reason: 'z 7 instead of 5',
      });
      const rule = { repository, history_fingerprint: null, threshold: 3, threshold_z: null };
      const sent = [];
      await page.route('**/api/v1/advice/alert-cost?*', (route) => route.fulfill({ json: answer }));
      await page.route('**/api/v1/thresholds*', (route) => {
        if (route.request().method() === 'PUT') sent.push(route.request().postDataJSON());
        const thresholds = [{ ...rule, notify_improvements: true }];
        return route.fulfill({ json: { thresholds, default: { threshold: 5, threshold_z: 5 } } });
      });
      await signed_in(page, user);
      await open(page, path_of(answer));
      await page.getByText('z 7 instead of 5.').waitFor();
      await page.getByRole('button', { name: 'Set 7' }).click();
      assert.deepEqual(sent, [], 'nothing is set yet');
      await page.getByRole('button', { name: 'Set the threshold' }).click();
      await page.getByRole('button', { name: 'Set 7' }).waitFor();
      assert.deepEqual(sent, [{ ...rule, threshold_z: 7, notify_improvements: true }]);
    }),
  ),
);
