import { XmError } from "../../contract/errors.ts";
import { Custom } from "./custom.ts";

/** PM2's programmatic API over the home of this program's environment. `custom` makes others. */
export interface Xm extends Custom {
  /** The class of it: `new xm.custom({ cwd, pm2_home, daemon_mode })`. */
  readonly custom: typeof Custom;
  /** The class of its errors. */
  readonly XmError: typeof XmError;
}

const xm: Xm = Object.assign(new Custom(), { custom: Custom, XmError });

export default xm;
export { Custom as custom, XmError };
export type { ErrorClass, ErrorCode } from "../../contract/errors.ts";
export type { Bus } from "./bus.ts";
export type * from "./packets.ts";
export type * from "./types.ts";
