export { connect } from "./client.ts";
export type * from "./types.ts";
export { XmError, type ErrorClass, type ErrorCode } from "../../contract/errors.ts";
