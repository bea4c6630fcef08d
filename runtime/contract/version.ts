declare const XM_VERSION: string | undefined;

/** The package's version: the bundler writes it in (`esbuild.config.mjs`); from source it is `0.0.0`. */
export const version: string = typeof XM_VERSION === "string" ? XM_VERSION : "0.0.0";
