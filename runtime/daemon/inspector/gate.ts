import type { IncomingMessage, ServerResponse } from "node:http";
import * as v from "valibot";
import { readBody, sendJson } from "../api/exchange.ts";
import { xmError } from "../../contract/errors.ts";
import type { PageSession } from "../../contract/inspector.ts";
import type { Sessions } from "./sessions.ts";

/*
 * What protects God from the network. A listener on 127.0.0.1 can be reached by every program and every user of the
 * machine, and by every page that a browser on it shows. Therefore: a name that is rebound to 127.0.0.1 is recognized by its
 * `Host`, another page by its `Origin`, and everybody needs a secret, in a header. There is no cookie: a browser sends it to
 * every port of a host. The page itself contains no secret and is served to anyone.
 */

/** The name by which the page is reached. `localhost` may be ::1, where another program may listen on the same port. */
export const pageHost = "127.0.0.1";

/** @throws `ERR_INSPECTOR_FOREIGN` for a request that another name or another page has made. */
export function assertOurs({ headers }: IncomingMessage, port: number): void {
  const { host = "none", origin } = headers;
  if (host !== `${pageHost}:${port}` && host !== `localhost:${port}`) {
    throw xmError("ERR_INSPECTOR_FOREIGN", { header: "Host", value: shown(host), port });
  }
  if (origin !== undefined && origin !== `http://${pageHost}:${port}`) {
    throw xmError("ERR_INSPECTOR_FOREIGN", { header: "Origin", value: shown(origin), port });
  }
}

/**
 * Identifies the caller by a bearer token or a page's ticket; a WebSocket of a tool that can set no header has it in the address.
 * @throws `ERR_INSPECTOR_DENIED`
 */
export function assertKnown(
  { headers }: IncomingMessage,
  { sessions, inAddress }: { sessions: Sessions; inAddress?: string | null },
): { readonly control: boolean } {
  const [, bearer] = /^Bearer ([\w-]{1,200})$/.exec(headers.authorization ?? "") ?? [];
  const token = bearer ?? inAddress ?? undefined;
  const grant = token === undefined ? undefined : sessions.find(token);
  if (grant !== undefined) return grant;
  const why =
    token === undefined ? "the request has none" : "the request's is wrong or has expired";
  throw xmError("ERR_INSPECTOR_DENIED", { why });
}

const enterSchema = v.strictObject({ token: v.pipe(v.string(), v.maxLength(200)) });

const resumeSchema = v.strictObject({
  key: v.pipe(v.string(), v.maxLength(100)),
  nonce: v.pipe(v.string(), v.minLength(16), v.maxLength(100)),
  proof: v.pipe(v.string(), v.maxLength(100)),
});

/**
 * What a page asks before it is known: the challenge, and a session for a one-time token or for a proof of its key.
 * @returns whether it was one of these.
 */
export async function answerStranger(
  { request, response }: { request: IncomingMessage; response: ServerResponse },
  path: string,
  { sessions, save }: { sessions: Sessions; save: () => void },
): Promise<boolean> {
  const asked = `${request.method} ${path}`;
  const give = (session: PageSession | undefined, why: string): void => {
    if (session === undefined) throw xmError("ERR_INSPECTOR_DENIED", { why });
    save();
    sendJson(response, session);
  };
  if (asked === "GET /inspector/challenge") {
    sendJson(response, { challenge: sessions.challenge });
  } else if (asked === "POST /inspector/enter") {
    const { token } = await readBody(request, enterSchema, largestStrangerBytes);
    give(sessions.enter(token), "the address has been used or has expired");
  } else if (asked === "POST /inspector/session") {
    const proof = await readBody(request, resumeSchema, largestStrangerBytes);
    give(sessions.resume(proof), "the page's session has ended");
  } else {
    return false;
  }
  return true;
}

const largestStrangerBytes = 4 * 1024;

/** What every answer says to a browser: nothing from elsewhere, in no frame, and nothing of it is kept. */
export function setSecurityHeaders(response: ServerResponse): void {
  const headers = {
    "content-security-policy":
      "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
  };
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}

function shown(value: string): string {
  return value.slice(0, 100);
}
