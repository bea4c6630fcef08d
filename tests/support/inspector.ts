import { request, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { onTestFinished } from "vitest";
import type { LiveMessage, MachineName, MachineView } from "../../runtime/contract/inspector.ts";
import type { InspectorOpened } from "../../runtime/client/connection/types.ts";
import { until } from "./condition.ts";
import type { TestHome } from "./home.ts";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** The inspector of a home, as a program with its token sees it. */
export interface TestInspector extends InspectorOpened {
  /** One request with the headers given; `bearer` is added unless they say who asks. */
  readonly ask: (path: string, asked?: Asked) => Promise<Answer>;
  /** The same without any token. */
  readonly knock: (path: string, asked?: Asked) => Promise<Answer>;
  /** Follows `/inspector/live`. */
  readonly live: (process?: number) => Promise<LiveReader>;
}

export interface LiveReader {
  readonly messages: LiveMessage[];
  /** All that came, as it came. */
  text(): string;
  /** The machines' views that came, oldest first. */
  views(machine: MachineName): MachineView[];
  isOpen(): boolean;
  close(): void;
}

/** `xm inspect`, as a script calls it. */
export async function openInspector(home: TestHome, ...flags: string[]): Promise<TestInspector> {
  const opened = JSON.parse(await home.ok("inspect", "--json", ...flags)) as InspectorOpened;
  const { port, token } = opened;
  const bearer = { authorization: `Bearer ${token}` };
  const knock: TestInspector["knock"] = async (path, asked) => {
    const answer = await call(port, path, asked);
    return {
      status: answer.statusCode ?? 0,
      headers: answer.headers,
      body: await text(answer),
    };
  };
  return {
    ...opened,
    knock,
    ask: (path, asked) => knock(path, { ...asked, headers: { ...bearer, ...asked?.headers } }),
    live: async (process) => {
      const query = process === undefined ? "" : `?process=${process}`;
      const answer = await call(port, `/inspector/live${query}`, { headers: bearer });
      return follow(answer);
    },
  };
}

export function problemOf({ body }: Answer): string {
  return (JSON.parse(body) as { code: string }).code;
}

function call(port: number, path: string, asked: Asked = {}): Promise<IncomingMessage> {
  const { method = "GET", headers = {}, body } = asked;
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, path, method, headers, agent: false };
    const sent = request(options, resolve);
    sent.on("error", reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

async function follow(answer: IncomingMessage): Promise<LiveReader> {
  const messages: LiveMessage[] = [];
  let all = "";
  let rest = "";
  let isOpen = true;
  answer.setEncoding("utf8").on("data", (chunk: string) => {
    all += chunk;
    rest += chunk;
    let end: number;
    while ((end = rest.indexOf("\n\n")) >= 0) {
      const frame = rest.slice(0, end);
      rest = rest.slice(end + 2);
      if (frame.startsWith("data: ")) messages.push(JSON.parse(frame.slice(6)) as LiveMessage);
    }
  });
  answer.on("error", () => (isOpen = false));
  answer.on("close", () => (isOpen = false));
  onTestFinished(() => void answer.destroy());
  await until("the first message", () => messages.length > 0, { saw: () => all });
  return {
    messages,
    text: () => all,
    views: (machine) =>
      messages.flatMap((message) =>
        message.type === "machine" && message.machine.machine === machine ? [message.machine] : [],
      ),
    isOpen: () => isOpen,
    close: () => void answer.destroy(),
  };
}
