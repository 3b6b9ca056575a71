// The frame of the console: what is on top, the tabs, and which of them is shown.

import { again, get, listen } from "/_fake/console/api.js";
import { h, show } from "/_fake/console/dom.js";
import { day, language, span, speak, t, time } from "/_fake/console/words.js";
import { loseNextAnswer } from "/_fake/console/lose.js";
import payments from "/_fake/console/payments.js";
import calls from "/_fake/console/calls.js";
import webhooks from "/_fake/console/webhooks.js";
import faults from "/_fake/console/faults.js";
import clock from "/_fake/console/clock.js";
import book from "/_fake/console/book.js";
import switches from "/_fake/console/switches.js";

const TABS = [payments, calls, webhooks, faults, clock, book, switches];

const [top, tabs, view] = ["top", "tabs", "view"].map((id) => document.getElementById(id));

/** What every tab may know: the summary, and the difference of the fake's clock to this one. */
const world = { summary: null, skew: 0, now: () => Date.now() + world.skew };

let tab = null;
let shown = null;

/** The address `#/payments/KEY` is the tab and what is chosen in it. */
function go() {
  const [id, ...rest] = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  const next = TABS.find((one) => one.id === id) ?? TABS[0];
  if (next !== tab) {
    tab = next;
    view.replaceChildren();
    view.className = tab.id;
    shown = tab.open(view, world);
  }
  shown.choose?.(rest[0]);
  drawTabs();
  shown.refresh();
}

const refresh = again(async () => {
  const asked = Date.now();
  world.summary = await get("/_fake");
  world.skew = new Date(world.summary.now).getTime() - (asked + Date.now()) / 2 + 500;
  drawTop();
  drawTabs();
});

function changed(kinds) {
  refresh();
  if (shown && (tab.kinds.some((kind) => kinds.includes(kind)))) shown.refresh();
}

function drawTop() {
  const { url, ahead_ms } = world.summary ?? {};
  show(top, [language, url, ahead_ms], () => [
    h("a.brand", { href: "#/payments" }, h("span.logo", {}, "T"), h("strong", {}, t("가짜 토스", "Fake Toss")), h("small", {}, t("돈은 움직이지 않습니다", "no money moves"))),
    h("span.live", { id: "live" }, h("i", {}), h("span", {}, t("연결됨", "live"))),
    h("a.moment", { href: "#/clock", title: t("가짜의 시계 (한국 시각)", "the fake's clock (Korean time)") },
      h("time", { id: "now" }), ahead_ms > 0 && h("b", {}, `+${span(ahead_ms)}`)),
    h("button", { type: "button", id: "lose", onclick: loseNextAnswer }, t("다음 답 잃어버리기", "Lose the next answer")),
    h("button.plain", { type: "button", id: "language", onclick: switchLanguage }, t("English", "한국어")),
  ]);
  tick();
}

function switchLanguage() {
  speak(language === "ko" ? "en" : "ko");
  tab = null;
  drawTop();
  go();
}

function drawTabs() {
  const counts = world.summary?.counts ?? {};
  const number = { payments: counts.payments, calls: counts.calls, webhooks: counts.webhooks, faults: counts.fault_rules, book: counts.book };
  show(tabs, [language, tab?.id, number], () => TABS.map((one) =>
    h("a", { href: `#/${one.id}`, "aria-current": one === tab ? "page" : null },
      one.label(), number[one.id] > 0 && h("span.count", { class: one === faults ? "hot" : "" }, String(number[one.id])))));
  document.title = `${tab?.label() ?? ""} · Fake Toss`;
}

function tick() {
  const now = document.getElementById("now");
  if (now && world.summary) now.textContent = `${day(world.now())} ${time(world.now())}`;
}

function living(yes) {
  document.documentElement.classList.toggle("lost", !yes);
  const word = document.querySelector("#live span");
  if (word) word.textContent = yes ? t("연결됨", "live") : t("연결 끊김", "not connected");
}

speak(language);
drawTop();
addEventListener("hashchange", go);
setInterval(tick, 500);
await refresh();
go();
listen(changed, living);
