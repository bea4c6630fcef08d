import { statSync } from "node:fs";
import type { ChildFact } from "../../../machines/facts.ts";
import type { AppSpec } from "../../../machines/spec.ts";
import { steadyNow } from "../../host/clock.ts";
import { readWorkingCopy } from "../../host/working-copy.ts";
import { packageVersion } from "./package-version.ts";

type Deployed = Partial<Pick<ChildFact, "version" | "checkout">>;

/** Apps that start together from one folder have its files read once; ms. */
const togetherMs = 100;

let known = new Map<string, Deployed>();
let readAt = -Infinity;

/** What is run now: a deployment under a running app shows when it runs. */
export function deployedIn({ script, cwd, passthrough }: AppSpec): Deployed {
  const at = steadyNow();
  if (at - readAt > togetherMs) {
    known = new Map();
    readAt = at;
  }
  const hasCheckout = passthrough["vizion"] !== false;
  // What was put in its place a moment ago is another program: a former version that is brought back, for example.
  const key = JSON.stringify([script, cwd, hasCheckout, ...identityOf(script)]);
  const before = known.get(key);
  if (before !== undefined) return before;
  const version = packageVersion(script);
  const checkout = hasCheckout ? readWorkingCopy(cwd) : undefined;
  const found = {
    ...(version === undefined ? {} : { version }),
    ...(checkout === undefined ? {} : { checkout }),
  };
  known.set(key, found);
  return found;
}

/** Nothing for a file that cannot be looked at: the start itself reports that. */
function identityOf(script: string): number[] {
  try {
    const { ino, mtimeMs } = statSync(script);
    return [ino, mtimeMs];
  } catch {
    return [];
  }
}
