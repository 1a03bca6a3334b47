// Small pictures, drawn with lines in the colour of the text around them.
const PATHS = {
  agent: "M12 3v3M8 6h8a3 3 0 0 1 3 3v6a3 3 0 0 1-3 3H8a3 3 0 0 1-3-3V9a3 3 0 0 1 3-3ZM9.5 11v2M14.5 11v2M9 21h6",
  alert: "M12 4 2.8 20h18.4L12 4ZM12 10v4.5M12 17.3v.2",
  approve: "M12 3 5 6v5c0 4.6 2.9 8 7 10 4.100-2 7-5.400 7-10V6l-7-3ZM9 12l2 2 4-4",
  arrowDown: "M12 5v14M6 13l6 6 6-6",
  arrowUp: "M12 19V5M6 11l6-6 6 6",
  calendar: "M5 6h14v14H5V6ZM5 10h14M9 3.500V7M15 3.500V7",
  channel: "M4 6h16v10H9l-5 4V6ZM8 10h8M8 13h5",
  chart: "M4 20h16M7 16v-5M12 16V6M17 16v-8",
  chat: "M4 5h16v11h-8l-5 4v-4H4V5Z",
  check: "m5 12.500 4.500 4.500L19 7",
  chevronDown: "m6 9 6 6 6-6",
  chevronRight: "m9 6 6 6-6 6",
  close: "M6 6l12 12M18 6 6 18",
  code: "m8 7-5 5 5 5M16 7l5 5-5 5M13.500 5l-3 14",
  columns: "M4 5h16v14H4V5ZM12 5v14",
  config: "M4 7h10M18 7h2M4 17h2M10 17h10M16 4.500v5M8 14.500v5",
  copy: "M9 9h11v11H9V9ZM5 15H4V4h11v1",
  device: "M4 5h16v10H4V5ZM9 19h6M12 15v4",
  download: "M12 4v11M7 11l5 5 5-5M5 20h14",
  edit: "M4 20h4L19 9l-4-4L4 16v4ZM13 7l4 4",
  file: "M6 3h8l4 4v14H6V3ZM14 3v4h4",
  filter: "M4 5h16l-6 8v6l-4-2v-4L4 5Z",
  gauge: "M4 17a8 8 0 1 1 16 0M12 17l4-5",
  globe: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM3 12h18M12 3c3 3 3.500 6 3.500 9S15 18 12 21c-3-3-3.500-6-3.500-9S9 6 12 3Z",
  info: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM12 11v5M12 7.800V8",
  key: "M14 10a4 4 0 1 0-4 4l1-1h2v-2h2l-1-1ZM9 9v.2M13 13l6 6M17 19h2v-2",
  link: "M10 14a4 4 0 0 0 6 0l3-3a4.200 4.200 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4.200 4.200 0 0 0 6 6l1-1",
  list: "M9 6h11M9 12h11M9 18h11M4.500 6h.2M4.500 12h.2M4.500 18h.2",
  log: "M5 4h14v16H5V4ZM8 8h8M8 12h8M8 16h5",
  menu: "M4 7h16M4 12h16M4 17h16",
  minus: "M5 12h14",
  more: "M5 12a.7.7 0 1 0 1.400 0 .7.7 0 1 0-1.400 0M11.300 12a.7.7 0 1 0 1.400 0 .7.7 0 1 0-1.400 0M17.600 12a.7.7 0 1 0 1.400 0 .7.7 0 1 0-1.400 0",
  paperclip: "M19 11l-7.500 7.500a4.500 4.500 0 0 1-6.500-6.500L13 4a3 3 0 0 1 4.500 4.500L10 16a1.500 1.500 0 0 1-2.200-2.200L14 7.500",
  picture: "M4 5h16v14H4V5ZM4 16l5-5 4 4 2.500-2.500L20 17M15.500 9v.2",
  pause: "M8 5v14M16 5v14",
  play: "M7 4.500v15L19 12 7 4.500Z",
  plus: "M12 5v14M5 12h14",
  power: "M12 3v8M7 6a8 8 0 1 0 10 0",
  refresh: "M20 11a8 8 0 0 0-14-4L4 9M4 4v5h5M4 13a8 8 0 0 0 14 4l2-2M20 20v-5h-5",
  save: "M5 4h11l3 3v13H5V4ZM8 4v5h7V4M8 20v-6h8v6",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14ZM16 16l4.500 4.500",
  send: "M12 20V5M6 11l6-6 6 6",
  sessions: "M4 5h12v9H9l-5 4V5ZM19 9h1v11l-4-3h-5v-1",
  settings: "M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6ZM12 3v3M12 18v3M3 12h3M18 12h3M5.600 5.600l2.100 2.100M16.300 16.300l2.100 2.100M18.400 5.600l-2.100 2.100M7.700 16.300l-2.100 2.100",
  sidebar: "M4 5h16v14H4V5ZM9.500 5v14",
  skill: "M12 3l2.500 6H21l-5 4 2 7-6-4-6 4 2-7-5-4h6.500L12 3Z",
  spark: "M12 4v4M12 16v4M4 12h4M16 12h4M7 7l2 2M15 15l2 2M17 7l-2 2M9 15l-2 2",
  stop: "M7 7h10v10H7V7Z",
  terminal: "M4 5h16v14H4V5ZM7.500 9l3 3-3 3M12.500 15h4",
  tool: "M14 6a4 4 0 0 1 5-1l-3 3 1 2 2 1 3-3a4 4 0 0 1-6 5l-7 7a2 2 0 0 1-3-3l7-7a4 4 0 0 1 1-4Z",
  trash: "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13M10 11v6M14 11v6",
  undo: "M9 7 4 12l5 5M4 12h10a6 6 0 0 1 6 6v1",
  upload: "M12 20V9M7 13l5-5 5 5M5 4h14",
  user: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM4 20a8 8 0 0 1 16 0",
} as const;

export type IconName = keyof typeof PATHS;

/** A picture that says nothing the words beside it do not say. */
export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
