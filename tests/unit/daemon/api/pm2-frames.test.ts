import { expect, test } from "vitest";
import { createFrames, frameOf } from "../../../../runtime/daemon/api/pm2-frames.ts";

function reader(): { take: (bytes: Buffer) => void; seen: string[][] } {
  const seen: string[][] = [];
  return { take: createFrames((args) => seen.push(args.map(String))), seen };
}

const messages = [["s:one", "j:{}"], [], ["", "x".repeat(70_000), "s:end"]];

test.each([1, 2, 3, 7, 64 * 1024, 1_000_000])(
  "messages are whole, however they come: in pieces of %d bytes",
  (length) => {
    const { take, seen } = reader();
    const bytes = Buffer.concat(messages.map(frameOf));
    for (let at = 0; at < bytes.length; at += length) take(bytes.subarray(at, at + length));
    expect(seen).toEqual(messages);
  },
);

test("a message that is too long together is refused at its head, before it has come", () => {
  const { take, seen } = reader();
  const argument = 3 * 1024 * 1024;
  const part = Buffer.alloc(4 + argument);
  part.writeUInt32BE(argument);
  take(Buffer.from([0x13]));
  take(part);
  take(part);
  expect(() => take(part.subarray(0, 4))).toThrow(RangeError);
  expect(seen).toEqual([]);
});

test.each([0x00, 0x2f, 0xff])("%d begins no frame", (head) => {
  expect(() => reader().take(Buffer.from([head]))).toThrow(RangeError);
});
