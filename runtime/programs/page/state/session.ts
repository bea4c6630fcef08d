import type { PageKey, PageSession } from "../../../contract/inspector.ts";
import { prove, randomNonce } from "./scram.ts";

/*
 * How this page gets access. The one-time token is in the fragment of the address, which no browser sends. For it the page gets two
 * keys that it never sends either: one in the tab's sessionStorage, for a reload, and one in memory alone. What it does send is
 * a ticket that only the God who gave it takes: a program that has the port after God's death gets nothing it can use.
 */

/** God answers, and lets this page in no more. */
export class SessionOver extends Error {
  override readonly name = "SessionOver";
}

/** Something answers that does not hold this page's key. */
export class NotGod extends Error {
  override readonly name = "NotGod";
}

const storageKey = "xm-inspector";

let live: PageKey | undefined;
let ticket: string | undefined;
let resuming: Promise<string> | undefined;

/** Takes the token out of the address and exchanges it. A page that has been let in before continues. */
export async function enter(): Promise<void> {
  const [, token] = /^#token=([\w-]+)$/.exec(location.hash) ?? [];
  if (token === undefined) return;
  history.replaceState(null, "", location.pathname);
  try {
    const response = await post("/inspector/enter", { token });
    if (response.ok) keep((await response.json()) as PageSession);
  } catch {
    // God is not running: connecting reports it.
  }
}

/**
 * Asks God for something.
 * @throws `SessionOver`, `NotGod`; what `fetch` throws.
 */
export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  const send = (secret: string): Promise<Response> => {
    const headers = new Headers(init.headers);
    headers.set("authorization", `Bearer ${secret}`);
    return fetch(path, { ...init, headers });
  };
  const used = ticket ?? (await resume());
  const response = await send(used);
  if (response.status !== 403 || !(await isUnknown(response))) return response;
  // From a God that has died meanwhile: it announced nothing, and the next one requires a proof again.
  if (ticket === used) ticket = undefined;
  return send(ticket ?? (await resume()));
}

/** Whoever answers next proves again that it is God. */
export function forgetTicket(): void {
  ticket = undefined;
}

/** One proof at a time, however many ask. */
function resume(): Promise<string> {
  resuming ??= proveKey().finally(() => (resuming = undefined));
  return resuming;
}

async function proveKey(): Promise<string> {
  // The key in memory first: after a gap in which the port was free, it is the only one that is taken.
  for (const key of [live, keptKey()]) {
    if (key === undefined) continue;
    const answer = await fetch("/inspector/challenge");
    const { challenge } = (await answer.json()) as { challenge: string };
    const nonce = randomNonce();
    const { proof, isGod } = await prove(key.secret, `${challenge}.${nonce}.${key.id}`);
    const response = await post("/inspector/session", { key: key.id, nonce, proof });
    if (response.status === 403) continue;
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
    const session = (await response.json()) as PageSession;
    if (!(await isGod(session.proof ?? ""))) {
      throw new NotGod("Another program answers at this address; nothing was sent to it.");
    }
    keep(session);
    return session.ticket;
  }
  throw new SessionOver("this session has ended");
}

function keep({ ticket: given, kept, live: inMemory }: PageSession): void {
  ticket = given;
  live = inMemory ?? live;
  if (kept !== undefined) sessionStorage.setItem(storageKey, JSON.stringify(kept));
}

function keptKey(): PageKey | undefined {
  const text = sessionStorage.getItem(storageKey);
  return text === null ? undefined : (JSON.parse(text) as PageKey);
}

function post(path: string, body: unknown): Promise<Response> {
  return fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

/** Whether the ticket is unknown; 403 is also the answer to what a session may not do. */
async function isUnknown(response: Response): Promise<boolean> {
  const problem = (await response.clone().json()) as { code?: string };
  return problem.code === "ERR_INSPECTOR_DENIED";
}
