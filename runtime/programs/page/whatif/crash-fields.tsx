import { signals, type CrashField, type CrashForm } from "./crash-form.ts";
import { Choice, FormField, TextInput } from "./field.tsx";

/** How the program behaves. */
export function CrashFields(options: {
  readonly form: CrashForm;
  readonly faults: Partial<Record<CrashField, string>>;
  /** How many ends of the process are recorded. */
  readonly recorded: number;
  /** Whether the app says when it can serve. */
  readonly waits: boolean;
  readonly onChange: (form: CrashForm) => void;
}) {
  const { form, faults, recorded, waits, onChange } = options;
  const set =
    (field: CrashField) =>
    (value: string): void =>
      onChange({ ...form, [field]: value });
  const text = (field: CrashField, name: string) => (
    <FormField id={`crash-${field}`} name={name} fault={faults[field]}>
      <TextInput
        id={`crash-${field}`}
        value={form[field]}
        fault={faults[field]}
        onChange={set(field)}
      />
    </FormField>
  );
  const choice = (
    field: CrashField,
    name: string,
    of: readonly (readonly [value: string, label: string])[],
  ) => (
    <FormField id={`crash-${field}`} name={name} fault={faults[field]}>
      <Choice id={`crash-${field}`} value={form[field]} of={of} onChange={set(field)} />
    </FormField>
  );
  const ends = form.kind === "every" || form.kind === "first";
  return (
    <>
      {choice("kind", "behaviour", [
        ["every", "every run exits"],
        ["first", "the first runs exit, then it stays up"],
        ["recorded", `as recorded: ${recorded} exits`],
        ["never", "it stays up"],
      ])}
      {ends && text("after", "each run lasts")}
      {form.kind === "first" && text("crashes", "runs that exit")}
      {ends &&
        choice("end", "ends by", [
          ["code", "an exit code"],
          ["signal", "a signal"],
        ])}
      {ends && form.end === "code" && text("code", "exit code")}
      {ends &&
        form.end === "signal" &&
        choice(
          "signal",
          "signal",
          signals.map((each) => [each, each] as const),
        )}
      {waits &&
        choice("ready", "reports ready", [
          ["at once", "at once"],
          ["after", "after a while"],
          ["never", "never"],
        ])}
      {waits && form.ready === "after" && text("readyAfter", "ready after")}
      {text("playFor", "play for")}
    </>
  );
}
