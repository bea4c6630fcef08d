import { expect, test } from "vitest";
import { isLoggedIn } from "../../../../runtime/programs/file-server/login.ts";
import { serveSettings } from "../../../../runtime/programs/file-server/settings.ts";

test("without variables a server gives its working directory to this machine alone, on 8080", () => {
  expect(serveSettings({}, "/srv/site")).toEqual({
    settings: {
      folder: "/srv/site",
      host: "127.0.0.1",
      port: 8080,
      homepage: "/index.html",
      isSinglePage: false,
      lists: false,
      login: undefined,
    },
  });
});

test("PM2's variables choose the folder, the address, the page and the login", () => {
  const variables = {
    PM2_SERVE_PATH: "dist",
    PM2_SERVE_HOST: "0.0.0.0",
    PM2_SERVE_PORT: "0",
    PM2_SERVE_HOMEPAGE: "app.html",
    PM2_SERVE_SPA: "true",
    PM2_SERVE_FTP: "true",
    PM2_SERVE_BASIC_AUTH: "true",
    PM2_SERVE_BASIC_AUTH_USERNAME: "me",
    PM2_SERVE_BASIC_AUTH_PASSWORD: "secret",
  };
  expect(serveSettings(variables, "/srv")).toEqual({
    settings: {
      folder: "/srv/dist",
      host: "0.0.0.0",
      port: 0,
      homepage: "/app.html",
      isSinglePage: true,
      lists: true,
      login: { username: "me", password: "secret" },
    },
  });
});

test("every fault is told with its variable, and a login by halves is one", () => {
  const variables = {
    PM2_SERVE_PORT: "99999",
    PM2_SERVE_SPA: "yes",
    PM2_SERVE_BASIC_AUTH: "true",
    PM2_SERVE_BASIC_AUTH_USERNAME: "me",
  };
  expect(serveSettings(variables, "/srv")).toEqual({
    faults: [
      'PM2_SERVE_PORT: expected a port from 0 to 65535, got "99999"',
      "PM2_SERVE_BASIC_AUTH: expected PM2_SERVE_BASIC_AUTH_USERNAME and PM2_SERVE_BASIC_AUTH_PASSWORD beside it",
      'PM2_SERVE_SPA: expected true or false, got "yes"',
    ],
  });
});

const login = { username: "me", password: "a:ü" };
const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;

test.each<[string | undefined, boolean]>([
  [basic("me:a:ü"), true],
  [basic("me:a:ü").replace("Basic", "bASIC"), true],
  [basic("me:a"), false],
  [basic("me"), false],
  [basic(""), false],
  ["Basic", false],
  ["Basic %%%", false],
  [`Bearer ${Buffer.from("me:a:ü").toString("base64")}`, false],
  [undefined, false],
])("who says %s is let in: %s", (header, expected) => {
  expect(isLoggedIn(header, login)).toBe(expected);
});
