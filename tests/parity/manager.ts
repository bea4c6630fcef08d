import { join } from "node:path";
import { pm2Package, pm2Program } from "../support/pm2.ts";

/** One of the two that are compared. Both are told their home by `PM2_HOME` only, as PM2's users do. */
export interface Manager {
  readonly name: "pm2" | "xm";
  /** Its program, run under this Node. */
  readonly program: string;
  /** What `require("manager")` gives to a scenario's program. */
  readonly package: string;
}

/** The build under test; `PARITY_XM` names the root of another one. */
const root = process.env["PARITY_XM"] ?? join(import.meta.dirname, "../..");

export const pm2: Manager = { name: "pm2", program: pm2Program, package: pm2Package };
export const xm: Manager = { name: "xm", program: join(root, "dist/bin/xm.cjs"), package: root };
