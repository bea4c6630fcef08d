import { scenario, type Scenario } from "../scenario.ts";

const json = (value: unknown): string => JSON.stringify(value);
const app = { name: "a", script: "tells.cjs", args: "from file" };

/** A file of a form, by its name and content, and what starting it does. */
const form = (rule: string, file: string, content: string, ...flags: string[]): Scenario =>
  formBut({}, rule, file, content, ...flags);

/** The same, where it differs on purpose. */
const formBut = (
  differs: Readonly<Record<string, string>>,
  rule: string,
  file: string,
  content: string,
  ...flags: string[]
): Scenario =>
  scenario(
    `file: ${rule}`,
    async (s) => {
      s.write("b.cjs", s.read("tells.cjs"));
      s.write(file, content);
      s.see("exit code", (await s.run("start", file, ...flags)).code);
      s.see(
        "apps",
        (await s.list()).map((each) => [
          each.name,
          each.pm2_env["args"] ?? [],
          each.pm2_env["A"] ?? null,
        ]),
      );
    },
    { differs },
  );

/** The forms in which configuration comes. */
export const forms: readonly Scenario[] = [
  form("an object with apps", "f.json", json({ apps: [app] })),
  form("a single app", "f.json", json(app)),
  form("a bare array", "f.json", json([app, { name: "b", script: "b.cjs" }])),
  form("pm2 instead of apps", "f.json", json({ pm2: [app] })),
  form("apps as one object", "f.json", json({ apps: app })),
  form(
    "comments, unquoted keys and commas at the end",
    "f.json",
    "{ // one\n apps: [{ name: 'a', script: \"tells.cjs\", }, /* two */], }",
  ),
  form("JavaScript", "f.config.js", `module.exports = ${json({ apps: [app] })}`),
  form("CommonJS", "f.config.cjs", `module.exports = ${json({ apps: [app] })}`),
  formBut(
    { "exit code": ".config.mjs", apps: ".config.mjs" },
    "an ES module",
    "f.config.mjs",
    `export default ${json({ apps: [app] })}`,
  ),
  form("an ES module with a named export", "f.config.mjs", `export const apps = ${json([app])}`),
  form(
    "YAML with apps",
    "f.yaml",
    "apps:\n  - name: a\n    script: tells.cjs\n    args: from file\n",
  ),
  form("YAML of one app", "f.yml", "name: a\nscript: tells.cjs\n"),
  form(
    "the pm2 key of package.json",
    "package.json",
    json({ name: "p", version: "1.0.0", pm2: [app] }),
  ),
  form(
    "JavaScript without .config in its name is a script",
    "f.js",
    `module.exports = ${json({ apps: [app] })}; setInterval(() => {}, 1e9)`,
  ),
  form("a folder below", "conf/f.json", json({ apps: [{ name: "a", script: "tells.cjs" }] })),
  form(
    "--env X lays env_X over env",
    "f.json",
    json({ ...app, env: { A: "1" }, env_x: { A: "2" } }),
    "--env",
    "x",
  ),
  form(
    "--env of a name that no app has",
    "f.json",
    json({ ...app, env: { A: "1" } }),
    "--env",
    "y",
  ),
  form(
    "append_env_to_name",
    "f.json",
    json({ ...app, append_env_to_name: true, env_x: { A: "2" } }),
    "--env",
    "x",
  ),
  form("cmd for script", "f.json", json({ name: "a", cmd: "tells.cjs" })),
  form("command for script", "f.json", json({ name: "a", command: "tells.cjs" })),
  form(
    "a script with arguments in it is a shell's command",
    "f.json",
    json({ name: "a", script: "node tells.cjs in script" }),
  ),
  form("an array of environments", "f.json", json({ ...app, env: { A: { deep: [1, 2] } } })),
  form("env values of every type", "f.json", json({ ...app, env: { A: true } })),
  form("no name at all", "f.json", json({ script: "./tells.cjs" })),
  formBut(
    { "exit code": "a file without apps" },
    "an empty list of apps",
    "f.json",
    json({ apps: [] }),
  ),
  form("two apps of one name", "f.json", json([app, { ...app, script: "b.cjs" }])),
  form("a name with a space", "f.json", json({ ...app, name: "a b" })),
  form(
    "deploy beside apps",
    "f.json",
    json({ apps: [app], deploy: { production: { user: "x", host: "h" } } }),
  ),
];
