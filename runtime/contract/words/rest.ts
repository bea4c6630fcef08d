/** For whoever looks at a process from outside. */
export { isAtRest } from "../../../machines/facts.ts";
