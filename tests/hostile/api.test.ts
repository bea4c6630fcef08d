import { connect } from "node:net";
import fc from "fast-check";
import { expect, test } from "vitest";
import { testHome } from "../support/home.ts";
import { jsonOf, mutated, oddValue, runs, sampled } from "./generate.ts";
import { witness } from "./oracle.ts";

const targets: readonly (readonly [method: string, path: string, body: unknown])[] = [
  ["POST", "/v1/actions", { action: "restart", ids: [77], by: "test" }],
  ["POST", "/v1/actions", { action: "reset", ids: [77], by: "test", settings: [] }],
  ["POST", "/v1/reloads", { ids: [77], by: "test", force: false }],
  ["POST", "/v1/apps/nobody/scale", { instances: 2, by: "test" }],
  ["POST", "/v1/trigger", { ids: [77], action: "a", params: {} }],
  ["POST", "/v1/signals", { ids: [77], signal: "SIGUSR2", by: "test" }],
  ["POST", "/v1/messages", { ids: [77], message: { topic: "t", data: {} } }],
  ["POST", "/v1/input", { ids: [77], text: "hello\n" }],
  ["POST", "/v1/logs", { ids: [77], lines: 5, streams: ["out"], follow: false }],
  ["POST", "/v1/logs/flush", { ids: [77] }],
  ["POST", "/v1/logs/rotate", { ids: [77] }],
  ["POST", "/v1/dump", { force: true }],
  ["GET", "/v1/history?limit=5", undefined],
  ["GET", "/v1/processes/0", undefined],
  ["GET", "/v1/logs?ids=0&lines=5", undefined],
];

const request: fc.Arbitrary<string> = fc
  .constantFrom(...targets)
  .chain(([method, path, body]) =>
    fc.tuple(
      fc.constant(method),
      fc.oneof({ weight: 6, arbitrary: fc.constant(path) }, { weight: 2, arbitrary: oddPath(path) }),
      body === undefined ? fc.constant("") : fc.oneof({ weight: 5, arbitrary: mutated(body).map(jsonOf) }, { weight: 1, arbitrary: oddValue.map(jsonOf) }, { weight: 1, arbitrary: fc.constantFrom("", "{", "[".repeat(20_000), '{"ids":[77],"ids":[78]}') }),
    ),
  )
  .map(([method, path, body]) =>
    `${method} ${path} HTTP/1.0\r\nhost: xm\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  ); // prettier-ignore

function oddPath(path: string): fc.Arbitrary<string> {
  return fc.constantFrom(
    `${path}?limit=1e999&since=-1&until=NaN&ids=a,b,,&kinds=none`,
    `${path}?limit=1000000000`,
    "//[aaa",
    "/v1/processes/%",
    "/v1/processes/%00",
    "/v1/processes/1e300",
    "/v1/processes/__proto__",
    "/v1/apps/%2e%2e%2f/scale",
    "/v1/history?since=1e300&limit=0",
    `/v1/${"a/".repeat(2_000)}`,
    "/v1/events?after=-5&kinds=x",
    "*",
  );
}

test("whatever is asked of the API, God answers with a problem at most, and never a fault of its own", async () => {
  const home = testHome();
  // The ids 0 and 1 come up among odd numbers: what is then asked of them is asked by their own user, and done.
  const target = home.file("target.js", "setInterval(() => {}, 1e6);");
  for (const name of ["target-a", "target-b"]) await home.ok("start", target, "--name", name);
  const { unharmed } = await witness(home);
  const faults: string[] = [];
  for (const text of sampled(request, runs(400))) {
    const answer = await ask(home.paths.socket, text);
    if (answer.startsWith("HTTP/1.1 5"))
      faults.push(`${text.slice(0, 400)}\n→ ${answer.slice(0, 400)}`);
  }
  expect(faults).toEqual([]);
  await unharmed();
});

/** The answer's first bytes; a stream is let go once it has begun. */
function ask(path: string, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.write(text);
    });
    let answer = "";
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      answer += chunk;
      if (answer.includes("\r\n\r\n")) socket.destroy();
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(answer));
    socket.setTimeout(5_000, () => {
      answer += "no answer";
      socket.destroy();
    });
  });
}
