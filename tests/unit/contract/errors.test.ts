import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { errors, referenceOf, type ErrorCode } from "../../../runtime/contract/errors.ts";

test("the address of every error code leads to its row of the reference", () => {
  const addresses = (Object.keys(errors) as ErrorCode[]).map(referenceOf);
  expect(addresses.length).toBeGreaterThan(30);
  const lost = addresses.filter((address) => {
    const [page = "", anchor = ""] = address.split("#");
    const text = readFileSync(join(import.meta.dirname, "../../..", page), "utf8");
    return !text.includes(`| <a id="${anchor}"></a>\`${anchor.toUpperCase()}\` |`);
  });
  expect(lost).toEqual([]);
});
