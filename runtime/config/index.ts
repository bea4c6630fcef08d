export { callerVariables } from "./environment.ts";
export { fields, type Field, type FieldGroup } from "./fields.ts";
export { isEcosystemFile, loadEcosystem, parseEcosystem } from "./load.ts";
export { normalizeApps, type ConfigContext } from "./normalize.ts";
export type { RawApp } from "./read-fields.ts";
