import { toJsonSchema } from "@valibot/to-json-schema";
import type { GenericSchema } from "valibot";
import { calls, type Call } from "../../runtime/contract/api/calls.ts";
import { summaries } from "../../runtime/contract/api/summaries.ts";
import * as schemas from "../../runtime/contract/api/schemas.ts";
import { httpStatus } from "../../runtime/contract/errors.ts";

/** The OpenAPI file, from the calls the server routes by and the schemas it validates with. */
export function openApi(): string {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [name, summary] of Object.entries(summaries)) {
    const route: Call = calls[name as keyof typeof summaries];
    const path = `/v1${route.path.replaceAll(/:(\w+)/g, "{$1}")}`;
    (paths[path] ??= {})[route.method.toLowerCase()] = operation(route, summary);
  }
  const components = Object.fromEntries(
    Object.entries(schemas)
      .filter(([name]) => name.endsWith("Schema"))
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([name, schema]) => [
        name.replace(/Schema$/, ""),
        toJsonSchema(schema as GenericSchema, { errorMode: "ignore" }),
      ]),
  );
  const document = {
    openapi: "3.1.0",
    info: {
      title: "Ex Machina",
      version: "1",
      description:
        "The daemon's API on the unix socket of a home (god.sock). Streams are NDJSON, or server-sent events by `Accept`. While the inspector is open (`xm inspect`), and by `xm api`, it is served over TCP too, under a bearer token: what `x-over-tcp` calls `read` always, `control` with `--control` and the body of `x-body-over-tcp`, `never` not at all; values of environment variables are hidden there.",
    },
    paths,
    components: { schemas: components },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function operation(route: Call, summary: string): unknown {
  const parameters = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const reference = (name: string): unknown => ({
    $ref: `#/components/schemas/${name.replace(/Schema$/, "")}`,
  });
  const media = route.kind === "stream" ? "application/x-ndjson" : "application/json";
  const problem = {
    description: "A problem",
    content: { "application/problem+json": { schema: reference("problemSchema") } },
  };
  return {
    summary,
    "x-over-tcp": route.overTcp ?? "never",
    ...(route.bodyOverTcp === undefined ? {} : { "x-body-over-tcp": reference(route.bodyOverTcp) }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(route.body === undefined
      ? {}
      : {
          requestBody: {
            required: true,
            content: { "application/json": { schema: reference(route.body) } },
          },
        }),
    responses: {
      200: {
        description: route.kind === "stream" ? "One value per line" : "Done",
        content: { [media]: { schema: reference(route.answer) } },
      },
      ...Object.fromEntries(
        [...new Set(Object.values(httpStatus))].map((status) => [status, problem]),
      ),
    },
  };
}
