/** The page's half of `daemon/inspector/scram.ts`: what a key proves of a message, and whether God's answer proves the same key. */
export async function prove(
  secret: string,
  message: string,
): Promise<{ proof: string; isGod: (proof: string) => Promise<boolean> }> {
  const key = fromBase64(secret);
  const clientKey = await hmac(key, "Client Key");
  const storedKey = new Uint8Array(await crypto.subtle.digest("SHA-256", clientKey));
  const signature = await hmac(storedKey, message);
  const proof = toBase64(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0)));
  const isGod = async (answer: string): Promise<boolean> =>
    toBase64(await hmac(await hmac(key, "Server Key"), message)) === answer;
  return { proof, isGod };
}

export function randomNonce(): string {
  return toBase64(crypto.getRandomValues(new Uint8Array(24)));
}

type Bytes = Uint8Array<ArrayBuffer>;

async function hmac(key: Bytes, message: string): Promise<Bytes> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", key, algorithm, false, ["sign"]);
  const bytes = new TextEncoder().encode(message);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, bytes));
}

function toBase64(bytes: Bytes): string {
  const text = btoa(String.fromCodePoint(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function fromBase64(text: string): Bytes {
  const standard = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(standard), (character) => character.codePointAt(0) ?? 0);
}
