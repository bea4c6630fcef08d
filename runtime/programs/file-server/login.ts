import { createHash, timingSafeEqual } from "node:crypto";

/** Whether an `authorization` header carries a login (RFC 7617). How long it takes tells nothing of how near it was. */
export function isLoggedIn(
  header: string | undefined,
  login: { readonly username: string; readonly password: string },
): boolean {
  const [, encoded = ""] = /^basic ([A-Za-z0-9+/]+={0,2})$/i.exec(header ?? "") ?? [];
  const given = Buffer.from(encoded, "base64");
  return timingSafeEqual(digest(given), digest(`${login.username}:${login.password}`));
}

/** Of one length, whatever was given. */
function digest(content: string | Buffer): Buffer {
  return createHash("sha256").update(content).digest();
}
