import { request as plainly } from "node:http";
import { request as overTls } from "node:https";
import type { NotifyTarget } from "../../../machines/notify-spec.ts";
import { messageOf } from "../../contract/errors.ts";
import type { Message } from "../../contract/notify.ts";
import { runCommand } from "./run-command.ts";
import type { Sent } from "./sent.ts";
import { bodyOf, subjectOf, textOf } from "./words.ts";

/** A target that does not answer by then has not got it; ms. */
const usualLimitMs = 10_000;

/**
 * Sends a message to a target: a request with a time limit that follows no redirect, or a program that gets it on its input.
 * Never throws.
 * @param variables of the app, for those that the target names.
 */
export async function send(
  target: NotifyTarget,
  message: Message,
  options: {
    readonly variables: Readonly<Record<string, string>>;
    readonly limitMs?: number;
    readonly signal?: AbortSignal;
  },
): Promise<Sent> {
  const { variables, limitMs = usualLimitMs, signal } = options;
  if (target.kind === "exec" || target.kind === "email") {
    const isMail = target.kind === "email";
    const [file, ...args] = isMail
      ? ["sendmail", "-i", "--", target.to]
      : ["/bin/sh", "-c", target.command];
    const input = isMail ? mailOf(target.to, message) : `${JSON.stringify(bodyOf(message))}\n`;
    return runCommand({ file, args, input, limitMs, message, signal });
  }
  const unset: string[] = [];
  const filled = (text: string): string => withVariables(text, variables, unset);
  const url = filled(target.url);
  const own = Object.entries(target.headers).map(([name, value]) => [name, filled(value)] as const);
  if (unset.length > 0)
    return failed(`the variable ${unset.join(", ")} is not set in the app`, true);
  if (!/^https?:\/\//.test(url) || !URL.canParse(url))
    return failed("its address is not an http or https URL", true);
  const { body, headers } = requestOf(target.kind, message);
  try {
    const sent = { ...headers, ...Object.fromEntries(own) };
    const status = await post({ url, body, headers: sent, limitMs, signal });
    if (status >= 200 && status < 300)
      return { isSent: true, why: `HTTP ${status}`, isFinal: true };
    // Any other 4xx is about the request, which stays the same, and no redirect is followed.
    const isFinal = status < 500 && ![408, 425, 429].includes(status);
    return failed(`HTTP ${status}`, isFinal);
  } catch (error) {
    return failed(messageOf(error), false);
  }
}

/** Node's own client: `fetch` would cost the notifier 15 MB. The answer's body is not read. */
function post(options: {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly limitMs: number;
  readonly signal: AbortSignal | undefined;
}): Promise<number> {
  const { url, body, headers, limitMs, signal } = options;
  const request = url.startsWith("https:") ? overTls : plainly;
  return new Promise((resolve, reject) => {
    const length = { "content-length": String(Buffer.byteLength(body)) };
    const call = { method: "POST", headers: { ...headers, ...length }, agent: false as const };
    const sending = request(url, { ...call, ...(signal === undefined ? {} : { signal }) });
    const timer = setTimeout(() => {
      sending.destroy(new Error(`no answer within ${limitMs} ms`));
    }, limitMs);
    sending.on("response", (response) => {
      resolve(response.statusCode ?? 0);
      response.destroy();
    });
    sending.on("error", reject);
    sending.on("close", () => clearTimeout(timer));
    sending.end(body);
  });
}

function failed(why: string, isFinal: boolean): Sent {
  return { isSent: false, why, isFinal };
}

function withVariables(
  text: string,
  variables: Readonly<Record<string, string>>,
  unset: string[],
): string {
  return text.replaceAll(namedVariable, (_, braced?: string, bare?: string) => {
    const name = braced ?? bare ?? "";
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
    if (value === undefined || value === "") unset.push(name);
    return value ?? "";
  });
}

const namedVariable = /\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/g;

/** The variables that a target names. */
export function variablesIn(target: NotifyTarget): string[] {
  if (!("url" in target)) return [];
  const texts = [target.url, ...Object.values(target.headers)];
  return texts.flatMap((text) =>
    [...text.matchAll(namedVariable)].map(([, braced, bare]) => braced ?? bare ?? ""),
  );
}

function requestOf(
  kind: "webhook" | "slack" | "ntfy",
  message: Message,
): { body: string; headers: Record<string, string> } {
  const json = { "content-type": "application/json" };
  const marks = {
    "idempotency-key": message.id,
    ...(message.repeated ? { "x-repeated": "true" } : {}),
  };
  if (kind === "webhook")
    return { body: JSON.stringify(bodyOf(message)), headers: { ...json, ...marks } };
  if (kind === "slack") return { body: JSON.stringify({ text: textOf(message) }), headers: json };
  const isGood = message.notices.every(({ event }) => event === "online" || event === "test");
  return {
    body: textOf(message),
    headers: {
      "content-type": "text/plain; charset=utf-8",
      title: subjectOf(message).replaceAll(/[^\x20-\x7e]/g, "?"),
      priority: isGood ? "default" : "high",
    },
  };
}

function mailOf(to: string, message: Message): string {
  const subject = subjectOf(message).replaceAll(/[\r\n]+/g, " ");
  const head = ["MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", `To: ${to}`];
  return `${head.join("\n")}\nSubject: ${subject}\nMessage-ID: <${message.id}@xm>\n\n${textOf(message)}\n`;
}
