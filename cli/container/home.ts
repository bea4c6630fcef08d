import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { messageOf, xmError } from "../../runtime/contract/errors.ts";
import { homePaths } from "../../runtime/host/home/paths.ts";
import { assertTrustworthy } from "../../runtime/host/home/trust.ts";

/** Where a container often has something that can be written, although its root cannot. */
const writablePlaces = ["/tmp", "/dev/shm", "/run"] as const;

export interface ChosenHome {
  readonly home: string;
  /** It is not the one that `xm` looks in by itself. */
  readonly isFallback: boolean;
}

/**
 * The home of a container's daemon: the one that is named, else `~/.xm`, else a folder of our own where something can be
 * written. A container may have no HOME, a user without a name, and a read-only root.
 * @throws `ERR_HOME_UNUSABLE` when nothing can be written anywhere.
 */
export function chooseHome(env: NodeJS.ProcessEnv): ChosenHome {
  const named = env["XM_HOME"] || env["PM2_HOME"];
  if (named) return { home: named, isFallback: false };
  const own = ownFolder();
  const faults: string[] = [];
  const places = writablePlaces.map((place) => join(place, `xm-${process.getuid?.() ?? 0}`));
  for (const home of own === undefined ? places : [own, ...places]) {
    const fault = faultOf(home);
    if (fault === undefined) return { home, isFallback: home !== own };
    faults.push(fault);
  }
  throw xmError("ERR_HOME_UNUSABLE", {
    home: own ?? places[0] ?? "",
    why: faults.join("; "),
    fix: "give the container a writable folder (`--tmpfs /tmp`, an emptyDir) and set XM_HOME to it",
  });
}

/** An unknown user has no home. */
function ownFolder(): string | undefined {
  try {
    return join(homedir(), ".xm");
  } catch {
    return undefined;
  }
}

function faultOf(home: string): string | undefined {
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    assertTrustworthy(homePaths(home));
    accessSync(home, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/**
 * Forgets what an earlier run of this container remembers: what runs in a container is what its command says. The list of
 * a daemon that is not a container's is never touched.
 * @param isFresh no process of an earlier run can be there.
 * @throws `ERR_HOME_UNUSABLE`
 */
export function claimHome(home: string, isFresh: boolean): void {
  const { state } = homePaths(home);
  const mark = join(home, "container");
  mkdirSync(home, { recursive: true, mode: 0o700 });
  if (!existsSync(mark) && remembers(state)) {
    throw xmError("ERR_HOME_UNUSABLE", {
      home,
      why: "it holds the list of a daemon started by `xm start`, which xm-runtime would move aside",
      fix: "choose another home for the container with XM_HOME, or remove this one",
    });
  }
  if (isFresh) rmSync(state, { recursive: true, force: true });
  writeFileSync(mark, "", { mode: 0o600 });
}

function remembers(state: string): boolean {
  return ["snapshot.json", "journal.ndjson"].some(
    (name) => (statSync(join(state, name), { throwIfNoEntry: false })?.size ?? 0) > 0,
  );
}
