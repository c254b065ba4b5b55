// The app's signs: drawn here, so that nothing is fetched and each outcome has a shape of its own.

const PATHS = {
  check: "M4 12.5 9.5 18 20 6.5",
  checks: "M2 12.5 7 17.5 15 7M12 17l.5.5L22 7",
  clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M12 7v5l3.5 2",
  question: "M8.5 9a3.5 3.5 0 1 1 5 3.2c-1 .5-1.5 1-1.5 2.3M12 18.5v.5",
  cross: "M5 5l14 14M19 5 5 19",
  stop: "M8 2.5h8L21.5 8v8L16 21.5H8L2.5 16V8zM8 12h8",
  place: "M12 21s7-6.5 7-11.5a7 7 0 0 0-14 0C5 14.5 12 21 12 21M12 12a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5",
  pin: "M12 21s7-6.5 7-11.5a7 7 0 0 0-14 0C5 14.5 12 21 12 21M9.5 7l5 5M14.5 7l-5 5",
  box: "M3.5 7.5 12 3l8.5 4.5v9L12 21l-8.5-4.5zM3.5 7.5 12 12l8.5-4.5M12 12v9",
  boxCross:
    "M3.5 7.5 12 3l8.5 4.5V12M3.5 7.5 12 12l8.5-4.5M12 12v9l-8.5-4.5v-9M15.5 15.5l5.5 5.5M21 15.5 15.5 21",
  stack: "M4 20h11v-6H4zM4 14h11V8H4zM18 3v7M14.5 6.5h7",
  barcode: "M4 5v14M7.5 5v14M11 5v9M14.5 5v6M18 5v4M14 15.5a2.2 2.2 0 1 1 3.2 2c-.8.4-1 .7-1 1.3M16.2 21v.3",
  calendar: "M4 6h16v14H4zM4 10.5h16M8 3v4M16 3v4M9.5 13l5 5M14.5 13l-5 5",
  lot: "M4 6h16v14H4zM4 10.5h16M8 3v4M16 3v4M10.3 13.8a1.8 1.8 0 1 1 2.5 1.6c-.6.3-.8.6-.8 1M12 18v.2",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8M4.5 21a7.5 7.5 0 0 1 15 0",
  personCross: "M10 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8M3 21a7 7 0 0 1 11-5.7M16.5 15.5l5 5M21.5 15.5l-5 5",
  repeat: "M4 11V9.5A3.5 3.5 0 0 1 7.5 6H19l-3-3M20 13v1.5A3.5 3.5 0 0 1 16.5 18H5l3 3",
  alert: "M12 3 22 20.5H2zM12 9.5v5M12 17.3v.4",
  camera: "M3 8h4l2-3h6l2 3h4v12H3zM12 17.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8",
  cameraOff: "M3 8h4l2-3h6l2 3h4v12H3zM3 3l18 18",
  keyboard: "M2.5 6h19v12h-19zM6 10h.1M10 10h.1M14 10h.1M18 10h.1M7 14.5h10",
  picture: "M3 4h18v16H3zM3 17l5.5-6 4.5 5 3-3 5 4.5M16 8.5h.1",
  list: "M9 6h12M9 12h12M9 18h12M4 6h.1M4 12h.1M4 18h.1",
  history: "M4 12a8 8 0 1 0 2.5-5.8L4 8.5M4 3.5v5h5M12 8v4.5l3 2",
  settings:
    "M12 15.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7M12 2.5v3M12 18.5v3M2.5 12h3M18.5 12h3M5.3 5.3l2.1 2.1M16.6 16.6l2.1 2.1M5.3 18.7l2.1-2.1M16.6 7.4l2.1-2.1",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13M15.5 15.5 21 21",
  undo: "M8 5 3.5 9.5 8 14M4 9.5h10a6 6 0 0 1 0 12h-3",
  skip: "M5 5l7 7-7 7M13 5l7 7-7 7",
  missing: "M3.5 7.5 12 3l8.5 4.5v4M3.5 7.5v9L12 21M3.5 7.5 12 12M15 17h7",
  damaged: "M3.5 7.5 12 3l8.5 4.5v9L12 21l-8.5-4.5zM12 3l-2 5 4 3-3 4 1 6",
  scale: "M4 9h16l1 11H3zM12 9V5M7 5h10M12 17a3 3 0 0 1 3-3",
  hash: "M9 3 7 21M17 3l-2 18M4 8.5h17M3 15.5h17",
  seal: "M3.5 8 6 4h12l2.5 4v12h-17zM3.5 8h17M9.5 14l2 2 3.5-4",
  next: "M3 8h11v11H3zM7 8V4h14v11h-4M17.5 18.5h4M19.5 16.5v4",
  force: "M13 2 4 14h7l-1 8 10-13h-7z",
  print: "M7 9V3h10v6M7 17H3.5V9h17v8H17M7 14h10v7H7z",
  link: "M2.5 9a14 14 0 0 1 19 0M6 12.8a9 9 0 0 1 12 0M9.3 16.4a4.3 4.3 0 0 1 5.4 0M12 20h.1",
  linkOff:
    "M3 3l18 18M2.5 9A14 14 0 0 1 7 6.2M11 5.2a14 14 0 0 1 10.5 3.8M6 12.8a9 9 0 0 1 4.5-2.2M9.3 16.4a4.3 4.3 0 0 1 5.4 0M12 20h.1",
  key: "M8 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8M12 12h9.5M18 12v3.5",
  back: "M15 4 7 12l8 8",
  tote: "M3 8h18l-2 12H5zM8 8a4 4 0 0 1 8 0",
  backspace: "M8 5h13v14H8l-6-7zM11.5 9l6 6M17.5 9l-6 6",
  refresh: "M20 12a8 8 0 1 1-2.5-5.8L20 8.5M20 3.5v5h-5",
  shield: "M12 3l8 3v5.5c0 4.5-3.3 8-8 9.5-4.7-1.5-8-5-8-9.5V6z",
  sound: "M4 9.5v5h4l5 4.5V5L8 9.5zM16.5 9a4.5 4.5 0 0 1 0 6M19 6a9 9 0 0 1 0 12",
  shake: "M8 3h8v18H8zM4.5 8v8M1.5 10v4M19.5 8v8M22.5 10v4",
  torch: "M8 3h8v4l-2 3v11h-4V10L8 7zM8 7h8M12 12.5v2",
  wall: "M3 4h18v16H3zM3 9.3h18M3 14.7h18M9 4v16M15 4v16",
  truck:
    "M2 6h12v11H2zM14 10h4.5L22 13.5V17h-8M6.5 20a2 2 0 1 0 0-4 2 2 0 0 0 0 4M17.5 20a2 2 0 1 0 0-4 2 2 0 0 0 0 4",
  hospital: "M4 4h16v16H4zM12 8v8M8 12h8",
  lock: "M5 11h14v10H5zM8 11V7.5a4 4 0 0 1 8 0V11",
} as const;

export type IconName = keyof typeof PATHS;

/** A sign of 24 units; it says nothing to a screen reader, the words beside it do. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
