// The fake's clock: what it says, and setting it forward.

import { act, again, call, get } from "/_fake/console/api.js";
import { command, h, list, toast } from "/_fake/console/dom.js";
import { day, span, t, time } from "/_fake/console/words.js";

export default {
  id: "clock",
  label: () => t("시계", "Clock"),
  kinds: ["time", "payments", "webhooks"],
  open,
};

const STEPS = () => [["10m", t("10분", "10 min")], ["1h", t("1시간", "1 h")], ["1d", t("1일", "1 day")], ["7d", t("7일", "7 days")]];

function open(view, world) {
  const face = h("time.face", {});
  const ahead = h("p.muted", {});
  const custom = h("input", { name: "custom", placeholder: "36h, 3d 2h, 90m", ariaLabel: t("얼마나", "How far") });
  const until = h("input", { type: "datetime-local", step: 1, ariaLabel: t("언제까지", "Until when") });
  const results = h("ul.notes", {});
  const buttons = STEPS().map(([step, label]) => h("button", { type: "button", onclick: () => go({ advance: step }) }, `+${label}`));
  view.append(h("section.wide", {},
    h("div.card.clockface", {}, face, ahead, h("div.acts", {}, buttons),
      h("form.inline", { onsubmit: (event) => { event.preventDefault(); if (custom.value.trim()) go({ advance: custom.value.trim() }); } }, custom, h("button", {}, t("만큼 앞으로", "forward"))),
      h("form.inline", { onsubmit: (event) => { event.preventDefault(); if (until.value) go({ to: `${until.value.length === 16 ? `${until.value}:00` : until.value}+09:00` }); } }, until, h("button", {}, t("까지 (한국 시각)", "until then (Korean time)")))),
    results,
    h("p.lead", {}, t("시계를 앞으로 돌리면 그 사이에 일어날 일이 순서대로 모두 일어납니다: 결제 만료, 가상계좌 기한, 웹훅 재시도, 지급. 뒤로는 갈 수 없고, 초기화하면 실제 시각으로 돌아옵니다.",
      "Everything that falls due on the way happens in its order: payments expire, accounts fall overdue, webhooks are retried, payouts go out. It never goes back; a reset brings it to the real time.")),
    command(`curl -s ${world.summary.url}/_fake/time -H 'content-type: application/json' -d '{"advance":"36h"}'`),
    h("div.card.danger", {}, h("div", {}, h("h3", {}, t("초기화", "Reset")), h("p.muted", {}, t("결제, 장부, 기록, 장애를 모두 잊습니다. 웹훅 주소와 설정은 남습니다.", "Forgets payments, book, logs and faults. Webhook URLs and switches stay."))),
      h("button.danger", { type: "button", onclick: reset }, t("모두 초기화", "Reset everything")))));

  async function go(how) {
    for (const button of view.querySelectorAll("button")) button.disabled = true;
    try {
      const before = await get("/_fake");
      const { now } = await call("POST", "/_fake/time", how);
      const after = await get("/_fake");
      list(results, told(before, after), (line) => line, (line) => h("li", {}, line));
      toast(`${day(now)} ${time(now)}`, "good");
    } catch (error) {
      toast(error.message);
    }
    for (const button of view.querySelectorAll("button")) button.disabled = false;
  }

  async function reset() {
    if (!window.confirm(t("결제와 기록을 모두 지울까요?", "Forget all payments and logs?"))) return;
    if (await act("POST", "/_fake/reset", undefined, t("초기화했습니다", "Reset"))) location.reload();
  }

  const refresh = again(async () => {
    const now = world.now();
    face.textContent = `${day(now)} ${time(now)}`;
    const by = world.summary.ahead_ms;
    ahead.textContent = by > 0 ? t(`실제 시각보다 ${span(by)} 앞`, `${span(by)} ahead of the real time`) : t("실제 시각 그대로", "the real time");
  });
  const ticking = setInterval(() => (face.isConnected ? refresh() : clearInterval(ticking)), 500);
  return { refresh };
}

/** What the journey has changed, in words. */
function told(before, after) {
  const lines = [];
  const states = new Set([...Object.keys(before.counts.payments_by_status), ...Object.keys(after.counts.payments_by_status)]);
  for (const state of states) {
    const change = (after.counts.payments_by_status[state] ?? 0) - (before.counts.payments_by_status[state] ?? 0);
    if (change) lines.push(`${state} ${change > 0 ? "+" : "−"}${Math.abs(change)}`);
  }
  const webhooks = after.counts.webhooks - before.counts.webhooks;
  if (webhooks) lines.push(t(`웹훅 시도 ${webhooks}번`, `${webhooks} webhook attempts`));
  if (!lines.length) lines.push(t("그 사이에 일어난 일이 없습니다", "Nothing fell due on the way"));
  return lines;
}
