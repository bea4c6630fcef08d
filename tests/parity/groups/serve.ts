import { until } from "../../support/condition.ts";
import { freePort } from "../../support/ports.ts";
import { scenario, type Scenario } from "../scenario.ts";
import type { Stage } from "../stage.ts";

/** PM2 would listen on every address: under both managers this alone is heard. */
const own = { PM2_SERVE_HOST: "127.0.0.1" };

function writeSite(s: Stage): void {
  s.write("site/index.html", "home");
  s.write("site/a.css", "a{}");
  s.write("site/below/index.html", "below");
}

async function untilServed(port: number): Promise<void> {
  await until("the server to listen", async () =>
    fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    ),
  );
}

/** What comes back: the status, the kind of content, and what there is. */
async function asked(port: number, path: string, init: RequestInit = {}): Promise<unknown[]> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, init);
  const kind = (response.headers.get("content-type") ?? "").split(";")[0];
  const origin = response.headers.get("access-control-allow-origin");
  return [response.status, kind, await response.text(), origin];
}

const login = (text: string): RequestInit => ({
  headers: { authorization: `Basic ${Buffer.from(text).toString("base64")}` },
});

/** Files for browsers. `static` of a file is not among them: PM2 serves it on every address, whatever it is told. */
export const serve: readonly Scenario[] = [
  scenario("serve: a folder on a port, as a process", async (s) => {
    writeSite(s);
    const port = await freePort();
    const ran = await s.call(["serve", "site", String(port)], { env: own });
    s.see("exit code", ran.code);
    await untilServed(port);
    const { name, pm2_env: env } = await s.one();
    s.see("name", name.replace(String(port), "PORT"));
    s.see(
      "fields",
      ["status", "exec_mode", "instances", "pm_cwd", "PM2_SERVE_PATH"].map((each) => env[each]),
    );
    s.see("port", String(env["PM2_SERVE_PORT"]) === String(port));
    for (const path of ["/", "/a.css", "/a.css?v=1", "/none", "/below/index.html"]) {
      s.see(path, await asked(port, path));
    }
    s.see("HEAD", await asked(port, "/", { method: "HEAD" }));
    s.see("again", (await s.call(["serve", "site", String(port)], { env: own })).code);
  }),
  scenario(
    "serve: what PM2 does not serve, and what it should not",
    async (s) => {
      writeSite(s);
      s.write("site/.env", "secret");
      s.write("site/ten.txt", "0123456789");
      const port = await freePort();
      await s.call(["expose", "site", "--port", String(port)], { env: own });
      await untilServed(port);
      s.see("a folder's index", (await asked(port, "/below/"))[2]);
      s.see("a dot file", (await asked(port, "/.env"))[0]);
      s.see("a part", (await asked(port, "/ten.txt", { headers: { range: "bytes=2-4" } }))[2]);
      s.see("POST", (await asked(port, "/", { method: "POST" }))[0]);
    },
    {
      differs: {
        "a folder's index": "a folder in serve",
        "a dot file": "dot files in serve",
        "a part": "Range, HEAD and other methods in serve",
        POST: "Range, HEAD and other methods in serve",
      },
    },
  ),
  scenario("serve --spa shows the page for what is no file", async (s) => {
    writeSite(s);
    const port = await freePort();
    await s.call(["serve", "site", String(port), "--spa", "--name", "spa"], { env: own });
    await untilServed(port);
    s.see("name", (await s.one()).name);
    for (const path of ["/", "/deep/link", "/none.css", "/a.css"]) {
      s.see(path, await asked(port, path));
    }
  }),
  scenario("serve with a login", async (s) => {
    writeSite(s);
    const port = await freePort();
    const flags = ["--basic-auth-username", "me", "--basic-auth-password", "x"];
    await s.call(["serve", "site", String(port), ...flags], { env: own });
    await untilServed(port);
    s.see("without", (await asked(port, "/"))[0]);
    s.see("wrong", (await asked(port, "/", login("me:y")))[0]);
    s.see("right", await asked(port, "/", login("me:x")));
    const response = await fetch(`http://127.0.0.1:${port}/`);
    s.see("challenge", response.headers.get("www-authenticate"));
  }),
  scenario("serve: the folder's 404.html", async (s) => {
    writeSite(s);
    s.write("site/404.html", "not here");
    const port = await freePort();
    await s.call(["serve", "site", String(port)], { env: own });
    await untilServed(port);
    s.see("none", (await asked(port, "/none")).slice(0, 3));
  }),
  scenario('script: "serve" in a file, told by variables', async (s) => {
    writeSite(s);
    const [first, second] = [await freePort(), await freePort()];
    const common = { ...own, PM2_SERVE_PATH: "site" };
    s.write("apps.json", {
      apps: [
        {
          name: "page",
          script: "serve",
          env: {
            ...common,
            PM2_SERVE_PORT: first,
            PM2_SERVE_SPA: "true",
            PM2_SERVE_HOMEPAGE: "/below/index.html",
          },
        },
        {
          script: "serve",
          instances: 2,
          exec_mode: "cluster",
          env: {
            ...common,
            PM2_SERVE_PORT: second,
            PM2_SERVE_BASIC_AUTH: "true",
            PM2_SERVE_BASIC_AUTH_USERNAME: "me",
            PM2_SERVE_BASIC_AUTH_PASSWORD: "x",
          },
        },
      ],
    });
    s.see("exit code", (await s.call(["start", "apps.json"], { env: own })).code);
    await untilServed(first);
    await untilServed(second);
    s.see(
      "processes",
      (await s.list()).map(({ name, pm2_env: env }) => [name, env["exec_mode"], env.status]),
    );
    s.see("page /", (await asked(first, "/"))[2]);
    s.see("page /deep", (await asked(first, "/deep"))[2]);
    s.see("cluster without login", (await asked(second, "/"))[0]);
    s.see("cluster with login", (await asked(second, "/a.css", login("me:x")))[2]);
    await s.code("delete", "all");
  }),
  scenario(
    "serve of a missing folder",
    async (s) => {
      const port = await freePort();
      const ran = await s.call(["serve", "nowhere", String(port)], { env: own });
      s.see("exit code", ran.code);
    },
    { differs: { "exit code": "serve of a missing folder" } },
  ),
  scenario(
    "serve on a port that another program has",
    async (s) => {
      writeSite(s);
      const port = await freePort();
      await s.call(["serve", "site", String(port)], { env: own });
      await untilServed(port);
      const flags = ["--name", "second"];
      const ran = await s.call(["serve", "site", String(port), ...flags], { env: own });
      s.see("exit code", ran.code);
    },
    { differs: { "exit code": "serve on a port in use" } },
  ),
];
