import { createHash } from "node:crypto";
import type { AppSpec } from "../../../machines/spec.ts";

/**
 * Gives apps with the same environment one environment object: fifty apps of one file differ in little else,
 * and each copy is 5 KB. Held weakly: an unused environment is collected.
 */
export function shareEnvironment(spec: AppSpec): AppSpec {
  const key = createHash("sha256").update(JSON.stringify(spec.env)).digest("base64");
  const held = environments.get(key)?.deref();
  if (held !== undefined) return { ...spec, env: held };
  environments.set(key, new WeakRef(spec.env));
  registry.register(spec.env, key);
  return spec;
}

const environments = new Map<string, WeakRef<AppSpec["env"]>>();
const registry = new FinalizationRegistry<string>((key) => {
  if (environments.get(key)?.deref() === undefined) environments.delete(key);
});
