// The control API, and the stream that tells what has changed.

import { toast } from "/_fake/console/dom.js";
import { t } from "/_fake/console/words.js";

/** An answer of the control API that is no success, or no answer at all. */
export class Refused extends Error {}

/** Calls the control API; what it answers. */
export async function call(method, path, body) {
  let response;
  try {
    const headers = body === undefined ? {} : { "content-type": "application/json" };
    response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new Refused(t("가짜 토스가 답하지 않습니다. 실행 중인지 확인하세요.", "The fake does not answer. Is it running?"));
  }
  const text = await response.text();
  let answer = null;
  try {
    if (text) answer = JSON.parse(text);
  } catch {
    // Only answers of the control API are JSON; the status says enough of others.
  }
  if (response.ok) return answer;
  throw new Refused(answer?.message ?? `${response.status} ${method} ${path}`);
}

export const get = (path) => call("GET", path);

/** Does something for a person: if it is refused, they are told why. Was it done? */
export async function act(method, path, body, done) {
  try {
    const answer = await call(method, path, body);
    if (done) toast(done, "good");
    return answer ?? true;
  } catch (error) {
    toast(error.message);
    return null;
  }
}

/** Tells `changed(kinds)` of every change and `living(yes)` of the connection. */
export function listen(changed, living) {
  let source;
  const open = () => {
    source = new EventSource("/_fake/events");
    source.addEventListener("changed", (event) => changed(JSON.parse(event.data).kinds));
    source.onopen = () => living(true);
    source.onerror = () => living(false);
  };
  // A browser has six connections for all its tabs: one that nobody sees needs none.
  document.addEventListener("visibilitychange", () => {
    source.close();
    if (!document.hidden) open();
  });
  open();
}

/** Runs `work` again and again, but never two at a time, and once more if it was asked meanwhile. */
export function again(work) {
  let running = false;
  let wanted = false;
  return async function run() {
    if (running) {
      wanted = true;
      return;
    }
    running = true;
    try {
      do {
        wanted = false;
        await work();
      } while (wanted);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      toast(error.message);
    } finally {
      running = false;
    }
  };
}

/** POSTs as a merchant's server would; null if no answer came. */
export async function asMerchant(key, path, body, idempotencyKey) {
  try {
    const headers = { "content-type": "application/json", authorization: `Basic ${btoa(`${key}:`)}`, "idempotency-key": idempotencyKey };
    const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
    return { status: response.status, body: await response.text() };
  } catch {
    return null;
  }
}
