import { join } from "node:path";

/**
 * The file that a life leaves something in.
 * @returns `undefined` for what is not a life of ours: it becomes a part of a path that is removed.
 */
export function leftFile(exits: string, lifeId: string, ending = ""): string | undefined {
  return /^[\w-]{1,64}$/.test(lifeId) ? join(exits, `${lifeId}${ending}`) : undefined;
}
