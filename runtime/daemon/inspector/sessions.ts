import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/*
 * Who may look. A one-time token stands in the address that `xm inspect` prints; the browser exchanges it for a cookie,
 * so that neither its history nor a referrer holds anything that opens the page again. Programs have a bearer token. Only hashes
 * are kept: who reads the state file gets in nowhere. Secrets are 256 random bits, so that plain SHA-256 is enough, and hashes are
 * compared in constant time.
 */

/** One who may look, and perhaps act. */
export interface Grant {
  /** SHA-256 of the secret, base64url. */
  readonly hash: string;
  readonly kind: "once" | "cookie" | "bearer";
  readonly control: boolean;
  readonly at: number;
}

/** An address is for now; ms. */
const onceForMs = 10 * 60_000;

/** A page that is left open over a weekend goes on; ms. */
const keptForMs = 7 * 24 * 3_600_000;

/** Of more the oldest go. */
const mostGrants = 100;

export interface Sessions {
  all(): readonly Grant[];
  /** Makes a secret and remembers its hash. */
  grant(kind: Grant["kind"], control: boolean): string;
  /** The grant of a secret of that kind; `undefined` for a wrong, used or old one. */
  find(kind: Grant["kind"], secret: string): Grant | undefined;
  /** Takes a one-time token: it opens nothing again. */
  take(secret: string): Grant | undefined;
  /** Nothing that was granted opens anything any more. */
  clear(): void;
}

export function createSessions(known: readonly Grant[], now: () => number): Sessions {
  let grants = [...known];
  const isFresh = ({ kind, at }: Grant): boolean =>
    now() - at < (kind === "once" ? onceForMs : keptForMs);
  const find: Sessions["find"] = (kind, secret) => {
    const hash = hashOf(secret);
    let found: Grant | undefined;
    for (const grant of grants) {
      if (isSame(grant.hash, hash) && grant.kind === kind && isFresh(grant)) found = grant;
    }
    return found;
  };
  return {
    all: () => grants,
    grant: (kind, control) => {
      const secret = randomBytes(32).toString("base64url");
      const grant = { hash: hashOf(secret), kind, control, at: now() };
      grants = [...grants.filter(isFresh), grant].slice(-mostGrants);
      return secret;
    },
    find,
    take: (secret) => {
      const found = find("once", secret);
      grants = grants.filter((grant) => grant !== found);
      return found;
    },
    clear: () => {
      grants = [];
    },
  };
}

function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("base64url");
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
