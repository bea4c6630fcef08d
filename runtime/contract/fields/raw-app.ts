/** An app as its user wrote it, under PM2's names. */
export type RawApp = Readonly<Record<string, unknown>> & { readonly [place]?: string };

/** Where an app stands in its file, such as `static[0]`, when that is not `apps[INDEX]`. */
export const place = Symbol("place");
