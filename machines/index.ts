export { appMachine } from "./app.ts";
export { godMachine } from "./god.ts";
export { processMachine, factsOf } from "./process.ts";
export { reloadMachine } from "./reload.ts";
export { decide, rules } from "./restart-policy.ts";
export type { Decision, NextStep, Rule } from "./decision.ts";
export type * from "./facts.ts";
export type * from "./process-events.ts";
export type * from "./spec.ts";
