// "Lose the next answer": the fault that every integration should be tried with first.

import { get } from "/_fake/console/api.js";
import { add, freeName } from "/_fake/console/rules.js";

/** The act happens, then the connection is closed without an answer: once, at the next confirm. */
export async function loseNextAnswer() {
  const { rules } = await get("/_fake/faults");
  await add({ name: freeName("lose-next-answer", rules), on: { endpoint: "confirm", nth: 1 }, then: "act_then_close" });
}
