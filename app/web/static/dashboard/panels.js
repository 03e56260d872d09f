/** The smaller panels: context, cache, tasks, learners, money. */

import { at } from "../dom.js";
import { plain } from "../words.js";
import { rows } from "./lists.js";
import { bar, stack } from "./pictures.js";
import { numberOf } from "./tiles.js";
import { many, ms, points, share, usd } from "./units.js";

const NO_TURNS = "Nothing yet: it comes with the first turns of this time range.";

/** What each layer of the context took, of what it would have taken whole. */
export function context(figures) {
  const layers = (figures?.context?.layers ?? []).filter((layer) => layer.full_tokens > 0);
  const most = Math.max(...layers.map((layer) => layer.full_tokens), 1);
  const shown = layers.map(({ name, tokens, full_tokens: full }) => ({
    name: plain(name),
    value: tokens < full ? `${share(1 - tokens / full)} saved` : "kept whole",
    picture: () => bar(tokens / most, full / most),
    drawn: `${tokens} ${full} ${most}`,
    more: `${many(tokens)} of ${many(full)} tokens`,
  }));
  rows(at("context-body"), shown, NO_TURNS);
}

/** What caches answered. */
export function cache(figures) {
  const { responses, prefix } = figures?.cache ?? {};
  const shown = [...ofResponses(responses), ...ofPrefix(prefix)];
  rows(at("cache-body"), shown, NO_TURNS);
}

function ofResponses(responses) {
  if (!responses) return [];
  const counts = Object.entries(responses).filter(([, count]) => Number.isFinite(count));
  const all = counts.reduce((sum, [, count]) => sum + count, 0);
  return all ? counts.map(([name, count]) => shareRow(`Answers: ${plain(name)}`, count / all, many(count))) : [];
}

function ofPrefix(prefix) {
  const part = numberOf(prefix);
  return Number.isFinite(part) ? [shareRow("Tokens read from the providers’ prefix caches", part)] : [];
}

const shareRow = (name, part, more = "") => ({ name, value: share(part), picture: () => bar(part), more });

/** How learners feel, what they know, and whether it helps. */
export function learners(figures) {
  const { affect = {}, mastery = {}, engagement = {}, safety = {} } = figures ?? {};
  const labels = Object.entries(affect)
    .filter(([, count]) => count > 0)
    .sort((a, b) => b[1] - a[1]);
  const all = labels.reduce((sum, [, count]) => sum + count, 0);
  const shown = labels.map(([label, count], n) => ({
    key: `affect ${label}`,
    name: plain(label),
    value: share(count / all),
    picture: () => stack(labels.map((_, other) => (other === n ? count / all : 0))),
    drawn: `${n} ${count / all}`,
    more: `${many(count)} turns`,
  }));
  if (mastery.answers)
    shown.push(
      shareRow(
        "Answers that were right",
        mastery.correct,
        `${many(mastery.answers)} answers, mastery gained ${points(mastery.gain)}`,
      ),
    );
  if (engagement.feedback)
    shown.push(shareRow("Found it helpful", engagement.helpful, `${many(engagement.feedback)} said so or not`));
  if (safety.flagged)
    shown.push({
      name: "Signs of danger",
      value: many(safety.flagged),
      more: "These learners were told where to find help.",
    });
  rows(at("learners-body"), shown, NO_TURNS);
}

/** What learners wanted: how often, and how long it took. */
export function tasks(figures) {
  const found = [...(figures?.tasks ?? [])].sort((a, b) => b.count - a.count);
  const all = found.reduce((sum, { count }) => sum + count, 0);
  const shown = found.map(({ task, count, failed, total_ms: total }) => ({
    name: plain(task),
    value: many(count),
    picture: () => bar(count / all),
    drawn: `${count} ${all}`,
    more: `whole answer p50 ${ms(total?.p50)}, p95 ${ms(total?.p95)} · failed ${share(failed)}`,
  }));
  rows(at("tasks-body"), shown, NO_TURNS);
}

/** What may be spent today, and what was. */
export function money(budget) {
  const found = budget?.workspace;
  if (!found) return rows(at("money-body"), [], "Budgets are not known here.");
  const used = found.limit_usd ? (found.spent_usd + found.reserved_usd) / found.limit_usd : null;
  const day = {
    name: `Spent on ${budget.day}`,
    value: usd(found.spent_usd),
    picture: used === null ? undefined : () => bar(Math.min(1, used)),
    more:
      found.limit_usd === null
        ? "No limit is set (policy.budgets)."
        : `${usd(found.left_usd)} of ${usd(found.limit_usd)} left; when it is spent: ${plain(budget.when_spent)}`,
  };
  rows(at("money-body"), [day], "");
}
