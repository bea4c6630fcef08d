import { plainLines } from "../../runtime/contract/plain.ts";
import { referenceOf, XmError } from "../../runtime/contract/errors.ts";

/** Says what failed, why, and how to fix it, and makes the exit code say it too. */
export function reportError(error: unknown): void {
  process.exitCode = 1;
  if (error instanceof XmError) {
    const fix = `${indented(error.fix)}\n    see ${referenceOf(error.code)}`;
    process.stderr.write(plainLines(`xm: ${indented(error.message)}\n    ${fix}\n`));
    return;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(
    `xm: ${plainLines(text)}\n    this is a bug in Ex Machina: please report it\n`,
  );
}

/** Quoted text may contain line breaks: it must not start a line of its own. */
function indented(text: string): string {
  return text.replaceAll(/\n(?! )/g, "\n    ");
}
