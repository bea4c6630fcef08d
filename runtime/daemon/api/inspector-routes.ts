import { readBody, sendJson, type Exchange } from "./exchange.ts";
import { daemonRequestSchema, openInspectorSchema } from "../../contract/api/schemas.ts";

export async function open({ request, response, inspector }: Exchange): Promise<void> {
  const { port, control } = await readBody(request, openInspectorSchema);
  sendJson(response, await inspector.open({ port, control }));
}

export function show({ response, inspector }: Exchange): void {
  sendJson(response, inspector.view());
}

export async function close({ request, response, inspector }: Exchange): Promise<void> {
  await readBody(request, daemonRequestSchema);
  await inspector.close();
  sendJson(response, inspector.view());
}
