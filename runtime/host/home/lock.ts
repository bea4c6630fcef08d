import { bindName, nameHolder, type BoundName } from "./_abstract-name.ts";
import { claim, type Claim } from "./_claim.ts";

/** What is locked by itself: the daemon of a home, and its log lane. */
export type LockPart = "god" | "lane";

/**
 * The lock that makes a second daemon for one home impossible, and a second lane. It is a listening socket inside
 * the home, which nobody else may enter (`_claim.ts`): taken atomically, released by the kernel the
 * instant its holder dies, SIGKILL included.
 *
 * Daemons before it locked by a name in the abstract namespace, and that name differed between versions of Node.
 * The names are still bound and looked for, so that such a daemon and a new one never share a home. Any local user
 * can bind them, so a holder counts only when it is such a daemon; others are reported and passed over.
 *
 * A home on a file system without sockets or hard links is locked by the name alone.
 */
export async function acquireLock(home: string, part: LockPart): Promise<Lock | Taken> {
  const own = await claim(home, part);
  if (own.kind === "taken") return own;
  const names: BoundName[] = [];
  const notes: string[] = [];
  for (const name of await bindName(home, part)) {
    if (name.kind === "bound") {
      names.push(name);
      continue;
    }
    const holder = nameHolder(name.inode, { home, part });
    if (holder.isOurs || own.kind === "impossible") {
      await release(own, names);
      return { kind: "taken", ...(holder.pid === undefined ? {} : { pid: holder.pid }) };
    }
    notes.push(`${holder.words} occupies a former lock name of this home; it is ignored`);
  }
  return { kind: "held", notes, release: () => release(own, names) };
}

/** Exit code of a daemon or a lane that found another in its place (EX_TEMPFAIL of sysexits.h). */
export const homeTakenCode = 75;

export function holderWords(pid: number | undefined): string {
  return pid === undefined ? "another process, which does not answer," : `pid ${pid}`;
}

/** Held until released or until the process ends. */
export interface Lock {
  readonly kind: "held";
  /** Anything unusual about it, for the log. */
  readonly notes: readonly string[];
  release(): Promise<void>;
}

export interface Taken {
  readonly kind: "taken";
  /** Absent when the holder does not answer. */
  readonly pid?: number;
}

async function release(own: Claim, names: readonly BoundName[]): Promise<void> {
  for (const name of names) await name.release();
  if (own.kind === "held") await own.release();
}
