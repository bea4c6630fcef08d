import type { AppSpec } from "../../../../machines/spec.ts";
import { fieldsOfPolicy } from "../../../contract/fields/policy-fields.ts";

/** The policy as an entry of an ecosystem file, to be pasted into one. */
export function snippetOf(spec: AppSpec): string {
  const fields = Object.entries({ name: spec.name, ...fieldsOfPolicy(spec) });
  return ["{", ...fields.map(([name, value]) => `  ${name}: ${JSON.stringify(value)},`), "}"].join(
    "\n",
  );
}
