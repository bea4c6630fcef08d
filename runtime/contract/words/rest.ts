/** For observers of a process from outside. */
export { isAtRest } from "../../../machines/facts.ts";
