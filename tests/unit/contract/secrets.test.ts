import { expect, test } from "vitest";
import { isTellingName, masked } from "../../../runtime/contract/secrets.ts";

test.each([
  ["postgres://app:s3cret@db:5432/app refused", "postgres://app:***@db:5432/app refused"],
  ["password=hunter22 user=x", "password=*** user=x"],
  ['{"apiKey": "abc def", "x": 1}', '{"apiKey": ***, "x": 1}'],
  ["DB_PASSWORD: 'a b' next", "DB_PASSWORD: *** next"],
  ["authorization: Bearer abc.def-ghi", "authorization: *** ***"],
  ["sent Bearer abcdefgh123", "sent Bearer ***"],
  ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-def", "***"],
  ["AKIAIOSFODNN7EXAMPLE used", "*** used"],
  ["token ghp_abcdefghij0123456789 and xoxb-123456789012-abc", "token *** and ***"],
  ["-----BEGIN RSA PRIVATE KEY-----MIIE", "***"],
  ["the value own-value-1 stands here", "the value *** stands here"],
  ["TypeError: cannot read token of undefined", "TypeError: cannot read token of undefined"],
  ["listening on http://127.0.0.1:3000/a@b", "listening on http://127.0.0.1:3000/a@b"],
])("%s", (line, expected) => {
  expect(masked(line, ["own-value-1", "the"])).toBe(expected);
});

test("names whose values are nobody's business", () => {
  for (const name of ["DB_PASSWORD", "API_TOKEN", "SECRET_KEY", "DATABASE_URL", "SENTRY_DSN"])
    expect(isTellingName(name)).toBe(true);
  for (const name of ["PATH", "NODE_ENV", "PORT", "HOME"]) expect(isTellingName(name)).toBe(false);
});

test("a long line takes no long time", () => {
  const began = performance.now();
  for (const part of ["a:", "password", "://", "token=", "eyJ", "= ", "-----BEGIN "])
    masked(part.repeat(30_000));
  expect(performance.now() - began).toBeLessThan(5_000);
});
