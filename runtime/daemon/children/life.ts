import { createHash } from "node:crypto";

/** The variable that marks a child and its descendants as one life of one process of one home. */
export const lifeVariable = "XM_LIFE";

export interface LifeMarker {
  readonly homeTag: string;
  readonly id: number;
  readonly lifeId: string;
}

/** A home in few characters. */
export function homeTag(home: string): string {
  let tag = tags.get(home);
  if (tag === undefined) {
    tag = createHash("sha256").update(home).digest("base64url").slice(0, 10);
    tags.set(home, tag);
  }
  return tag;
}

/** A daemon has one home, and asks at every spawn and every look at a tree. */
const tags = new Map<string, string>();

export function lifeMarker({ homeTag, id, lifeId }: LifeMarker): string {
  return `${homeTag}:${id}:${lifeId}`;
}

export function parseLifeMarker(text: string): LifeMarker | undefined {
  const [tag, id, lifeId, ...rest] = text.split(":");
  if (tag === undefined || lifeId === undefined || rest.length > 0 || !/^\d+$/.test(id ?? "")) {
    return undefined;
  }
  return { homeTag: tag, id: Number(id), lifeId };
}
