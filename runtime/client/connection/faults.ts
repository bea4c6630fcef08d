import type { Problem } from "../../contract/api/schemas.ts";
import {
  errnoOf,
  XmError,
  xmError,
  type ErrorClass,
  type ErrorCode,
} from "../../contract/errors.ts";
import { readFact } from "../../host/files/read.ts";
import { homePaths } from "../../host/home/paths.ts";
import { AnswerTimeout, ConnectionCut } from "./_http.ts";

/** This daemon will not finish the request, and another may: it died, or was replaced by the next one. */
export function hasDied(error: unknown): boolean {
  return (
    error instanceof XmError &&
    (error.code === "ERR_DAEMON_DIED" || error.code === "ERR_DAEMON_REPLACED")
  );
}

/** No daemon listens: none was started, it has died, or it is about to. */
export function isAbsent(error: unknown): boolean {
  const code = errnoOf(error);
  return code === "ENOENT" || code === "ECONNREFUSED";
}

/** The daemon died between taking the connection and answering. */
export function wasCut(error: unknown): boolean {
  const code = errnoOf(error);
  return error instanceof ConnectionCut || code === "ECONNRESET" || code === "EPIPE";
}

/** An error of the connection in the words of the catalog; any other as it is. */
export function translate(
  error: unknown,
  { home, answerWithinMs }: { home: string; answerWithinMs: number },
): unknown {
  if (error instanceof AnswerTimeout) {
    return xmError(
      "ERR_DAEMON_UNRESPONSIVE",
      { pid: readPid(home), afterMs: answerWithinMs },
      { cause: error },
    );
  }
  const code = errnoOf(error);
  if (wasCut(error)) {
    return xmError("ERR_DAEMON_DIED", { home }, { cause: error });
  }
  if (code === "EACCES") {
    return xmError(
      "ERR_HOME_UNUSABLE",
      { home, why: "the socket belongs to another user" },
      { cause: error },
    );
  }
  return error;
}

export function readPid(home: string): number | null {
  return Number(readFact(homePaths(home).pidFile, 64)) || null;
}

/** The value that an answer holds. @throws the error that its problem is. */
export function parse(status: number, text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (status >= 400) throw errorFrom(value as Problem);
  return value;
}

export function errorFrom(problem: Problem): XmError {
  return new XmError({
    code: problem.code as ErrorCode,
    class: problem.class as ErrorClass,
    message: problem.detail,
    fix: problem.fix,
  });
}

export function isEnd(value: unknown): value is { end: true } {
  return typeof value === "object" && value !== null && "end" in value;
}

export function isProblem(value: unknown): value is { problem: Problem } {
  return typeof value === "object" && value !== null && "problem" in value;
}
