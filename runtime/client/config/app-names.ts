import { createHash } from "node:crypto";
import { basename, extname } from "node:path";
import type { HomePaths } from "../../host/home/paths.ts";
import type { ReadApp } from "./read-fields.ts";
import { text } from "./values.ts";

/** PM2's: what follows the last slash, without its extension; a command line has its words for a name. */
export function nameOf(
  app: ReadApp,
  { environment }: { readonly environment?: string | undefined },
): string {
  const script = (text(app, "script") ?? "").trim().replaceAll(/\s+/g, " ");
  const own = text(app, "name") ?? basename(script, extname(script)).slice(0, longestName);
  const suffix =
    app["append_env_to_name"] === true && environment !== undefined ? `-${environment}` : "";
  return `${own || "app"}${suffix}`;
}

/** Log and pid files are named after it, with an ending each; a file's name holds 255 bytes. */
export const longestName = 200;

/**
 * A name as part of a file name. What a shell would want quoted becomes a dash, as in PM2; the end of a hash then keeps the
 * files of `a/b` from those of `a-b`. A home of PM2's layout has PM2's very names, which its users' scripts know.
 */
export function fileName(name: string, { isPm2Layout }: HomePaths): string {
  if (isPm2Layout) return name.replaceAll(/[^a-zA-Z0-9.-]/g, "-");
  const plain = name.replaceAll(/[^\p{L}\p{N}._@+~-]/gu, "-");
  if (plain === name && Buffer.byteLength(plain) <= longestFileName) return name;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 6);
  return `${cut(plain, longestFileName - hash.length - 1)}-${hash}`;
}

/** Bytes; an ending and an id follow, and a file's name holds 255. */
const longestFileName = 200;

function cut(words: string, bytes: number): string {
  let end = words.length;
  while (Buffer.byteLength(words.slice(0, end)) > bytes) end -= 1;
  return words.slice(0, end);
}
