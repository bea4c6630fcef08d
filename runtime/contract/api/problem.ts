import { httpStatus, messageOf, XmError, xmError } from "../errors.ts";
import type { Problem } from "./schemas.ts";

/** Any error as an RFC 9457 problem; one that is not from the catalog is a fault of ours. */
export function problemFrom(error: unknown): Problem {
  const known =
    error instanceof XmError ? error : xmError("ERR_INTERNAL", { what: messageOf(error) });
  return {
    type: `urn:exmachina:error:${known.code}`,
    title: known.code,
    status: httpStatus[known.class],
    detail: known.message,
    code: known.code,
    class: known.class,
    fix: known.fix,
  };
}
