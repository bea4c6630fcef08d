import { chartFiles } from "./charts/index.ts";
import { commandReference } from "./commands.ts";
import { configurationReference } from "./configuration.ts";
import { errorReference } from "./errors.ts";
import { eventPages } from "./events.ts";
import { machineReferences } from "./machines.ts";
import { openApi } from "./openapi.ts";
import { programmaticReference } from "./programmatic.ts";
import { roomsPicture } from "./rooms/picture.ts";

/** Every generated file by its path, as it should be now: what `npm run docs` writes and a test compares. */
export async function generatedFiles(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ["docs/reference/commands.md", await commandReference()],
    ["docs/reference/configuration.md", configurationReference()],
    ["docs/reference/errors.md", errorReference()],
    ["docs/reference/openapi.json", openApi()],
    ["docs/reference/programmatic-api.md", programmaticReference()],
    ...machineReferences(),
    ...eventPages(),
    ...(await chartFiles()),
    ["docs/charts/rooms.svg", await roomsPicture()],
  ]);
}
