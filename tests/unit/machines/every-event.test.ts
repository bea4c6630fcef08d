import { expect, test } from "vitest";
import { allCells } from "../../../docs/generate/events.ts";
import { ignored } from "../../../machines/ignored.ts";

test("every machine answers every event in every state, or says why it ignores it", () => {
  const open = allCells().filter(({ text }) => text === null);
  expect(open.map(({ machine, state, event }) => `${machine} ${state}: ${event}`)).toEqual([]);
});

test("every reason for ignoring an event is used", () => {
  const used = new Set(allCells().map(({ reason }) => reason));
  expect(ignored.filter((each) => !used.has(each))).toEqual([]);
});
