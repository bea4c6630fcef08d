import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../../contract/errors.ts";
import { lifeIdPattern } from "../../contract/life-id.ts";
import { writeFileAtomic } from "../../host/atomic.ts";

/*
 * The mark by which a child and its descendants are known as one life of one process of one home: a variable of
 * their environment, `PROOF:ID:LIFE`. The proof is a message authentication code over id and life under a secret of
 * the home that only its user can read. So nobody can put a mark on their own process that this home has not
 * given out, and a mark that was given out is good for that one life only. Daemons before it wrote a hash of the
 * home's path, which anybody can compute: such marks are taken for a life that is known, and prove no other.
 */

/** The variable that holds the mark. */
export const lifeVariable = "XM_LIFE";

export interface Life {
  readonly home: string;
  /** The process's. */
  readonly id: number;
  readonly lifeId: string;
}

/** The mark of a life. */
export function lifeMarker({ home, id, lifeId }: Life): string {
  return `${proofOf({ home, id, lifeId })}:${id}:${lifeId}`;
}

/** The marks by which a life that is known may be found: its own, and that of a daemon before proofs. */
export function knownMarkers(life: Life): readonly string[] {
  const { home, id, lifeId } = life;
  return [lifeMarker(life), `${pathTag(home)}:${id}:${lifeId}`];
}

/** Reads a mark. @returns `undefined` for what this home has not given out. */
export function provenLife(home: string, text: string): Omit<Life, "home"> | undefined {
  const [proof = "", id = "", lifeId = "", ...rest] = text.split(":");
  if (rest.length > 0 || !/^\d{1,9}$/.test(id) || !lifeIdPattern.test(lifeId)) return undefined;
  const given = Buffer.from(proof);
  const wanted = Buffer.from(proofOf({ home, id: Number(id), lifeId }));
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return undefined;
  return { id: Number(id), lifeId };
}

/** Whether this home may have given out marks: its secret is there. Without one, no mark proves a life. */
export function hasGivenMarks(home: string): boolean {
  return keptSecret(home) !== undefined;
}

function proofOf({ home, id, lifeId }: Life): string {
  return createHmac("sha256", secretOf(home))
    .update(`${id}:${lifeId}`)
    .digest("base64url")
    .slice(0, 22);
}

function pathTag(home: string): string {
  return createHash("sha256").update(home).digest("base64url").slice(0, 10);
}

/** A daemon has one home, and asks at every spawn. */
const secrets = new Map<string, Buffer>();

function secretOf(home: string): Buffer {
  const kept = keptSecret(home);
  if (kept !== undefined) return kept;
  const secret = newSecret(join(home, "secret"));
  secrets.set(home, secret);
  return secret;
}

/** What it has, if it has one. */
function keptSecret(home: string): Buffer | undefined {
  const secret = secrets.get(home) ?? readSecret(join(home, "secret"));
  if (secret !== undefined) secrets.set(home, secret);
  return secret;
}

const secretBytes = 32;

/** Another's file, or one that others may read or write, holds no secret. */
function readSecret(file: string): Buffer | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stat = fstatSync(fd);
    const isOwn = stat.uid === process.geteuid?.() && (stat.mode & 0o077) === 0;
    if (!stat.isFile() || !isOwn || stat.size !== secretBytes) return undefined;
    const secret = Buffer.alloc(secretBytes);
    return readSync(fd, secret) === secretBytes ? secret : undefined;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Where it cannot be kept, marks prove lives to this daemon only; the next one knows children by the journal. */
function newSecret(file: string): Buffer {
  const secret = randomBytes(secretBytes);
  try {
    writeFileAtomic(file, secret);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
  return secret;
}
