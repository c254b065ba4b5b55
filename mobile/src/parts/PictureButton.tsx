// Taking a picture of a code: for connections on which the browser gives no camera.

import { useState } from "preact/hooks";
import { readPicture } from "../capture/picture";
import type { Heard } from "../desk/model";
import { t } from "../language";
import { receive, told } from "../screens/route";
import { Icon } from "./Icon";
import { Sheet } from "./Sheet";

export function PictureButton({ label, className = "dock-button" }: { label: string; className?: string }) {
  const [isReading, setReading] = useState(false);
  const [codes, setCodes] = useState<Heard[]>([]);
  const take = async (input: HTMLInputElement) => {
    const file = input.files?.[0];
    if (!file) return;
    setReading(true);
    told.value = null;
    const read = await readPicture(file);
    input.value = ""; // the same picture may be taken again
    setReading(false);
    if (typeof read === "string") told.value = read;
    else if (read.length === 0) told.value = t("camera.unread");
    else if (read.length === 1) read.forEach(receive);
    else setCodes(read);
  };
  return (
    <>
      <label class={`${className} ${isReading ? "is-busy" : ""}`}>
        <Icon name="picture" />
        <span>{isReading ? t("camera.reading") : label}</span>
        <input
          type="file"
          class="unseen"
          accept="image/*"
          capture="environment"
          disabled={isReading}
          onChange={(event) => void take(event.currentTarget)}
        />
      </label>
      {codes.length > 0 && <Codes codes={codes} onClose={() => setCodes([])} />}
    </>
  );
}

function Codes({ codes, onClose }: { codes: readonly Heard[]; onClose: () => void }) {
  return (
    <Sheet title={t("camera.found")} onClose={onClose}>
      <div class="choices">
        {codes.map((code) => (
          <button
            type="button"
            class="choice"
            key={`${code.symbology} ${code.raw}`}
            onClick={() => {
              onClose();
              receive(code);
            }}
          >
            {code.raw}
          </button>
        ))}
      </div>
    </Sheet>
  );
}
