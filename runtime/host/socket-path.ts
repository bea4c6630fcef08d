import { closeSync, constants, openSync } from "node:fs";
import { basename, dirname } from "node:path";

/** The path of a unix socket holds 108 bytes with its final zero on Linux (unix(7)). */
export const longestSocketPath = 107;

/**
 * Calls `use` with a path of a socket that the kernel takes, however long its folder's path is: a longer one goes
 * by a descriptor of the folder. It holds until `use` returns; `listen` and `connect` bind and connect before that.
 * @throws the errno of a folder that cannot be opened.
 */
export function withSocketPath<T>(path: string, use: (short: string) => T): T {
  if (Buffer.byteLength(path) <= longestSocketPath) return use(path);
  const folder = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    return use(`/proc/self/fd/${folder}/${basename(path)}`);
  } finally {
    closeSync(folder);
  }
}
