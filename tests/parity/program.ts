import type { Stage } from "./stage.ts";

/**
 * Runs a program that uses the manager's API: `manager` is the module, `call` makes a promise of a callback method
 * and gives `[failed, result]`, `until` polls. What it returns is given back; it ends itself, since PM2's module may keep a program alive for ever.
 */
export async function runProgram(s: Stage, body: string): Promise<unknown> {
  const file = s.write(
    "program.cjs",
    `const manager = require("manager");
const call = (method, ...args) => new Promise((resolve) => manager[method](...args, (error, result) => resolve([Boolean(error), result])));
const told = () => { try { return require("fs").readFileSync(__dirname + "/told.ndjson", "utf8"); } catch { return ""; } };
const until = async (look) => {
  for (const end = Date.now() + 15_000; Date.now() < end; ) {
    const value = await look();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("waited 15 s in vain: " + String(look));
};
(async () => {
${body}
})().then(
  (facts) => { require("fs").writeFileSync(__dirname + "/facts.json", JSON.stringify(facts)); manager.disconnect(); setTimeout(() => process.exit(0), 300); },
  (error) => { console.error(error); process.exit(1); },
);
`,
  );
  const ran = await s.node([file]);
  if (ran.code !== 0) throw new Error(`the program ended with ${ran.code}`);
  return JSON.parse(s.read("facts.json")) as unknown;
}
