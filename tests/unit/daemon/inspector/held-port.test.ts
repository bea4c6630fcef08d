import { fstatSync } from "node:fs";
import { expect, test } from "vitest";
import { inheritPort } from "../../../../runtime/daemon/inspector/held-port.ts";

test("without a socket from a God before, no descriptor of this process is taken or closed", () => {
  const port = inheritPort({});
  expect([port.take(), port.held]).toEqual([undefined, undefined]);
  inheritPort({}).hold(undefined);
  // Node's own descriptors begin there.
  expect(() => fstatSync(3)).not.toThrow();
});
