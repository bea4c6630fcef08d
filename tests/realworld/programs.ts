import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

/** A server that is not a program of Node; it answers with its pid on `PORT`, writes `served` for each request, and ends by SIGINT. */
export interface Program {
  readonly name: string;
  readonly file: string;
  readonly source: string;
  /** Packages of npm that it is run by. */
  readonly packages?: readonly string[];
  /** Makes the program that is started of its source, or installs what runs it. */
  readonly compile?: readonly [string, ...string[]];
  /** What its ecosystem file says; paths are of the folder. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export const programs: readonly Program[] = [
  {
    name: "Python's http.server",
    file: "server.py",
    source: `import http.server, os, signal, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        body = str(os.getpid()).encode()
        print("served")
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_):
        pass
class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
Server(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
`,
    fields: { script: "server.py", interpreter: "python3" },
  },
  {
    name: "gunicorn with two workers",
    file: "wsgi.py",
    compile: ["sh", "-c", "python3 -m venv venv && venv/bin/pip install --quiet gunicorn"],
    // Its workers serve; what is managed is their parent.
    source: `import os
def app(environ, start_response):
    print("served", flush=True)
    body = str(os.getppid()).encode()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
`,
    fields: {
      script: "venv/bin/gunicorn",
      interpreter: "venv/bin/python",
      args: "--workers 2 wsgi:app",
      kill_signal: "SIGTERM",
    },
  },
  {
    name: "a server in C",
    file: "server.c",
    compile: ["gcc", "-O1", "-o", "server", "server.c"],
    source: `#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
static void stop(int signal) { (void)signal; _exit(0); }
int main(void) {
  signal(SIGINT, stop);
  setvbuf(stdout, NULL, _IOLBF, 0);
  int server = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
  setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(atoi(getenv("PORT"))), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  if (bind(server, (struct sockaddr *)&at, sizeof at) != 0 || listen(server, 128) != 0) return 1;
  for (;;) {
    int client = accept(server, NULL, NULL);
    char asked[4096], pid[32], answer[256];
    if (client < 0 || read(client, asked, sizeof asked) <= 0) { close(client); continue; }
    puts("served");
    int length = snprintf(pid, sizeof pid, "%d", getpid());
    int all = snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: %d\\r\\n\\r\\n%s", length, pid);
    if (write(client, answer, all) != all) return 1;
    close(client);
  }
}
`,
    fields: { script: "./server" },
  },
  {
    name: "Bun",
    file: "bun.ts",
    packages: ["bun@1"],
    source: `const server = Bun.serve({ port: Number(process.env.PORT), hostname: "127.0.0.1", fetch: () => { console.log("served"); return new Response(String(process.pid)); } });
process.on("SIGINT", async () => { await server.stop(); process.exit(0); });
process.send?.("ready");
`,
    fields: { script: "bun.ts", interpreter: "bun", wait_ready: true },
  },
  {
    name: "Deno",
    file: "deno.ts",
    packages: ["deno@2"],
    source: `import process from "node:process";
const port = Number(process.env.PORT);
const server = Deno.serve({ port, hostname: "127.0.0.1", onListen: () => process.send?.("ready") }, () => { console.log("served"); return new Response(String(Deno.pid)); });
Deno.addSignalListener("SIGINT", async () => { await server.shutdown(); Deno.exit(0); });
`,
    fields: {
      script: "deno.ts",
      interpreter: "deno",
      interpreter_args: "run -A",
      wait_ready: true,
    },
  },
];

/** Writes, installs and compiles them all in a folder of its own. */
export async function installPrograms(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "xm-realworld-"));
  const run = promisify(execFile);
  const packages = programs.flatMap((each) => each.packages ?? []);
  await run("npm", [
    "install",
    "--no-save",
    "--no-audit",
    "--no-fund",
    "--prefix",
    folder,
    ...packages,
  ]);
  // npm asks before it runs what packages do once they are installed.
  for (const [name, file] of [
    ["bun", "install.js"],
    ["deno", "install.cjs"],
  ] as const) {
    const script = join(folder, "node_modules", name, file);
    if (existsSync(script))
      await run(process.execPath, [script], { cwd: join(folder, "node_modules", name) });
  }
  for (const { file, source, compile } of programs) {
    writeFileSync(join(folder, file), source);
    if (compile !== undefined) await run(compile[0], compile.slice(1), { cwd: folder });
  }
  return folder;
}
