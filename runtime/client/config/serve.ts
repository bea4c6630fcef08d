import { builtProgram } from "../../host/built-program.ts";
import { xmError } from "../../contract/errors.ts";
import { usualPort } from "../../contract/file-server.ts";
import { place, type RawApp } from "../../contract/fields/raw-app.ts";

/** The app that `script: "serve"` means in a file or in a program (PM2): our file server. */
export function servedScript(app: RawApp): RawApp {
  return app["script"] === "serve" ? { name: "serve", ...app, ...serverProgram(app) } : app;
}

/** What makes an app the file server. It counts as started when it listens, so that a port in use is reported. */
export function serverProgram(app: RawApp): RawApp {
  const hasReadiness = app["ready"] !== undefined || app["wait_ready"] !== undefined;
  return {
    script: builtProgram("serve.cjs"),
    interpreter: "node",
    ...(hasReadiness ? {} : { ready: "listening" }),
  };
}

/** What a file server serves; `undefined` for any other app. */
export function servedFolder(app: Readonly<Record<string, unknown>>): string | undefined {
  const { PM2_SERVE_PATH: path } = (app["env"] ?? {}) as Record<string, unknown>;
  return app["script"] === builtProgram("serve.cjs") && typeof path === "string" ? path : undefined;
}

/** PM2's name for a server that is given none. */
export const serverName = (port: unknown): string => `static-page-server-${String(port)}`;

/** Fields of a server in `static`; any other is one of its app. */
const ownFields = [
  "path",
  "port",
  "host",
  "spa",
  "ftp",
  "basic_auth",
  "monitor",
  "homepage",
] as const;

/**
 * The apps that the `static` of a file means: `{ path, port, spa, basic_auth: { username, password } }`.
 * @throws `ERR_CONFIG_INVALID` with every fault.
 */
export function serversIn(list: unknown, file: string): RawApp[] {
  const faults: string[] = [];
  const items = Array.isArray(list) ? list : [list];
  const apps = items.map((item: unknown, index): RawApp => {
    const at = `static[${index}]`;
    if (typeof item !== "object" || item === null || Array.isArray(item)) {
      faults.push(`${at}: expected { path, port }, got ${JSON.stringify(item)}`);
      return {};
    }
    return serverIn(item as Readonly<Record<string, unknown>>, at, faults);
  });
  if (faults.length > 0) throw xmError("ERR_CONFIG_INVALID", { file, faults });
  return apps;
}

function serverIn(item: Readonly<Record<string, unknown>>, at: string, faults: string[]): RawApp {
  const {
    path = ".",
    port = usualPort,
    host,
    spa = false,
    ftp = false,
    homepage,
    basic_auth: login,
  } = item;
  const expect = (name: string, isRight: boolean, what: string): void => {
    if (!isRight) {
      faults.push(`${at}.${name}: expected ${what}, got ${JSON.stringify(item[name])}`);
    }
  };
  const isText = (value: unknown): boolean =>
    typeof value === "string" && value !== "" && !value.includes("\0");
  expect("path", isText(path), "a folder");
  expect("port", /^\d{1,5}$/.test(String(port)) && Number(port) <= 65_535, "a port up to 65535");
  expect("host", host === undefined || isText(host), "an address");
  expect("homepage", homepage === undefined || isText(homepage), "a path below the folder");
  expect("spa", ["true", "false"].includes(String(spa)), "true or false");
  expect("ftp", ["true", "false"].includes(String(ftp)), "true or false");
  const { username, password } = (login ?? {}) as Record<string, unknown>;
  const hasLogin = login !== undefined && login !== null && login !== false;
  const isLogin = isText(username) && isText(password);
  expect("basic_auth", !hasLogin || isLogin, "{ username, password }, two texts");
  const others = Object.entries(item).filter(
    ([name]) => !(ownFields as readonly string[]).includes(name),
  );
  const { env, ...fields } = Object.fromEntries(others) as { env?: Record<string, unknown> };
  return {
    name: serverName(port),
    ...fields,
    ...serverProgram(fields),
    env: {
      ...env,
      PM2_SERVE_PATH: path,
      PM2_SERVE_PORT: port,
      PM2_SERVE_SPA: spa,
      PM2_SERVE_FTP: ftp,
      ...(host === undefined ? {} : { PM2_SERVE_HOST: host }),
      ...(homepage === undefined ? {} : { PM2_SERVE_HOMEPAGE: homepage }),
      PM2_SERVE_BASIC_AUTH: hasLogin,
      ...(hasLogin
        ? { PM2_SERVE_BASIC_AUTH_USERNAME: username, PM2_SERVE_BASIC_AUTH_PASSWORD: password }
        : {}),
    },
    [place]: at,
  };
}
