export { loadEcosystem, parseEcosystem } from "./load.ts";
export { normalizeApps } from "./normalize.ts";
