export type { Assumption, KnownTimes } from "./behaviour.ts";
export type { Action } from "./play.ts";
export type { Finding } from "./lint/finding.ts";
export { planOf, type Hypothesis, type Plan } from "./plan.ts";
export type { Moment } from "./world.ts";
