/** Where version managers keep the Node that is their default, below the user's folder; the newest of nvm's is looked for apart. */
export const nodePlaces: readonly string[] = [
  ".volta/bin",
  ".local/share/fnm/aliases/default/bin",
  ".fnm/aliases/default/bin",
  ".asdf/shims",
  ".local/share/mise/shims",
  "n/bin",
];

/** Below the user's folder, as a shell's pattern: the last one that it matches is the newest. */
export const nvmPlaces = ".nvm/versions/node/v[2-9][0-9].*/bin";
