import { errnoOf, messageOf, XmError, xmError } from "../../contract/errors.ts";

/** What went wrong with a configuration file, as an error that names it. */
export function unreadable(file: string, error: unknown): Error {
  if (error instanceof XmError) return error;
  const isMissing = errnoOf(error) === "ENOENT" && (error as { path?: string }).path === file;
  const isCircular = /circular structure/.test(messageOf(error));
  const why = isMissing
    ? "it does not exist"
    : isCircular
      ? "it contains a circular reference"
      : messageOf(error);
  return xmError("ERR_CONFIG_UNREADABLE", { file, why }, { cause: error });
}
