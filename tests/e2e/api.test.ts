import { request, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { until } from "../support/condition.ts";
import { testHome, type TestHome } from "../support/home.ts";
import { program } from "../support/programs.ts";

/** One request as any HTTP client makes it. */
function send(
  home: TestHome,
  method: string,
  path: string,
  options: { body?: string; accept?: string } = {},
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = options.accept === undefined ? {} : { accept: options.accept };
    const call = request({ socketPath: home.paths.socket, method, path, headers }, resolve);
    call.on("error", reject);
    call.end(options.body);
  });
}

test("a route that is not there is a problem with a code and a fix", async () => {
  const home = testHome();
  await home.ok("ping");
  const answer = await send(home, "GET", "/v1/nothing");
  expect([answer.statusCode, answer.headers["content-type"]]).toEqual([
    404,
    "application/problem+json",
  ]);
  expect(JSON.parse(await text(answer))).toMatchObject({
    code: "ERR_ROUTE_NOT_FOUND",
    class: "not-found",
    status: 404,
    detail: "the API has no GET /v1/nothing",
  });
});

test("every fault of a body is told with its path, and nothing is done", async () => {
  const home = testHome();
  await home.ok("ping");
  const body = JSON.stringify({ action: "explode", ids: ["one"], by: 3 });
  const answer = await send(home, "POST", "/v1/actions", { body });
  const problem = JSON.parse(await text(answer)) as { code: string; detail: string };
  expect([answer.statusCode, problem.code]).toEqual([400, "ERR_INPUT_INVALID"]);
  for (const path of ["action:", "ids.0:", "by:"]) expect(problem.detail).toContain(path);
  const proto = await send(home, "POST", "/v1/actions", { body: '{"__proto__": {}}' });
  expect(proto.statusCode).toBe(400);
});

test("an action is answered line by line, and its last line says that it is whole", async () => {
  const home = testHome();
  await home.ok("start", program("stays.js"), "--name", "a");
  const body = JSON.stringify({ action: "stop", ids: [0], by: "a test" });
  const answer = await send(home, "POST", "/v1/actions", { body });
  expect(answer.headers["content-type"]).toBe("application/x-ndjson");
  const lines = (await text(answer))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as object);
  expect(lines).toEqual([
    {
      id: 0,
      name: "a",
      ok: true,
      kind: "stopped",
      message: "stopped",
      note: null,
      warning: null,
      lastWords: [],
      changed: [],
      status: "stopped",
      pid: null,
    },
    { end: true },
  ]);
});

test("events are server-sent events to whoever asks for them", async () => {
  const home = testHome();
  await home.ok("ping");
  const answer = await send(home, "GET", "/v1/events", { accept: "text/event-stream" });
  expect(answer.headers["content-type"]).toBe("text/event-stream");
  let seen = "";
  answer.setEncoding("utf8").on("data", (chunk: string) => (seen += chunk));
  await home.ok("start", program("stays.js"), "--name", "a");
  await until("the event", () => /^data: \{.*"event":"child.spawned".*\}\n\n/m.test(seen));
  answer.destroy();
});
