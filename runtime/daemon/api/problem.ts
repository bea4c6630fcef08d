import type { ServerResponse } from "node:http";
import { problemFrom } from "../../contract/api/problem.ts";

export function sendProblem(response: ServerResponse, error: unknown): void {
  const problem = problemFrom(error);
  const body = JSON.stringify(problem);
  response.writeHead(problem.status, {
    "content-type": "application/problem+json",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
}
