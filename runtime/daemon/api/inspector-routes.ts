import type { Exchange } from "./exchange.ts";

export async function open({ inspector, body, send }: Exchange<"openInspector">): Promise<void> {
  const { port, control } = body;
  send(await inspector.open({ port, control }));
}

export function show({ inspector, send }: Exchange<"inspector">): void {
  send(inspector.view());
}

export async function close({ inspector, send }: Exchange<"closeInspector">): Promise<void> {
  await inspector.close();
  send(inspector.view());
}
