import { expect, test } from "vitest";
import { createListens } from "../../../../runtime/daemon/children/listens.ts";

test("a replacement is complete when it listens everywhere that what it replaces does", () => {
  const listens = createListens();
  const [old, next] = [
    { id: 3, generation: 4 },
    { id: 3, generation: 5 },
  ];
  expect(listens.isComplete(old)).toBe(true);
  listens.add(old, "3000");
  listens.add(old, "/run/app.sock");
  listens.add({ id: 4, generation: 4 }, "9000");
  listens.add(next, "3000");
  expect(listens.isComplete(next)).toBe(false);
  listens.add(next, "/run/app.sock");
  listens.add(next, "3001");
  expect(listens.isComplete(next)).toBe(true);
  listens.forget(old);
  expect(listens.isComplete({ id: 3, generation: 6 })).toBe(false);
});
