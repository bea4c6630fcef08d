import { isUtf8 } from "node:buffer";
import fc from "fast-check";
import { expect, test } from "vitest";
import { longestLineBytes } from "../../../../runtime/programs/log-lane/block.ts";
import { lineFormat } from "../../../../runtime/programs/log-lane/format.ts";
import { createLines } from "../../../../runtime/programs/log-lane/lines.ts";
import type { LogFile } from "../../../../runtime/programs/log-lane/log-file.ts";
import type { Rest, RestFile } from "../../../../runtime/programs/log-lane/rest.ts";

const order = { type: "plain", dateFormat: "[t]", stream: "out", id: 3, name: 'a"b' } as const;

/** Of one to four bytes, and those that JSON writes otherwise. */
const letter = fc.constantFrom("a", "ä", "€", "😀", "\u2028", "\\", "n", '"', "\t", "\n", "$");

/** What outlives a lane: the files and the rest. It is killed when so many bytes more were written. */
function disk(count = 1) {
  const contents = Array.from({ length: count }, () => Buffer.alloc(0));
  let rest: Rest | undefined;
  let wasReading = false;
  const state = { bytesToLive: Number.POSITIVE_INFINITY, gaps: 0 };
  const files = contents.map((_, index) => ({
    size: () => contents[index]?.length ?? 0,
    append: (bytes: Buffer) => {
      const written = Math.min(bytes.length, state.bytesToLive);
      contents[index] = Buffer.concat([contents[index] ?? bytes, bytes.subarray(0, written)]);
      state.bytesToLive -= written;
      if (written < bytes.length) throw new Error("killed");
    },
    readFrom: (position: number, most: number) =>
      (contents[index] ?? Buffer.alloc(0)).subarray(position, position + most),
  })) as unknown as LogFile[];
  const restFile: RestFile = {
    reading: (isReading) => {
      wasReading = isReading;
    },
    write: (next) => {
      rest = { ...next, bytes: Buffer.from(next.bytes) };
      wasReading = false;
    },
    read: () => rest && { ...rest, wasReading },
    close: () => {},
  };
  let at = 0;
  const lane = (format = lineFormat(order)) =>
    createLines({
      format,
      files,
      rest: restFile,
      now: () => (at += 1),
      onGap: () => (state.gaps += 1),
    });
  return { lane, state, restFile, texts: () => contents.map(String), kept: () => rest };
}

test("bytes become the same lines however they are cut", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.string({ unit: letter, maxLength: 20 }).map((text) => text.replaceAll("\n", "")),
        { minLength: 1, maxLength: 12 },
      ),
      fc.array(fc.nat(30), { maxLength: 12 }),
      (lines, cuts) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""));
        const { lane, texts } = disk();
        const taking = lane();
        let position = 0;
        for (const cut of cuts) {
          if (cut > 0) taking.take(bytes.subarray(position, position + cut));
          position += cut;
        }
        if (position < bytes.length) taking.take(bytes.subarray(position));
        taking.end();
        expect(texts()).toEqual([lines.map((line) => `t: ${line}\n`).join("")]);
      },
    ),
  );
});

test("killed at any byte of any write, a lane is followed by one that writes the rest, once, to each file", () => {
  const blocks = ["one\ntw", "o\nthr", "ee\nfour"].map((text) => Buffer.from(text));
  const whole = "t: one\nt: two\nt: three\nt: four\n";
  for (let lives = 0; lives < whole.length * 2; lives += 1) {
    const { lane, state, texts } = disk(2);
    let taking = lane();
    state.bytesToLive = lives;
    const surviving = (work: () => void): void => {
      try {
        work();
      } catch {
        state.bytesToLive = Number.POSITIVE_INFINITY;
        taking = lane();
      }
    };
    for (const block of blocks) surviving(() => taking.take(block));
    surviving(() => taking.end());
    expect(texts()).toEqual([whole, whole]);
  }
});

test("a lane that is killed while it takes over is followed by one that does as much", () => {
  const { lane, state, texts } = disk();
  state.bytesToLive = 3;
  expect(() => lane().take(Buffer.from("one\ntwo\n"))).toThrow("killed");
  state.bytesToLive = 4;
  expect(() => lane()).toThrow("killed");
  state.bytesToLive = 100;
  lane();
  expect(texts()).toEqual(["t: one\nt: two\n"]);
});

test("where what was read may be lost a half line ends, once: it is not joined with half of another", () => {
  for (let lives = 0; lives <= "t: one\nt: ha\n".length; lives += 1) {
    const { lane, state, restFile, texts } = disk();
    state.bytesToLive = lives;
    try {
      lane().take(Buffer.from("one\nha"));
      restFile.reading(true);
      lane();
    } catch {
      state.bytesToLive = Number.POSITIVE_INFINITY;
      if (lives < "t: one\n".length) {
        lane();
        restFile.reading(true);
      }
    }
    state.bytesToLive = Number.POSITIVE_INFINITY;
    lane();
    const { gaps } = state;
    lane().take(Buffer.from("lf\nfour\n"));
    expect(texts()).toEqual(["t: one\nt: ha\nt: lf\nt: four\n"]);
    expect([gaps, state.gaps]).toEqual([1, 1]);
  }
});

test("once it is settled, what was written is not written again into an emptied file", () => {
  const { lane, kept } = disk();
  const taking = lane();
  taking.take(Buffer.from("one\nhal"));
  expect(kept()?.sizes).toEqual([0]);
  taking.settle();
  expect(kept()).toEqual({ at: 2, sizes: null, bytes: Buffer.from("hal") });
});

test("a line that is too long is written as several: memory is bounded", () => {
  const { lane, texts } = disk();
  const taking = lane();
  const block = Buffer.alloc(longestLineBytes / 2 + 1, "x");
  taking.take(block);
  taking.take(block);
  taking.take(Buffer.from("end\n"));
  expect(
    texts()[0]
      ?.split("\n")
      .map(({ length }) => length),
  ).toEqual([block.length * 2 + 3, 6, 0]);
});

test("a record for each line, in PM2's fields", () => {
  const format = lineFormat({ ...order, type: "json", dateFormat: null });
  expect(String(format(Buffer.from('ä "1"\n\n'), 0))).toBe(
    [
      String.raw`{"message":"ä \"1\"","timestamp":"1970-01-01T00:00:00.000Z","type":"out","process_id":3,"app_name":"a\"b"}`,
      String.raw`{"message":"","timestamp":"1970-01-01T00:00:00.000Z","type":"out","process_id":3,"app_name":"a\"b"}`,
      "",
    ].join("\n"),
  );
  const withFormat = lineFormat({ ...order, type: "json", dateFormat: "YYYY" });
  expect(JSON.parse(String(withFormat(Buffer.from("x\n"), 1e12)))).toMatchObject({
    timestamp: "2001",
  });
});

test("the records of any lines are those of JSON.stringify", () => {
  const name = "ä $& \u007f";
  const at = 1_764_079_851_000;
  const { stream: type, id: process_id } = order;
  const timestamp = new Date(at).toISOString();
  const record = (message: string): string =>
    `${JSON.stringify({ message, timestamp, type, process_id, app_name: name })}\n`;
  const format = lineFormat({ ...order, name, type: "json", dateFormat: null });
  const line = fc.oneof(
    fc.string({ unit: letter, maxLength: 40 }),
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.string({ unit: fc.constantFrom("$", "x"), minLength: 9_000, maxLength: 10_000 }),
  );
  const endings = ["", "\\n", "\r", "\u0000", '"', "\u001b[1m", "\ufffd", "ÿ", "$&"];
  fc.assert(
    fc.property(
      fc.array(line, { minLength: 1, maxLength: 12 }),
      fc.constantFrom(...endings),
      fc.nat(700),
      (texts, ending, repeats) => {
        const few = texts.map((text) => text.replaceAll("\n", "") + ending);
        const lines = [...few, ...Array.from({ length: repeats }, () => ending)];
        const records = format(Buffer.from(lines.map((each) => `${each}\n`).join("")), at);
        // Whole texts of megabytes are not shown.
        expect(records.equals(Buffer.from(lines.map(record).join("")))).toBe(true);
      },
    ),
  );
});

test("any bytes become the records of what each line is as UTF-8", () => {
  const format = lineFormat({ ...order, type: "json", dateFormat: null });
  const byte = fc.constantFrom(...Buffer.from('a\n"\\\0ä€😀'), 0xff);
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 60 }), (values) => {
      const bytes = Buffer.from([...values, 0x0a]);
      const lines: string[] = [];
      for (let start = 0; start < bytes.length;) {
        const end = bytes.indexOf(0x0a, start);
        lines.push(bytes.toString("utf8", start, end));
        start = end + 1;
      }
      const records = String(format(bytes, 0)).trimEnd().split("\n");
      expect(records.map((each) => (JSON.parse(each) as { message: string }).message)).toEqual(
        lines,
      );
    }),
  );
});

test("bytes that are no UTF-8 become valid records all the same", () => {
  const format = lineFormat({ ...order, type: "json", dateFormat: null });
  const record = format(Buffer.from([0x61, 0xff, 0x0a]), 0);
  expect(JSON.parse(String(record))).toMatchObject({ message: "a\ufffd" });
  expect(isUtf8(record)).toBe(true);
});

test("a time in front of each line leaves bytes that are no UTF-8 as they are, and `$` is no pattern", () => {
  const format = lineFormat({ ...order, dateFormat: "[$& ä]" });
  const bytes = Buffer.from([0x61, 0xff, 0x0a, 0x62, 0x0a]);
  expect(format(bytes, 0)).toEqual(
    Buffer.concat([Buffer.from("$& ä: a"), Buffer.from([0xff]), Buffer.from("\n$& ä: b\n")]),
  );
});

test("without a form lines stay as they are", () => {
  const lines = Buffer.from("one\n");
  expect(lineFormat({ ...order, dateFormat: null })(lines, 0)).toBe(lines);
});
