import { version } from "../../contract/version.ts";

/** Who has measured. */
export const scope = { name: "exmachina", version };
