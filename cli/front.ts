import { version } from "../runtime/contract/version.ts";

declare const XM_HELP: string | undefined;

/** What `xm --help` prints: the bundler writes it in (`helpText`), so that no command is loaded for it; from source it is empty. */
export const overview: string = typeof XM_HELP === "string" ? XM_HELP : "";

/** What answers a call that names no command: a bundle of its own, which loads none. */
export function frontPage(word: string): string {
  return word === "--version" || word === "-v" ? `${version}\n` : overview;
}
