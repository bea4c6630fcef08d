import type { ServerResponse } from "node:http";
import { httpStatus, messageOf, XmError, xmError } from "../../contract/errors.ts";
import type { Problem } from "../../contract/api/schemas.ts";

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

export function sendProblem(response: ServerResponse, error: unknown): void {
  const problem = problemFrom(error);
  const body = JSON.stringify(problem);
  response.writeHead(problem.status, {
    "content-type": "application/problem+json",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
}
