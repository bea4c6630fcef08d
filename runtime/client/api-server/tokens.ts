import { createHash, timingSafeEqual } from "node:crypto";
import { join } from "node:path";
import { nanoid } from "nanoid";
import * as v from "valibot";
import type { Rights } from "../../contract/api/rights.ts";
import { messageOf, xmError } from "../../contract/errors.ts";
import { writeFileAtomic } from "../../host/atomic.ts";
import { readIfThere } from "../../host/files/read.ts";
import { parseJson } from "../../host/parse-json.ts";

const token = v.pipe(v.string(), v.regex(/^[\w-]{20,200}$/));

const tokensSchema = v.strictObject({ read: token, control: token });

/** A token for each right. */
export type Tokens = v.InferOutput<typeof tokensSchema>;

const largestBytes = 4_096;

/** Characters of nanoid's alphabet: 192 bits. */
const tokenLength = 32;

export function tokensFile(home: string): string {
  return join(home, "api-tokens.json");
}

/** The tokens of a home, which are made with the first call. @throws `ERR_USAGE` for a file that cannot be read. */
export function readTokens(home: string): Tokens {
  const file = tokensFile(home);
  let text: string | undefined;
  try {
    text = readIfThere(file, largestBytes);
  } catch (error) {
    throw unreadable(file, messageOf(error));
  }
  if (text === undefined) return newTokens(home);
  const read = v.safeParse(tokensSchema, safeJson(text));
  if (!read.success) throw unreadable(file, "it does not hold two tokens");
  return read.output;
}

/** Replaces both: what was given out before is refused from now on. */
export function newTokens(home: string): Tokens {
  const tokens = { read: nanoid(tokenLength), control: nanoid(tokenLength) };
  writeFileAtomic(tokensFile(home), `${JSON.stringify(tokens)}\n`);
  return tokens;
}

/** What a token allows; `undefined` for one that is not known. The time that it takes tells nothing about the right one. */
export function rightsOf(tokens: Tokens, given: string): Rights | undefined {
  const digest = digestOf(given);
  const isControl = timingSafeEqual(digest, digestOf(tokens.control));
  const isRead = timingSafeEqual(digest, digestOf(tokens.read));
  if (isControl) return "control";
  return isRead ? "read" : undefined;
}

function digestOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function safeJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

function unreadable(file: string, why: string): Error {
  const what = `${file} cannot be used: ${why}`;
  return xmError("ERR_USAGE", { what, fix: "`xm api --new-tokens` writes it again" });
}
