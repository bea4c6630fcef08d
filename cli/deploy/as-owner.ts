import { realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";
import {
  asUser,
  resolveIdentity,
  userVariables,
  type Identity,
  type Program,
  type ProgramAs,
} from "../../runtime/host/users.ts";

/** How a program is started that does what a folder's files say. */
export interface ProgramIn extends ProgramAs {
  /** Without our terminal, where another user's program could type, and read what is typed. */
  readonly detached: boolean;
}

/**
 * A program that does what the files of a folder say, as git and its hooks do, or a package's scripts. Where another user can
 * write them, root has it run as that user, with nothing of root's own environment.
 * @param env what it gets besides.
 */
export function asOwner(folder: string, program: Program, env: NodeJS.ProcessEnv = {}): ProgramIn {
  const owner = process.geteuid?.() === 0 ? ownerOf(folder) : undefined;
  if (owner === undefined) return { ...program, env: { ...program.env, ...env }, detached: false };
  const shared = Object.entries(program.env).filter(([name]) =>
    /^(?:PATH|TERM|TZ|LANG|LC_\w+)$/.test(name),
  );
  const own = { ...Object.fromEntries(shared), ...env, ...userVariables(owner.uid) };
  return { ...asUser(owner, { ...program, env: own }), detached: true };
}

/** The nearest user other than root that controls the folder. */
function ownerOf(folder: string): Identity | undefined {
  for (let path = realpathSync(folder); ; path = dirname(path)) {
    const { uid, gid } = statSync(path);
    if (uid !== 0) {
      const identity = resolveIdentity(uid, null);
      return typeof identity === "string" ? { uid, gid } : identity;
    }
    if (path === dirname(path)) return undefined;
  }
}
