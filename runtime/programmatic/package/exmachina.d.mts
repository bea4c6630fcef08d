export { default } from "../runtime/programmatic/index.js";
export * from "../runtime/programmatic/index.js";
