export { default } from "../runtime/client/package/index.js";
export * from "../runtime/client/package/index.js";
