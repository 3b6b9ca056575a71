// The log of requests, and one of them as it went over the wire.

import { again, get } from "/_fake/console/api.js";
import { command, empty, h, list, pretty, show, toggle } from "/_fake/console/dom.js";
import { moment, t } from "/_fake/console/words.js";
import { replayed, status } from "/_fake/console/timeline.js";

const LIMIT = 300;

export default {
  id: "calls",
  label: () => t("요청", "Calls"),
  kinds: ["calls"],
  open,
};

const ENDINGS = {
  waiting: ["아직 답하지 않았습니다", "not answered yet"],
  abandoned: ["답하기 전에 클라이언트가 끊었습니다", "the client went away before there was an answer"],
  closed: ["답 없이 연결을 닫았습니다", "the connection was closed without an answer"],
  reset: ["답 없이 연결을 리셋했습니다", "the connection was reset without an answer"],
  answering: ["답을 보내는 중입니다", "the answer is on its way"],
  broken_off: ["답을 보내다가 연결이 끊겼습니다", "the connection ended in the middle of the answer"],
  answered: ["답을 모두 보냈습니다", "the whole answer was sent"],
  answered_twice: ["같은 답을 두 번 보냈습니다", "the same answer was sent twice"],
};

function open(view, world) {
  const search = h("input", { type: "search", placeholder: t("경로, 주문, 상태 코드", "path, order, status"), ariaLabel: t("검색", "Search"), oninput: () => draw() });
  let onlyFaults = false;
  const faulty = toggle(false, t("장애만", "Only faults"), (on) => { onlyFaults = on; draw(); }, t("장애만", "Only faults"));
  const rows = h("div.rows.calls", {});
  const nothing = h("div", {});
  const detail = h("section.detail", { ariaLabel: t("선택한 요청", "The chosen call") });
  view.append(h("section.master", {}, h("div.tools", {}, search, faulty), rows, nothing), detail);
  let calls = [];
  let chosen = null;

  function draw() {
    const words = search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const looks = (one) => [one.method, one.path, one.order_id, one.payment_key, one.status, one.fault, one.endpoint, one.idempotency_key].join(" ").toLowerCase();
    const found = calls.filter((one) => (!onlyFaults || one.fault) && words.every((word) => looks(one).includes(word)));
    list(rows, found, (one) => one.seq, row, (one) => String(one.seq) === chosen);
    const state = found.length ? "some" : calls.length ? "filtered" : "none";
    show(nothing, state, () => state === "some" ? null : state === "filtered"
      ? empty(t("찾는 요청이 없습니다", "No such call"), t("검색어를 바꿔 보세요.", "Try another word."))
      : empty(t("아직 요청이 없습니다", "No calls yet"), t("가짜에 온 모든 API 요청이 여기에 쌓입니다. 예를 들어:", "Every request of the API shows up here. For example:"),
        command(`curl -s -u ${world.summary.secret_keys[0]}: ${world.summary.url}/v1/payments/none`)));
  }

  function row(one) {
    return h("a.row", { href: `#/calls/${one.seq}`, "aria-current": String(one.seq) === chosen ? "true" : null },
      h("span.method", {}, one.method),
      h("span.what", {}, h("code", {}, one.path), h("small", {}, one.order_id ?? one.endpoint)),
      h("span.marks", {}, one.fault && h("span.badge.fault", {}, one.fault), one.replayed && replayed(), status(one.status)),
      h("time", {}, moment(one.at)));
  }

  const refresh = again(async () => {
    calls = (await get(`/_fake/calls?limit=${LIMIT}`)).reverse();
    draw();
    view.classList.toggle("chosen", chosen !== null);
    if (chosen === null) {
      show(detail, null, () => empty(t("요청을 선택하세요", "Choose a call"), t("실제로 오간 헤더와 본문을 보여 드립니다.", "Its headers and bodies are shown as they went over the wire.")));
    } else {
      show(detail, await get(`/_fake/calls/${chosen}`), drawCall);
    }
  });

  function choose(seq) {
    chosen = seq || null;
    detail.looks = undefined;
  }
  return { refresh, choose };
}

function drawCall(call) {
  const { exchange } = call;
  const facts = [
    [t("시각", "When"), moment(call.at)],
    [t("분류", "Endpoint"), call.endpoint],
    call.order_id && [t("주문번호", "Order"), call.order_id],
    call.payment_key && ["paymentKey", h("a", { href: `#/payments/${encodeURIComponent(call.payment_key)}` }, call.payment_key)],
    call.idempotency_key && ["idempotency-key", call.idempotency_key],
    exchange && [t("결과", "Outcome"), t(...ENDINGS[exchange.ending])],
  ].filter(Boolean);
  return [
    h("a.back", { href: "#/calls" }, t("← 목록", "← List")),
    h("header.title", {}, h("h2", {}, h("code", {}, `${call.method} ${call.path}`)),
      h("span.marks", {}, call.fault && h("span.badge.fault", {}, call.fault), status(call.status))),
    h("dl.facts", {}, facts.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    ...(exchange ? [message(t("요청", "Request"), exchange.request), exchange.answer && message(t("응답", "Answer"), exchange.answer)]
      : [h("p.muted", {}, t("본문은 최근 1,000건만, 가짜를 다시 시작하기 전까지만 남습니다.", "Bodies are kept of the latest 1,000 calls, until the fake is started again."))]),
  ];
}

function message(title, { status: code, query, headers, body, body_bytes }) {
  const kept = new TextEncoder().encode(body).length;
  return h("section.message", {},
    h("h3", {}, title, " ", code !== undefined && status(code), h("small", {}, `${body_bytes.toLocaleString("en-US")} B`)),
    query && h("code.query", {}, `?${query}`),
    h("details", {}, h("summary", {}, t(`헤더 ${headers.length}개`, `${headers.length} headers`)),
      h("dl.headers", {}, headers.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]))),
    body ? pretty(body) : h("p.muted", {}, t("본문 없음", "no body")),
    body_bytes > kept && h("p.muted", {}, t("앞의 16 KiB만 남아 있습니다.", "Only the first 16 KiB are kept.")));
}
