import { readFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { extname, join } from "node:path";
import { errnoOf, xmError } from "../../contract/errors.ts";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
};

/** Where the page and the charts are: beside the program. */
export interface PageFolders {
  readonly page: string;
  readonly charts: string;
}

/**
 * Sends a file of the page: `/` is index.html, `/charts/NAME.json` a chart. A path is names with slashes between them, none
 * of which begins with a dot, so that it leads nowhere else.
 * @returns whether there is such a file; without a page at all it throws `ERR_PAGE_NOT_BUILT`.
 */
export async function sendFile(
  response: ServerResponse,
  path: string,
  { page, charts }: PageFolders,
): Promise<boolean> {
  const names = path === "/" ? ["index.html"] : path.slice(1).split("/");
  const type = types[extname(names.at(-1) ?? "")];
  if (type === undefined || !names.every((name) => /^[\w-][\w.-]*$/.test(name))) return false;
  const file = names[0] === "charts" ? join(charts, ...names.slice(1)) : join(page, ...names);
  let content = known.get(file);
  try {
    content ??= await readFile(file);
    known.set(file, content);
  } catch (error) {
    if (!["ENOENT", "EISDIR", "ENOTDIR"].includes(errnoOf(error) ?? "")) throw error;
    if (path === "/") throw xmError("ERR_PAGE_NOT_BUILT", { file });
    return false;
  }
  response.setHeader("content-type", type);
  response.setHeader("content-length", content.length);
  if (isHashed(names)) response.setHeader("cache-control", "public, max-age=31536000, immutable");
  response.end(content);
  return true;
}

/** Anybody may ask for these, at any rate: each is read once. */
const known = new Map<string, Buffer>();

/**
 * A file of the page by the path it is asked for. The page stands under a path of its own each time that it is opened: what
 * another program, on this port before, has put into a browser's cache is under other paths.
 * @returns `undefined` for what is not of the page.
 */
export function pagePath(path: string): string | undefined {
  const [, rest = path] = /^\/at\/[\w-]{16,64}(\/.*)$/.exec(path) ?? [];
  return rest === "/" || rest.startsWith("/assets/") ? rest : undefined;
}

/** The build puts a hash of the content into the names of assets: such a file never changes. */
function isHashed(names: readonly string[]): boolean {
  return names[0] === "assets" && /[-.][\w-]{8,}\.\w+$/.test(names.at(-1) ?? "");
}
