// Settings as switches and as one of a few.

import type { Signal } from "@preact/signals";
import { Icon, type IconName } from "./Icon";

export function Switch({
  icon,
  label,
  setting,
}: {
  icon: IconName;
  label: string;
  setting: Signal<boolean>;
}) {
  return (
    <button
      type="button"
      role="switch"
      class="switch"
      aria-checked={setting.value}
      onClick={() => {
        setting.value = !setting.value;
      }}
    >
      <Icon name={icon} />
      <span>{label}</span>
      <i aria-hidden="true" />
    </button>
  );
}

interface SegmentsProps<Id extends string> {
  legend: string;
  options: readonly { id: Id; label: string }[];
  value: Id;
  onChange: (id: Id) => void;
}

export function Segments<Id extends string>({ legend, options, value, onChange }: SegmentsProps<Id>) {
  return (
    <fieldset class="segments">
      <legend class="unseen">{legend}</legend>
      {options.map((option) => (
        <button
          type="button"
          key={option.id}
          aria-pressed={value === option.id}
          onClick={() => onChange(option.id)}
        >
          {option.label}
        </button>
      ))}
    </fieldset>
  );
}
