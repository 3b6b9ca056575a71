// "Lose the next answer": the fault that every integration should be tried with first.

import { add } from "/_fake/console/rules.js";

/** The act happens, then the connection is closed without an answer: once, at the next confirm. */
export const loseNextAnswer = () => add({ name: "lose-next-answer", on: { endpoint: "confirm", times: 1 }, then: "act_then_close" });
