import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testHome } from "../support/home.ts";

test("a Compose file becomes an ecosystem file that starts; what it cannot say is on stderr", async () => {
  const home = testHome();
  home.file("app.js", "console.log(process.env.A); setInterval(() => {}, 1e9);");
  home.file(
    "compose.yaml",
    'services:\n  seed: { command: "node -e 0" }\n  web:\n    command: node app.js\n    environment: { A: "${A:-1}" }\n    depends_on: { seed: { condition: service_completed_successfully } }\n    networks: [back]\n  db: { image: "postgres:16" }\n',
  );
  const ran = await home.xm("import", "compose.yaml");
  expect(ran).toMatchObject({
    code: 0,
    stdout: "ecosystem.config.yaml: 2 app(s); start them with `xm start ecosystem.config.yaml`\n",
    stderr:
      "xm: not in the file: services.db: has no command, and its image postgres:16 names the program; it is left out\n" +
      "xm: not in the file: services.web.networks: no field for it\n",
  });
  await home.ok("start");
  const list = await home.list();
  expect(list.map(({ name, status }) => [name, status])).toEqual([
    ["seed", "completed"],
    ["web", "online"],
  ]);
});

test("a file that exists is kept, --strict counts what cannot be said, and - is stdout", async () => {
  const home = testHome();
  home.file("Procfile", "web: node app.js\nnothing\n");
  const written = join(home.folder, "a.cjs");
  expect(await home.xm("import", "Procfile", "-o", "a.cjs", "--strict")).toMatchObject({ code: 1 });
  expect(readFileSync(written, "utf8")).toContain('script: "node app.js"');
  const again = await home.xm("import", "Procfile", "-o", "a.cjs");
  expect(again.code).toBe(1);
  expect(again.stderr).toContain("a.cjs already exists");
  expect(await home.xm("import", "Procfile", "-o", "a.cjs", "--force")).toMatchObject({ code: 0 });
  const shown = await home.xm("import", "Procfile", "-o", "-");
  expect(shown.stdout).toMatch(/^# Made from Procfile by `xm import`\.\napps:\n  - name: web\n/);
  const wrong = await home.xm("import", "Procfile", "-o", "a.txt");
  expect(wrong).toMatchObject({ code: 1, stdout: "" });
  expect(existsSync(join(home.folder, "a.txt"))).toBe(false);
});
