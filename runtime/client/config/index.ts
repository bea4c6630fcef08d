export { loadEcosystem, parseEcosystem } from "./load.ts";
export { normalizeApps } from "./normalize.ts";
export type { RawApp } from "../../contract/fields/raw-app.ts";
