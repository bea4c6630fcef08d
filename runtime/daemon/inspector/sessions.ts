import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { PageKey, PageSession } from "../../contract/inspector.ts";
import { createKey, hasProof, proofOf, type Verifier } from "./scram.ts";

/*
 * Who may look. The address that `xm inspect` prints holds a token that works once. The page exchanges it for two keys, neither
 * of which it ever sends: `kept`, in the tab's sessionStorage, lets it in again after a reload; `live`, in its memory
 * alone, after God's death. With either it proves itself to God, and God to it (`scram.ts`), and gets a
 * ticket, which only this God knows. Programs have a bearer token. State holds verifiers and SHA-256 hashes, and tickets are
 * never written, so that a reader of the file gets in nowhere. Secrets are 256 random bits: plain SHA-256 is enough.
 *
 * While neither God nor watchdog held the port, another program may have: it may have loaded a page, which reads sessionStorage, and been sent the
 * tokens of programs. After such a gap only two kinds of grants are taken: `live` keys, since a page that has lived through it was not loaded by
 * that program; and tokens of programs that only look, which a script keeps. One that may act is refused.
 */

interface Common {
  readonly control: boolean;
  readonly at: number;
}

interface TokenGrant extends Common {
  readonly kind: "once" | "bearer";
  /** SHA-256 of the secret, base64url. */
  readonly hash: string;
}

interface KeyGrant extends Common, Verifier {
  readonly kind: "kept" | "live";
}

/** One who may look, and perhaps act. */
export type Grant = TokenGrant | KeyGrant;

/** An address is for now; ms. */
const onceForMs = 10 * 60_000;

/** A page that is left open over a weekend continues; ms. */
const keptForMs = 7 * 24 * 3_600_000;

/** Of more of a kind those go that were not used for longest. */
const mostOfAKind = 100;

export interface Sessions {
  /** A page sends it with its proof, so that the proof is valid for this God only. */
  readonly challenge: string;
  all(): readonly Grant[];
  /** @param options.hadGap whether the port was free since the grants were written. */
  restore(known: readonly Grant[], options: { hadGap: boolean }): void;
  /** Creates a secret and remembers its hash. */
  grant(kind: TokenGrant["kind"], control: boolean): string;
  /** The owner of a bearer token or a ticket; `undefined` for a wrong or old one. */
  find(secret: string): Common | undefined;
  /** Exchanges a one-time token for keys: it opens nothing again. */
  enter(secret: string): PageSession | undefined;
  /** Lets a page in that proves that it holds a key. */
  resume(request: ResumeRequest): PageSession | undefined;
  /** Nothing that was granted opens anything any more. */
  clear(): void;
}

export interface ResumeRequest {
  readonly key: string;
  readonly nonce: string;
  readonly proof: string;
}

export function createSessions(now: () => number): Sessions {
  let grants: Grant[] = [];
  let tickets: { readonly hash: string; readonly control: boolean; readonly at: number }[] = [];
  const challenge = secretOf32();

  const isFresh = ({ kind, at }: { kind?: Grant["kind"]; at: number }): boolean =>
    Math.abs(now() - at) < (kind === "once" ? onceForMs : keptForMs);
  const add = (grant: Grant): void => {
    const fresh = grants.filter(isFresh);
    const same = fresh.filter(({ kind }) => kind === grant.kind);
    const excess = new Set(same.slice(0, Math.max(0, same.length - mostOfAKind + 1)));
    grants = [...fresh.filter((each) => !excess.has(each)), grant];
  };
  const addKey = (kind: KeyGrant["kind"], control: boolean): PageKey => {
    const { key, verifier } = createKey();
    add({ kind, control, at: now(), ...verifier });
    return key;
  };
  const addTicket = (control: boolean): string => {
    const ticket = secretOf32();
    tickets = [
      ...tickets.filter(isFresh).slice(1 - mostOfAKind),
      { hash: hashOf(ticket), control, at: now() },
    ];
    return ticket;
  };
  const findToken = (kind: TokenGrant["kind"], secret: string): Grant | undefined => {
    const hash = hashOf(secret);
    return grants.find(
      (each) => each.kind === kind && isFresh(each) && "hash" in each && isSame(each.hash, hash),
    );
  };
  return {
    challenge,
    all: () => grants,
    restore: (known, { hadGap }) => {
      grants = known.filter(
        ({ kind, control }) => !hadGap || kind === "live" || (kind === "bearer" && !control),
      );
    },
    grant: (kind, control) => {
      const secret = secretOf32();
      add({ kind, hash: hashOf(secret), control, at: now() });
      return secret;
    },
    find: (secret) => {
      const hash = hashOf(secret);
      const ticket = tickets.find((each) => isFresh(each) && isSame(each.hash, hash));
      return ticket ?? findToken("bearer", secret);
    },
    enter: (secret) => {
      const found = findToken("once", secret);
      if (found === undefined) return undefined;
      const { control } = found;
      grants = grants.filter((grant) => grant !== found);
      const kept = addKey("kept", control);
      return { ticket: addTicket(control), kept, live: addKey("live", control) };
    },
    resume: ({ key, nonce, proof }) => {
      const found = grants.find(
        (each): each is KeyGrant => "id" in each && each.id === key && isFresh(each),
      );
      const message = `${challenge}.${nonce}.${key}`;
      if (found === undefined || !hasProof(found, message, proof)) return undefined;
      const { control, kind } = found;
      grants = [...grants.filter((grant) => grant !== found), { ...found, at: now() }];
      const session = { ticket: addTicket(control), proof: proofOf(found, message) };
      if (kind === "kept") return { ...session, live: addKey("live", control) };
      // What it kept may be refused since a gap.
      return { ...session, kept: addKey("kept", control) };
    },
    clear: () => {
      grants = [];
      tickets = [];
    },
  };
}

function secretOf32(): string {
  return randomBytes(32).toString("base64url");
}

function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
