import { resolve } from "node:path";
import { usualHost, usualPort, type ServeSettings } from "../../contract/file-server.ts";

/**
 * Reads the settings.
 * @param cwd what a relative folder begins at.
 * @returns them, or every fault with the variable's name.
 */
export function serveSettings(
  variables: Readonly<Record<string, string | undefined>>,
  cwd: string,
): { settings: ServeSettings } | { faults: readonly string[] } {
  const faults: string[] = [];
  const said = (name: string): string | undefined => variables[`PM2_SERVE_${name}`] || undefined;
  const isOn = (name: string): boolean => {
    const value = said(name) ?? "false";
    if (value !== "true" && value !== "false") {
      faults.push(`PM2_SERVE_${name}: expected true or false, got "${value}"`);
    }
    return value === "true";
  };
  const port = portOf(said("PORT"));
  if (port === undefined) {
    faults.push(`PM2_SERVE_PORT: expected a port from 0 to 65535, got "${said("PORT")}"`);
  }
  const username = said("BASIC_AUTH_USERNAME");
  const password = said("BASIC_AUTH_PASSWORD");
  const hasLogin = isOn("BASIC_AUTH");
  if (hasLogin && (username === undefined || password === undefined)) {
    // PM2 lets everybody in then.
    faults.push(
      "PM2_SERVE_BASIC_AUTH: expected PM2_SERVE_BASIC_AUTH_USERNAME and PM2_SERVE_BASIC_AUTH_PASSWORD beside it",
    );
  }
  const isSinglePage = isOn("SPA");
  // PM2's word for it.
  const lists = isOn("FTP");
  const homepage = said("HOMEPAGE") ?? "/index.html";
  if (faults.length > 0 || port === undefined) return { faults };
  return {
    settings: {
      folder: resolve(cwd, said("PATH") ?? "."),
      host: said("HOST") ?? usualHost,
      port,
      homepage: homepage.startsWith("/") ? homepage : `/${homepage}`,
      isSinglePage,
      lists,
      login:
        hasLogin && username !== undefined && password !== undefined
          ? { username, password }
          : undefined,
    },
  };
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return usualPort;
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : undefined;
}
