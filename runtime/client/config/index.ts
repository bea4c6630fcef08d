export { loadEcosystem, parseEcosystem } from "./load.ts";
export { normalizeApps } from "./normalize.ts";
export type { RawApp } from "./read-fields.ts";
