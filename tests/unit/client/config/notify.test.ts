import { expect, test } from "vitest";
import { readNotify } from "../../../../runtime/client/config/_notify.ts";

test("a rule or a list of them, with the usual values", () => {
  const target = { kind: "webhook", url: "https://a.example/x", headers: {} };
  const usual = { after: 1, minIntervalMs: 0, digest: false };
  expect(readNotify({ on: "crash, errored crash", webhook: target.url })).toEqual([
    { on: ["crash", "errored"], target, ...usual },
  ]);
  const some = [
    { on: ["oom"], slack: { url: "$HOOK", headers: { "X-A": "${TOKEN}" } }, min_interval: "10m" },
    { on: ["online"], exec: "mail -s x y", after: 3, digest: true },
    { on: ["disk_full"], email: "ops@example.org" },
  ];
  expect(readNotify(some)).toEqual([
    { on: ["oom"], target: { kind: "slack", url: "$HOOK", headers: { "X-A": "${TOKEN}" } }, ...usual, minIntervalMs: 600_000 },
    { on: ["online"], target: { kind: "exec", command: "mail -s x y" }, after: 3, minIntervalMs: 60_000, digest: true },
    { on: ["disk_full"], target: { kind: "email", to: "ops@example.org" }, ...usual },
  ]);
}); // prettier-ignore

test.each([
  "crash",
  {},
  { on: [], exec: "true" },
  { on: ["crash"], exec: "" },
  { on: ["crash"], exec: "a\nb" },
  { on: ["crash"], exec: "true", email: "a@b" },
  { on: ["crash"], webhook: "file:///etc/passwd" },
  { on: ["crash"], webhook: { url: "https://a", header: {} } },
  { on: ["crash"], webhook: { url: "https://a", headers: { "a b": "c" } } },
  { on: ["crash"], webhook: { url: "https://a", headers: { a: "b\r\nc: d" } } },
  { on: ["crash"], email: "-oQ/tmp@x" },
  { on: ["crash"], email: "a@b,c@d" },
  { on: ["crash"], exec: "true", after: 1.5 },
  { on: ["crash"], exec: "true", min_interval: "soon" },
  { on: ["crash"], exec: "true", digest: "yes" },
  { on: ["crash"], exec: "true", whatever: 1 },
  Array.from({ length: 51 }, () => ({ on: ["crash"], exec: "true" })),
])("%j is no rule", (rule) => {
  expect(readNotify(rule)).toBeUndefined();
});
