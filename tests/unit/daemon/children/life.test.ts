import fc from "fast-check";
import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lifeIdPattern } from "../../../../runtime/contract/life-id.ts";
import { lifeMarker, provenLife } from "../../../../runtime/daemon/children/life.ts";
import { testFolder } from "../../../support/folder.ts";

const lifeId = "V1StGXR8_Z5j";

test("a mark proves its own life, and no other", () => {
  const { path: home } = testFolder();
  const marker = lifeMarker({ home, id: 3, lifeId });
  const [proof = ""] = marker.split(":");

  expect(provenLife(home, marker)).toEqual({ id: 3, lifeId });
  expect(provenLife(home, `${proof}:4:${lifeId}`)).toBeUndefined();
  expect(provenLife(home, `${proof}:3:V1StGXR8_Z5k`)).toBeUndefined();
  expect(provenLife(testFolder().path, marker)).toBeUndefined();
});

test("nothing that was not given out is a mark", () => {
  const { path: home } = testFolder();
  const part = fc.oneof(
    fc.string(),
    fc.constantFrom("0", lifeId, "../../etc/x", "", "n".repeat(100)),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
      expect(provenLife(home, parts.join(":"))).toBeUndefined();
    }),
    { numRuns: 2_000 },
  );
});

test("the id of a life is never a path", () => {
  for (const id of ["../x", "a/b", ".", "..", "", "a\0b", "a\n", "x".repeat(65)])
    expect(lifeIdPattern.test(id)).toBe(false);
  expect(lifeIdPattern.test(lifeId)).toBe(true);
});

test("the secret is its owner's only, and kept", () => {
  const { path: home } = testFolder();
  lifeMarker({ home, id: 0, lifeId });
  const file = join(home, "secret");

  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file)).toHaveLength(32);
});

test.each([
  [
    "readable by others",
    (file: string) => (writeFileSync(file, Buffer.alloc(32)), chmodSync(file, 0o644)),
  ],
  ["too short", (file: string) => writeFileSync(file, "", { mode: 0o600 })],
])("a secret that is %s is replaced", (_, spoil) => {
  const { path: home } = testFolder();
  const file = join(home, "secret");
  spoil(file);
  lifeMarker({ home, id: 0, lifeId });

  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file).equals(Buffer.alloc(32))).toBe(false);
  expect(readFileSync(file)).toHaveLength(32);
});
