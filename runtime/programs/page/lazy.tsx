import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";

/** A part of the page that is fetched when it is first shown. */
export function Lazy({ load, fallback }: { load: () => Promise<ComponentType>; fallback: string }) {
  const [loaded, setLoaded] = useState<{ Part: ComponentType } | { fault: string } | null>(null);
  useEffect(() => {
    load().then(
      (Part) => setLoaded({ Part }),
      (error: unknown) => setLoaded({ fault: String(error) }),
    );
  }, []);
  if (loaded === null) return <p class="empty">{fallback}</p>;
  return "fault" in loaded ? (
    <p class="empty">This part cannot be loaded: {loaded.fault}</p>
  ) : (
    <loaded.Part />
  );
}
