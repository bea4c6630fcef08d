import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { PageKey } from "../../contract/inspector.ts";

/*
 * How a page and God prove to each other that they hold the same key without sending it: the proofs of SCRAM (RFC 5802,
 * section 3) with HMAC-SHA-256. The key is 256 random bits and no password, so it is not stretched. A program that takes God's port
 * learns nothing from a proof it is sent, and neither does a reader of a verifier.
 * The page's side is `programs/page/state/scram.ts`.
 */

/** What God keeps of a key. */
export interface Verifier {
  readonly id: string;
  /** SHA-256 of what a proof reveals to its verifier alone; base64url. */
  readonly storedKey: string;
  /** What God proves itself with; base64url. */
  readonly serverKey: string;
}

export function createKey(): { key: PageKey; verifier: Verifier } {
  const id = randomBytes(9).toString("base64url");
  const secret = randomBytes(32);
  const verifier = {
    id,
    storedKey: sha256(hmac(secret, "Client Key")).toString("base64url"),
    serverKey: hmac(secret, "Server Key").toString("base64url"),
  };
  return { key: { id, secret: secret.toString("base64url") }, verifier };
}

/** Whether the sender of a proof of a message holds the key. */
export function hasProof({ storedKey }: Verifier, message: string, proof: string): boolean {
  const stored = Buffer.from(storedKey, "base64url");
  const signature = hmac(stored, message);
  const given = Buffer.from(proof, "base64url");
  if (given.length !== signature.length) return false;
  const clientKey = Buffer.from(given.map((byte, index) => byte ^ (signature[index] ?? 0)));
  return timingSafeEqual(sha256(clientKey), stored);
}

/** God's proof of the same message. */
export function proofOf({ serverKey }: Verifier, message: string): string {
  return hmac(Buffer.from(serverKey, "base64url"), message).toString("base64url");
}

function hmac(key: Buffer, message: string): Buffer {
  return createHmac("sha256", key).update(message).digest();
}

function sha256(bytes: Buffer): Buffer {
  return createHash("sha256").update(bytes).digest();
}
