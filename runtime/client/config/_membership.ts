import type { Membership } from "../../../machines/group-spec.ts";
import type { RawApp } from "../../contract/fields/raw-app.ts";
import type { ReadApp } from "./read-fields.ts";

/** The groups that an app of a file belongs to; `_groups.ts` reads them. */
export const membership = Symbol("membership");

const membershipOf = (raw: RawApp): Membership | undefined =>
  (raw as { readonly [membership]?: Membership } | null)?.[membership];

/** What an app is to its group; its `significant` is a field of its own. */
export function groupOf(raw: RawApp, app: ReadApp): { group?: Membership } {
  const own = membershipOf(raw);
  if (own === undefined) return {};
  return { group: { ...own, isSignificant: app["significant"] === true } };
}

/** What is wrong with `significant`, which OTP refuses, too. */
export function significantFaults(raw: RawApp, app: ReadApp, path: string): string[] {
  if (app["significant"] !== true) return [];
  const own = membershipOf(raw)?.groups.at(-1);
  const at = `${path}.significant`;
  if (own === undefined) return [`${at}: the app belongs to no group`];
  if (own.autoShutdown === "never")
    return [
      `${at}: group ${own.name} has no auto_shutdown; expected any_significant or all_significant there`,
    ];
  const isRestarted =
    (app["restart"] ?? (app["type"] === "oneshot" ? "never" : "always")) === "always";
  return isRestarted && app["autorestart"] !== false
    ? [
        `${at}: expected restart: "on-failure" or "never", because an app that is always restarted never ends`,
      ]
    : [];
}
