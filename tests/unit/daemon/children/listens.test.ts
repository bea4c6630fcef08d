import { expect, test } from "vitest";
import { createListens } from "../../../../runtime/daemon/children/listens.ts";
import { appSpec } from "../../../support/machines/spec.ts";

const spec = appSpec({ spec: { env: { PORT: "3000", SHLVL: "1" } } });
const generation = (number: number, own = spec) => ({ id: 3, generation: number, spec: own });

test("a replacement is complete when it listens everywhere that what it replaces does", () => {
  const listens = createListens();
  const [old, next] = [generation(4), generation(5)];
  expect(listens.isComplete(old)).toBe(true);
  listens.add(old, "3000");
  listens.add(old, "/run/app.sock");
  listens.add({ ...old, id: 4 }, "9000");
  listens.add(next, "3000");
  expect(listens.isComplete(next)).toBe(false);
  listens.add(next, "/run/app.sock");
  listens.add(next, "3001");
  expect(listens.isComplete(next)).toBe(true);
  listens.forget(old);
  expect(listens.isComplete(generation(6))).toBe(false);
});

test("a replacement that listens nowhere that what it replaces does, is elsewhere", () => {
  const listens = createListens();
  const next = generation(5);
  listens.add(generation(4), "3000");
  listens.add(generation(4), "3001");
  expect(listens.elsewhere(next)).toBeUndefined();
  listens.add(next, "41233");
  expect(listens.elsewhere(next)).toContain("listens on 41233, and not on 3000, 3001");
  // What a shell counts is no setting.
  const again = { ...spec, env: { PORT: "3000", SHLVL: "2", _: "/usr/bin/xm" } };
  expect(listens.elsewhere(generation(5, again))).toContain("41233");
  listens.add(next, "3001");
  expect(listens.elsewhere(next)).toBeUndefined();
});

test("one that was told another port, or replaces nothing, is not elsewhere", () => {
  const listens = createListens();
  const moved = generation(5, { ...spec, env: { PORT: "4000" } });
  listens.add(moved, "4000");
  expect(listens.elsewhere(moved)).toBeUndefined();
  listens.add(generation(4), "3000");
  expect(listens.elsewhere(moved)).toBeUndefined();
  listens.forget(generation(4));
  expect(listens.elsewhere(generation(5))).toBeUndefined();
});
