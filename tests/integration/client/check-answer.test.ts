import { mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { dirname } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { connect } from "../../../runtime/client/connection/client.ts";
import { homePaths } from "../../../runtime/host/home/paths.ts";
import { testFolder } from "../../support/folder.ts";
import { processDetail } from "../../unit/compat/samples.ts";

/** A home whose daemon answers everything with this text. */
async function homeThatAnswers(body: string): Promise<string> {
  const home = `${testFolder().path}/home`;
  const { socket } = homePaths(home);
  mkdirSync(dirname(socket), { recursive: true, mode: 0o700 });
  const server = createServer((connection) => {
    connection.once("data", () => connection.end(`HTTP/1.0 200 OK\r\n\r\n${body}`));
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  onTestFinished(() => void server.close());
  return home;
}

const pong = { pid: 7, version: "0.2.0", startedAt: 5, home: "/h" };

test("an answer that is not the contract's is an error that names the field and what to do", async () => {
  const home = await homeThatAnswers(JSON.stringify({ ...pong, pid: "7" }));
  const checked = connect({ home, autostart: false, checksAnswers: true });
  await expect(checked.ping()).rejects.toMatchObject({
    code: "ERR_ANSWER_INVALID",
    message: expect.stringMatching(/answer to ping .*: pid: expected number, got "7"/) as string,
    fix: expect.stringContaining("`xm update`") as string,
  });
  await expect(connect({ home, autostart: false }).ping()).resolves.toMatchObject({ pid: "7" });
});

test("a line of a stream is checked as it comes, and what was right before it is given", async () => {
  const outcome = { id: 1, name: "a", ok: true };
  const home = await homeThatAnswers(`${JSON.stringify(outcome)}\n{"end":true}\n`);
  const client = connect({ home, autostart: false, checksAnswers: true });
  const all = async (): Promise<unknown[]> => {
    const got: unknown[] = [];
    for await (const each of client.act({ action: "stop", ids: [1], by: "a test" })) got.push(each);
    return got;
  };
  await expect(all()).rejects.toMatchObject({
    code: "ERR_ANSWER_INVALID",
    message: expect.stringContaining("answer to act") as string,
  });
});

test("fields that a newer daemon adds are accepted and handed on", async () => {
  const home = await homeThatAnswers(JSON.stringify({ ...pong, later: true }));
  const client = connect({ home, autostart: false, checksAnswers: true });
  await expect(client.ping()).resolves.toMatchObject({ later: true });
});

test("so are those within a declaration, which a caller may not send", async () => {
  const detail = processDetail();
  const { policy } = detail.spec;
  const later = { ...policy, restart: { ...policy.restart, onProbation: true, later: 1 } };
  const spec = { ...detail.spec, policy: later };
  const home = await homeThatAnswers(JSON.stringify({ ...detail, spec }));
  const client = connect({ home, autostart: false, checksAnswers: true });
  await expect(client.detail(3)).resolves.toMatchObject({ spec: { policy: later } });
  const wrong = await homeThatAnswers(JSON.stringify({ ...detail, spec: { ...spec, cwd: 7 } }));
  await expect(
    connect({ home: wrong, autostart: false, checksAnswers: true }).detail(3),
  ).rejects.toThrow(/cwd: expected string/);
});
