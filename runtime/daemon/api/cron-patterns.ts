import type { AppSpec } from "../../../machines/spec.ts";
import { xmError } from "../../contract/errors.ts";
import { cronFault } from "../../host/cron-check.ts";

interface SpecsOfBody {
  readonly apps?: readonly AppSpec[];
  readonly settings?: readonly { readonly spec: AppSpec }[] | undefined;
}

/**
 * The schema takes any text for a cron pattern: reading one needs a library that is loaded only for it.
 * @throws `ERR_INPUT_INVALID` that names each pattern of a body that cannot be used.
 */
export function assertCronPatterns({ apps = [], settings = [] }: SpecsOfBody): void {
  const faults = [
    ...apps.map((spec, index) => patternFault(spec, `apps.${index}`)),
    ...settings.map(({ spec }, index) => patternFault(spec, `settings.${index}.spec`)),
  ].filter((fault) => fault !== undefined);
  if (faults.length > 0) throw xmError("ERR_INPUT_INVALID", { faults });
}

/** What is wrong with an app's cron pattern; `undefined` when it has none, or one that can be used. */
export function patternFault(
  { sensors: { cron, cronTimezone, schedule } }: AppSpec,
  path: string,
): string | undefined {
  const pattern = schedule?.cron ?? null;
  const fault = pattern === null ? undefined : cronFault(pattern, schedule?.timezone);
  if (fault !== undefined)
    return `${path}.sensors.schedule.cron: expected a cron pattern such as "0 3 * * *", got "${pattern}" (${fault})`;
  const why = cron === null ? undefined : cronFault(cron, cronTimezone);
  return (
    why &&
    `${path}.sensors.cron: expected a cron pattern such as "0 3 * * *", got "${cron}" (${why})`
  );
}
