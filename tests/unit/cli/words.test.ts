import { expect, test } from "vitest";
import { rawAppFrom, startArgs } from "../../../cli/apps/start-flags.ts";
import { prepareWords } from "../../../cli/call/words.ts";

const prepare = (...words: string[]) =>
  prepareWords(words, { ...startArgs, force: { type: "boolean", alias: "f" } });

test.each([
  [["app.js", "-i", "-1"], ["app.js", "--instances=-1"]],
  [["app.js", "-i4", "-f"], ["app.js", "--instances=4", "--force"]],
  [["app.js", "-fn", "api"], ["app.js", "--force", "--name=api"]],
  [["app.js", "--name", "--odd"], ["app.js", "--name=--odd"]],
  [["app.js", "--name=a=b"], ["app.js", "--name=a=b"]],
  [["app.js", "--node-args", "--inspect --no-warnings"], ["app.js", "--interpreter-args=--inspect --no-warnings"]],
  [["app.js", "--no-autorestart", "--time"], ["app.js", "--no-autorestart", "--time"]],
  [["app.js", "--autorestart=false"], ["app.js", "--no-autorestart"]],
  [["app.js", "--stop-exit-codes", "0", "1", "3"], ["app.js", "--stop-exit-codes=0,1,3"]],
  [["app.js", "--watch"], ["app.js", "--watch=true"]],
  [["app.js", "--watch", "src,lib"], ["app.js", "--watch=src,lib"]],
  [["--watch", "app.js"], ["--watch=true", "app.js"]],
  [["app.js", "--watch", "--time"], ["app.js", "--watch=true", "--time"]],
  [["app.js", "--watch", "src", "--watch", "lib"], ["app.js", "--watch=src,lib"]],
  [["app.js", "--watch", "--watch=lib"], ["app.js", "--watch=lib"]],
  [["app.js", "--ignore-watch", "*.log", "--ignore-watch=tmp"], ["app.js", "--ignore-watch=*.log tmp"]],
  [["app.js", "--node-args", "--inspect", "--node-args=-r dotenv/config"], ["app.js", "--interpreter-args=--inspect -r dotenv/config"]],
  [["app.js", "--stop-exit-codes", "0", "--stop-exit-codes=3"], ["app.js", "--stop-exit-codes=0,3"]],
  [["app.js", "-n", "one", "-n", "two"], ["app.js", "--name=one", "--name=two"]],
  [["-", "+2", "-2"], ["-", "+2", "-2"]],
  [["app.js", "--write", "--lines", "5"], ["app.js"]],
])("%j is read as %j", async (words, prepared) => {
  expect(await prepare(...words)).toEqual(prepared);
}); // prettier-ignore

test.each([
  [["app.js", "--nmae", "x"], 'no such flag: --nmae'],
  [["app.js", "--name"], "--name needs a value"],
  [["app.js", "--container"], "--container is PM2's for building images"],
])("%j is refused", async (words, told) => {
  await expect(prepare(...words)).rejects.toThrow(told);
}); // prettier-ignore

test("--watch-delay is in seconds, as PM2 has it, unless it has a unit", () => {
  expect(rawAppFrom({ "watch-delay": "2" })).toEqual({ watch_delay: "2s" });
  expect(rawAppFrom({ "watch-delay": "500ms" })).toEqual({ watch_delay: "500ms" });
});
