import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { WebSocketReceiverOptions } from "@xstate/inspect";
import type { AnyState, AnyStateMachine, SCXML } from "xstate4";
import { vi } from "vitest";
import { WebSocket } from "ws";
import { testFolder } from "../folder.ts";

/** What the receiver of `@xstate/inspect` makes of a message: its own types, over those of XState 4. */
export type ReceivedEvent =
  | {
      type: "service.register";
      machine: AnyStateMachine;
      state: AnyState;
      id: string;
      sessionId: string;
      parent?: string;
    }
  | { type: "service.state"; state: AnyState; sessionId: string }
  | { type: "service.event"; event: SCXML.Event<{ type: string }>; sessionId: string }
  | { type: "service.stop"; sessionId: string };

type CreateReceiver = (options: Pick<WebSocketReceiverOptions, "server">) => {
  subscribe(tell: (event: ReceivedEvent) => void): unknown;
};

/**
 * The receiver of `@xstate/inspect` itself. It imports `xstate` and means version 4, which has another name here: it is
 * bundled with that. It is made for browsers, and on Node 20 there is no `WebSocket`.
 */
export async function xstate4Receiver(): Promise<CreateReceiver> {
  vi.stubGlobal("WebSocket", WebSocket);
  const { build } = await import("esbuild");
  const outfile = join(testFolder().path, "receiver.mjs");
  await build({
    stdin: {
      contents: `export { createWebSocketReceiver } from "@xstate/inspect";`,
      resolveDir: import.meta.dirname,
    },
    alias: { xstate: "xstate4" },
    bundle: true,
    format: "esm",
    mainFields: ["module", "main"],
    outfile,
    logLevel: "error",
  });
  const loaded = (await import(pathToFileURL(outfile).href)) as {
    createWebSocketReceiver: CreateReceiver;
  };
  return loaded.createWebSocketReceiver;
}
