import type { IncomingMessage, ServerResponse } from "node:http";
import { xmError } from "../../contract/errors.ts";
import type { Grant, Sessions } from "./sessions.ts";

/*
 * What stands between the network and God. A listener on 127.0.0.1 is reached by every program and every user of the
 * machine, and by every page that a browser on it shows. Therefore: a name that is rebound to 127.0.0.1 is told by its
 * `Host`, another page by its `Origin`, and everybody needs a secret; the cookie is not sent along by other sites
 * (SameSite=Strict) nor read by scripts (HttpOnly).
 */

/** @throws `ERR_INSPECTOR_FOREIGN` for a request that another name or another page has made. */
export function assertOurs({ headers }: IncomingMessage, port: number): void {
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`];
  const { host = "none", origin } = headers;
  if (!hosts.includes(host)) {
    throw xmError("ERR_INSPECTOR_FOREIGN", { header: "Host", value: shown(host), port });
  }
  if (origin !== undefined && !hosts.some((each) => origin === `http://${each}`)) {
    throw xmError("ERR_INSPECTOR_FOREIGN", { header: "Origin", value: shown(origin), port });
  }
}

/**
 * Who asks: by cookie, by bearer token, or (`mayBeInAddress`, a WebSocket of a tool that can set no header) by the address.
 * @throws `ERR_INSPECTOR_DENIED`
 */
export function assertKnown(
  { headers }: IncomingMessage,
  options: { sessions: Sessions; port: number; inAddress?: string | null },
): Grant {
  const { sessions, port, inAddress } = options;
  const [, bearer] = /^Bearer ([\w-]{1,200})$/.exec(headers.authorization ?? "") ?? [];
  const token = bearer ?? inAddress ?? undefined;
  const cookie = cookieIn(headers.cookie, cookieName(port));
  const grant =
    token !== undefined
      ? sessions.find("bearer", token)
      : cookie !== undefined
        ? sessions.find("cookie", cookie)
        : undefined;
  if (grant !== undefined) return grant;
  const why = (token ?? cookie) ? "this one is wrong or too old" : "there is none in this request";
  throw xmError("ERR_INSPECTOR_DENIED", { why });
}

/** Cookies know no ports: two homes on one machine would overwrite each other's. */
export function cookieName(port: number): string {
  return `xm-inspector-${port}`;
}

export function setCookie(response: ServerResponse, port: number, secret: string): void {
  response.setHeader(
    "set-cookie",
    `${cookieName(port)}=${secret}; Path=/; HttpOnly; SameSite=Strict`,
  );
}

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

function cookieIn(header: string | undefined, name: string): string | undefined {
  for (const part of (header ?? "").split(";")) {
    const [key, value] = part.trim().split("=");
    if (key === name && value !== undefined) return value;
  }
  return undefined;
}

function shown(value: string): string {
  return value.slice(0, 100);
}
